"""`gitmem audit`: transcripts, ledger, flags and closes side by side."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.claude_code.conversation import Conversation
from gitmem.clients.transcripts import (
    AGENT,
    BACKGROUND,
    BATCH,
    COMMIT,
    COMPACTION,
    POLLED,
    PROMPT,
    TASK,
    TURN,
)
from gitmem.proof import audit as engine
from gitmem.proof.gaps import audit_close
from gitmem.records.drain_record import read_header
from gitmem.session import session_file
from tests.support.queues import folder_of
from tests.support.sandbox import Result, Sandbox

#: Names that the reader of a transcript looks at.
_NAMES = st.sampled_from(
    ["type", "subtype", "message", "content", "timestamp", "toolUseResult", "gitOperation", "commit", "sha",
     "status", "task", "task_type", "newTodos", "statusChange", "tool_use_id", "id", "stop_reason", "promptId",
     "attachment", "isMeta", "sessionId", "cwd", "version", "compactMetadata", "input", "command", "agentId"]
)  # fmt: skip
DATA = Path(__file__).parents[1] / "data" / "claude-code" / "transcripts"
AGO = 600  # seconds; long enough that no hook is on its way any more


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    """A repository that was wired a day ago."""
    sandbox.wire()
    config = sandbox.path / ".gitmem/config.yaml"
    os.utime(config, (time.time() - 86_400, time.time() - 86_400))
    return sandbox


def projects(sandbox: Sandbox) -> Path:
    slug = "".join(letter if letter.isalnum() else "-" for letter in str(sandbox.path))
    folder = Path(os.environ["HOME"]) / ".claude" / "projects" / slug
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def row(sandbox: Sandbox, ago: float = AGO, **fields: object) -> str:
    at = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(time.time() - ago))
    base = {"type": "user", "timestamp": at, "cwd": str(sandbox.path), "version": "2.1.328"}
    return json.dumps({**base, **fields}) + "\n"


def commit(sandbox: Sandbox, sha: str = "e655c3f", **fields: Any) -> str:
    result = {"gitOperation": {"commit": {"sha": sha, "kind": "committed"}}}
    return row(sandbox, toolUseResult=result, **fields)


def transcript(sandbox: Sandbox, session: str, *rows: str) -> Path:
    file = projects(sandbox) / f"{session}.jsonl"
    file.write_text("".join(rows), encoding="utf-8")
    return file


def one_call(sandbox: Sandbox) -> None:
    """The session s1 has a turn of one call, t1, and the answer that ended it."""
    transcript(
        sandbox,
        "s1",
        asked(sandbox, "m1", "t1"),
        answered(sandbox, "t1"),
        row(sandbox, type="assistant", message={"id": "m2", "stop_reason": "end_turn"}),
    )


def fired(
    sandbox: Sandbox,
    session: str,
    event: str,
    did: str = "nothing",
    ago: float = AGO,
    **more: object,
) -> None:
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))
    line = {"at": at, "client": "claude-code", "event": event, "session": session, "did": did}
    folder = folder_of(sandbox)
    folder.mkdir(exist_ok=True)
    with (folder / "ledger.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write(json.dumps({**line, **more}, separators=(",", ":")) + "\n")


def audited(sandbox: Sandbox, *options: str, code: int = 0) -> dict[str, Any]:
    done = sandbox.gitmem("audit", "--json", *options)
    assert done.code == code, done.out + done.err
    found: dict[str, Any] = json.loads(done.out)
    return found


def said(sandbox: Sandbox, code: int = 0) -> str:
    done: Result = sandbox.gitmem("audit")
    assert done.code == code, done.out + done.err
    return done.out


def test_where_nothing_happened_there_is_nothing_to_audit(sandbox: Sandbox) -> None:
    assert "nothing to audit" in said(sandbox)
    assert audited(sandbox)["sessions"] == []


def test_a_recorded_transcript_shows_its_boundaries_and_nudges() -> None:
    told = Conversation()
    told.read((DATA / "demo.trimmed.jsonl").read_bytes().splitlines())

    kinds = [one.kind for one in told.boundaries]
    counts = {kind: kinds.count(kind) for kind in dict.fromkeys(kinds)}
    assert counts == {AGENT: 1, COMMIT: 1, COMPACTION: 1, TURN: 2, PROMPT: 2, BATCH: 9}
    assert [one.detail for one in told.boundaries if one.kind == COMMIT] == ["e655c3f"]
    assert told.versions == {"2.1.328"}
    assert (told.unknown, told.damaged) == ({}, 0)


def test_every_recorded_row_is_known() -> None:
    examples = json.loads((DATA / "record_examples.json").read_text(encoding="utf-8"))
    told = Conversation()
    told.read(json.dumps(example).encode() for example in examples.values())

    assert told.unknown == {}


def test_a_session_in_which_all_was_seen_is_in_order(wired: Sandbox) -> None:
    sha = wired.commit("a chapter")
    nudge = {"type": "hook_additional_context", "content": ["gitmem, after git commit: flag"]}
    transcript(
        wired,
        "s1",
        commit(wired, sha[:7]),
        row(wired, type="attachment", attachment=nudge),
        row(wired, type="assistant", message={"id": "m1", "stop_reason": "end_turn"}),
    )
    session_file.mark(str(folder_of(wired)), "s1", [f"mark commit {sha}", "nudge commit"])
    fired(wired, "s1", "SessionStart", ago=AGO + 9)
    fired(wired, "s1", "PostToolUse", "marked commit")
    fired(wired, "s1", "PostToolBatch", "nudged")
    for event in ("Stop", "SessionEnd"):
        fired(wired, "s1", event, ago=AGO - 1)
    env = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s1"}
    assert wired.gitmem("flag", "a fact", env=env).code == 0

    (found,) = audited(wired)["sessions"]
    assert (found["flags"], found["nudges"], found["gaps"], found["notes"]) == (1, 1, [], [])
    assert found["transcript"] == {
        "commit": 1,
        "sub-agent": 0,
        "background sub-agent": 0,
        "polled sub-agent": 0,
        "completed task": 0,
        "compaction": 0,
        "turn end": 1,
        "words inside a turn": 0,
        "nudges": 1,
        "showings": 0,
        "versions": ["2.1.328"],
    }
    assert found["hooks"]["PostToolBatch"] == 1
    table = said(wired)
    assert table.splitlines()[0].split() == [
        *("session", "began", "commits", "sub-agents", "compactions", "turns"),
        *("hooks", "nudges", "flags"),
    ]
    assert table.splitlines()[1].endswith("ok")
    assert "what should have run did run" in table


def showing(sandbox: Sandbox, event: str, **fields: Any) -> str:
    told = "gitmem: notes of this repository about a.py. Check them.\n- a line (memory/facts.md:8)"
    context = {"type": "hook_additional_context", "content": [told], "hookEvent": event}
    return row(sandbox, type="attachment", attachment=context, **fields)


def test_showings_that_the_transcript_has_are_in_order_at_every_event(wired: Sandbox) -> None:
    events = ("PostToolBatch", "PostToolUseFailure", "UserPromptSubmit", "SubagentStart")
    transcript(wired, "s1", *[showing(wired, event) for event in events])
    for event in events:
        fired(wired, "s1", event, "showed 1 line", shown=["k"], trigger="path")

    (found,) = audited(wired)["sessions"]

    assert (found["showings"], found["transcript"]["showings"], found["gaps"]) == (4, 4, [])


def test_a_showing_that_did_not_reach_the_model_is_a_gap(wired: Sandbox) -> None:
    transcript(wired, "s1", showing(wired, "PostToolBatch"))
    for place in range(2):
        fired(wired, "s1", "PostToolUseFailure", "showed 1 line", shown=[f"k{place}"])
    fired(wired, "s1", "PostToolUseFailure", "showed 1 line", ago=1, shown=["on its way"])

    (found,) = audited(wired, code=1)["sessions"]

    assert found["gaps"] == ["2 showings of memory by hooks, 1 in the transcript"]


def test_a_session_without_any_hook_is_a_gap(wired: Sandbox) -> None:
    background = {"role": "user", "content": "<task-notification>done"}
    transcript(wired, "s1", commit(wired), row(wired, message=background))

    (gap,) = audited(wired, code=1)["sessions"][0]["gaps"]
    assert gap.startswith("no hook fired in it, and its transcript shows 1 commit (at 20")
    table = said(wired, code=1)
    assert "gap: session s1: no hook fired in it" in table
    assert table.splitlines()[-1] == "1 gap"


def test_a_boundary_that_no_hook_saw_is_a_gap_and_one_on_its_way_is_not(wired: Sandbox) -> None:
    transcript(wired, "s1", commit(wired), commit(wired, "abcdef1", type="user"))
    transcript(
        wired, "s2", row(wired, ago=5, toolUseResult={"status": "completed", "agentId": "a"})
    )
    fired(wired, "s1", "SessionStart")
    fired(wired, "s2", "SessionStart", ago=6)

    by_session = {one["session"]: one["gaps"] for one in audited(wired, code=1)["sessions"]}
    assert by_session["s2"] == []
    (gap,) = by_session["s1"]
    assert gap.startswith("2 commits (the first at 20")
    assert gap.endswith("that no hook saw")


def test_a_commit_that_the_hook_did_not_recognise_is_a_gap(wired: Sandbox) -> None:
    sha = wired.commit("a chapter")
    transcript(wired, "s1", commit(wired, sha[:9]), commit(wired, "1234567"))
    fired(wired, "s1", "PostToolUse")
    fired(wired, "s1", "PostToolUse")
    session_file.mark(str(folder_of(wired)), "s1", ["boot 0 -"])

    (found,) = audited(wired, code=1)["sessions"]
    assert found["gaps"] == [
        f"the commit {sha[:9]} was made in it, and the hook that fired did not mark it"
    ]


def test_a_nudge_that_did_not_arrive_and_a_hook_that_failed_are_gaps(wired: Sandbox) -> None:
    transcript(wired, "s1", row(wired))
    fired(wired, "s1", "PostToolBatch", "nudged")
    fired(wired, "s1", "Stop", error="OSError: \x1b[31mfull")

    (found,) = audited(wired, code=1)["sessions"]
    assert found["gaps"] == [
        "1 hook failed, the last one at Stop: OSError: \x1b[31mfull",
        "1 nudge said by hooks, 0 in the transcript",
    ]
    assert found["notes"] == ["1 nudge and not one flag"]
    assert "\x1b" not in said(wired, code=1)


def test_a_session_of_another_client_has_no_transcript_and_is_no_gap(wired: Sandbox) -> None:
    fired(wired, "s1", "SessionStart")

    (found,) = audited(wired)["sessions"]
    assert found["transcript"] is None
    assert " - " in said(wired)


def test_what_was_before_gitmem_or_elsewhere_is_not_held_against_it(wired: Sandbox) -> None:
    transcript(wired, "old", commit(wired), row(wired, ago=3 * 86_400))
    transcript(wired, "elsewhere", commit(wired, cwd="/another/place"))
    config = wired.path / ".gitmem/config.yaml"
    os.utime(config)

    found = audited(wired)
    assert "elsewhere" not in {one["session"] for one in found["sessions"]}
    assert found["gaps"] == 0


def test_sub_agents_linked_work_trees_and_subfolders_count(wired: Sandbox) -> None:
    below = f"{wired.path}/part/one"
    file = transcript(wired, "s1", row(wired, cwd=below))
    agents = file.with_suffix("") / "subagents"
    agents.mkdir(parents=True)
    turn = row(wired, type="assistant", message={"id": "x", "stop_reason": "end_turn"})
    (agents / "agent-1.jsonl").write_text(commit(wired) + turn, encoding="utf-8")
    linked = wired.worktree("linked")
    transcript(linked, "s2", commit(linked))

    found = {one["session"]: one["transcript"] for one in audited(wired, code=1)["sessions"]}
    assert (found["s1"]["commit"], found["s1"]["turn end"]) == (1, 0)
    assert found["s2"]["commit"] == 1


@pytest.mark.parametrize(
    ("command", "printed", "count"),
    [
        ("bash -c 'git commit -m x'", "[main e655c3f] x\n 1 file changed", 1),
        ("git -C . commit -qm x", "", 1),
        ("cd a && git commit --quiet -m x; ls", "a b", 1),
        ("git commit -m x", "nothing to commit, working tree clean", 0),
        ("git log --grep commit", "e655c3f commit", 0),
    ],
)
def test_a_commit_of_a_client_that_does_not_mark_it_is_read_from_what_git_said(
    command: str, printed: str, count: int
) -> None:
    use = {"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": command}}
    result = {"type": "tool_result", "tool_use_id": "t1", "content": printed, "is_error": False}
    told = Conversation()
    told.read([
        json.dumps({"type": "assistant", "message": {"content": [use]}}).encode(),
        json.dumps({"type": "user", "message": {"content": [result]}}).encode(),
        json.dumps({"type": "user", "message": {"content": [{**result, "is_error": True}]}}).encode(),
    ])  # fmt: skip

    assert [one.kind for one in told.boundaries] == [COMMIT] * count


def test_rows_of_another_version_are_counted_with_a_sample(wired: Sandbox) -> None:
    rows = [row(wired, type="hologram", n=n) for n in range(3)]
    odd = row(wired, type="system", subtype="warp", text="\u202e")
    strange = [
        row(wired, message=7),
        row(wired, message={"content": [5, None]}),
        row(wired, type=None),
    ]
    transcript(wired, "s1", *rows, odd, *strange, "[]\n", "{torn\n", "[" * 100_000 + "\n")

    found = {one["kind"]: one for one in audited(wired)["not_understood"]}
    assert found["hologram"]["count"] == 3
    assert found["hologram"]["sample"].startswith('{"type": "hologram", "timestamp": ')
    assert found["system/warp"]["count"] == 1
    assert found["no JSON"]["count"] == 3
    table = said(wired)
    assert "not understood: 3 x hologram in transcripts; the first: " in table
    assert "\u202e" not in table


def test_since_leaves_out_what_is_older(wired: Sandbox) -> None:
    fired(wired, "old", "SessionStart", ago=3 * 86_400)
    fired(wired, "new", "SessionStart")

    assert len(audited(wired)["sessions"]) == 2
    for since in ("2d", "1w", "20h"):
        found = audited(wired, "--since", since)["sessions"]
        assert [one["session"] for one in found][-1] == "new"
        assert len(found) == (2 if since == "1w" else 1)
    assert wired.gitmem("audit", "--since", "yesterday").code == 2


def test_since_takes_days_and_moments() -> None:
    assert engine.since("1970-01-02", 0.0) == 86_400
    assert engine.since("1970-01-01T00:00:09Z", 0.0) == 9
    assert engine.since("2h", 7_200.5) == 0
    for text in ("", "d", "-1d", "2026-13-01", "1970-01-01T", "٣d"):
        assert engine.since(text, 0.0) is None


def test_closes_by_hand_and_in_the_background_are_held_against_their_settings(
    wired: Sandbox,
) -> None:
    wired.gitmem("flag", "a fact")
    assert wired.gitmem("close").code == 0
    wired.gitmem("flag", "another fact")
    wired.git("config", "gitmem.engine", "claude")
    assert wired.gitmem("close", "--engine", "verbatim").code == 0

    first, second = audited(wired)["closes"]
    assert (first["how"], first["engine"], first["configured"], first["flags"]) == (
        *("inline", "verbatim", "", 1),
    )
    assert second["notes"] == ["claude is configured and verbatim ran (--engine)"]
    assert "inline" in said(wired)

    (folder_of(wired) / "ledger.jsonl").unlink()
    assert [one["how"] for one in audited(wired)["closes"]] == ["", ""]
    assert "not in this ledger" in said(wired)


LINE: dict[str, object] = {
    "event": "close", "how": "detached", "engine": "anthropic", "configured": "anthropic",
    "why": "git config gitmem.engine", "asked": "claude-haiku-5-5", "model": "claude-haiku-5-5",
    "workers": 8, "in_flight": 8, "questions": 9, "flags": 70, "drain": "d1",
}  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "gaps"),
    [
        ({}, []),
        ({"model": "claude-haiku-5-5-20261001"}, []),
        ({"asked": "haiku"}, []),
        ({"model": "qwen3:8b"}, ["claude-haiku-5-5 was asked and qwen3:8b answered"]),
        ({"in_flight": 1}, ["8 questions at once were allowed, and 9 ran one after the other"]),
        ({"in_flight": 1, "questions": 1}, []),
        (
            {"engine": "verbatim"},
            ["anthropic is configured and verbatim ran (git config gitmem.engine)"],
        ),
        ({"engine": "verbatim", "why": "--engine"}, []),
        ({"error": "no key"}, ["it failed: no key"]),
    ],
)
def test_a_close_that_did_not_run_as_it_was_configured_is_a_gap(
    changes: dict[str, object], gaps: list[str]
) -> None:
    assert list(audit_close({**LINE, **changes}, None).gaps) == gaps


def test_a_record_that_says_something_else_than_the_ledger_is_a_gap() -> None:
    header = {
        "drain": "d1",
        "engine": "anthropic",
        "model": "claude-haiku-5-5",
        "workers": 1,
        "flags": 70,
    }
    record = read_header(json.dumps(header))

    assert list(audit_close(LINE, record).gaps) == ["its record says workers 1, the ledger 8"]


def test_a_close_that_was_started_and_never_heard_of_again_is_a_gap(wired: Sandbox) -> None:
    fired(wired, "s1", "SessionEnd", "marked end, started a close")

    (close,) = audited(wired, code=1)["closes"]
    assert close["gaps"] == ["started, and never heard of again"]


def test_an_end_that_should_have_started_a_close_is_a_gap(wired: Sandbox) -> None:
    fired(wired, "s0", "SessionEnd", "marked end")
    fired(wired, "s1", "SessionEnd", "marked end, started a close")
    fired(wired, "s1", "close", "drained nothing", how="detached")
    fired(wired, "s2", "SessionEnd", "marked end")
    assert audited(wired)["gaps"] == 0
    wired.git("config", "gitmem.autoClose", "true")

    gaps = {one["session"]: one["gaps"] for one in audited(wired, code=1)["closes"]}
    assert gaps == {"s1": [], "s2": ["closing by itself is on, and this end started none"]}


def test_torn_lines_of_the_ledger_are_said(wired: Sandbox) -> None:
    fired(wired, "s1", "SessionStart")
    with (folder_of(wired) / "ledger.jsonl").open("a", encoding="utf-8") as ledger:
        ledger.write('{"at":"20')

    assert audited(wired)["torn_ledger_lines"] == 1
    assert "1 torn line in the ledger" in said(wired)


def test_a_background_agent_is_a_boundary_of_its_own(wired: Sandbox) -> None:
    told = Conversation()
    message = {"role": "user", "content": "<task-notification>x"}
    told.read([row(wired, message=message).encode()])

    assert [one.kind for one in told.boundaries] == [BACKGROUND]


def test_a_transcript_that_is_a_link_a_loop_or_a_pipe_is_passed_over(wired: Sandbox) -> None:
    folder = projects(wired)
    whole = transcript(wired, "s1", commit(wired))
    (folder / "link.jsonl").symlink_to(whole)
    (folder / "loop.jsonl").symlink_to("loop.jsonl")
    (folder / "s1").mkdir()
    (folder / "s1" / "subagents").symlink_to("subagents")
    os.mkfifo(folder / "pipe.jsonl")

    done = wired.gitmem("audit", "--json")

    assert done.code in (0, 1), done.err
    assert [one["session"] for one in json.loads(done.out)["sessions"]] == ["s1"]


def asked(sandbox: Sandbox, message: str, *calls: str, command: str = "make", **fields: Any) -> str:
    """The model's message with tool calls."""
    uses = [
        {"type": "tool_use", "id": call, "name": "Bash", "input": {"command": command}}
        for call in calls
    ]
    told = {"id": message, "stop_reason": "tool_use", "content": uses}
    return row(sandbox, type="assistant", message=told, **fields)


def answered(sandbox: Sandbox, call: str, text: str = "done", **fields: Any) -> str:
    """A call's result."""
    block = {"type": "tool_result", "tool_use_id": call, "content": text}
    return row(sandbox, message={"role": "user", "content": [block]}, **fields)


def committed(sandbox: Sandbox, call: str, sha: str, **fields: Any) -> str:
    result = {"gitOperation": {"commit": {"sha": sha, "kind": "committed"}}}
    return answered(sandbox, call, toolUseResult=result, **fields)


def gaps(sandbox: Sandbox, session: str = "s1", code: int = 1) -> list[str]:
    by_session = {one["session"]: one["gaps"] for one in audited(sandbox, code=code)["sessions"]}
    found: list[str] = by_session[session]
    return found


def test_one_lost_hook_among_others_of_the_same_minute_is_found(wired: Sandbox) -> None:
    """Every call has an id that its hook writes down: a neighbour's hook saw the neighbour."""
    calls = [f"toolu_{number}" for number in range(9)]
    rows = [committed(wired, call, f"abcdef{number}") for number, call in enumerate(calls)]
    transcript(wired, "s1", *rows)
    for call in calls:
        if call != "toolu_4":
            fired(wired, "s1", "PostToolUse", call=call)

    (gap,) = gaps(wired)

    assert gap.startswith("1 commit (at 20")


def test_a_ledger_without_ids_still_counts_one_hook_for_one_boundary(wired: Sandbox) -> None:
    transcript(wired, "s1", *[commit(wired, f"abcdef{number}") for number in range(3)])
    fired(wired, "s1", "PostToolUse")
    fired(wired, "s1", "PostToolUse")

    (gap,) = gaps(wired)

    assert gap.startswith("1 commit (at 20")


def test_a_batch_hook_that_is_dead_is_found(wired: Sandbox) -> None:
    """The event that carries most nudges: it is heard of in no row of its own."""
    rows = [
        text
        for number in range(4)
        for text in (asked(wired, f"m{number}", f"t{number}"), answered(wired, f"t{number}"))
    ]
    last = row(wired, type="assistant", message={"id": "end", "stop_reason": "end_turn"})
    transcript(wired, "s1", *rows, last)
    for number in range(4):
        fired(wired, "s1", "PostToolUse", call=f"t{number}")
    fired(wired, "s1", "Stop")

    (gap,) = gaps(wired)
    assert gap.startswith("4 tool batches (the first at 20")

    for number in (0, 1, 3):
        fired(wired, "s1", "PostToolBatch", call=f"t{number}")
    (gap,) = gaps(wired)
    assert gap.startswith("1 tool batch (at 20")


def test_a_batch_that_a_person_refused_or_that_was_the_last_is_none(wired: Sandbox) -> None:
    refused = {"type": "tool_result", "tool_use_id": "t1", "is_error": True}
    refused["content"] = "The user doesn't want to proceed with this tool use."
    transcript(
        wired,
        "s1",
        asked(wired, "m1", "t1"),
        row(wired, message={"role": "user", "content": [refused]}),
        asked(wired, "m2", "t2"),
        answered(wired, "t2"),
    )
    fired(wired, "s1", "SessionStart")

    assert gaps(wired, code=0) == []


def test_prompts_that_no_hook_saw_are_a_gap_and_what_the_client_wrote_is_none(
    wired: Sandbox,
) -> None:
    rows = [
        row(wired, promptId=f"p{number}", message={"role": "user", "content": text})
        for number, text in enumerate(
            [
                "do it",
                "<command-name>/compact</command-name>",
                "[Request interrupted by user]",
                "go on",
            ]
        )
    ]
    transcript(wired, "s1", *rows)
    fired(wired, "s1", "UserPromptSubmit", turn="p0")

    (gap,) = gaps(wired)

    assert gap.startswith("1 prompt (at 20")


def test_a_mark_that_no_nudge_followed_is_a_gap(wired: Sandbox) -> None:
    one_call(wired)
    fired(wired, "s1", "PostToolUse", "marked commit", ago=AGO + 300, call="t0")
    fired(wired, "s1", "PostToolBatch", call="t1")
    fired(wired, "s1", "Stop")
    session_file.mark(str(folder_of(wired)), "s1", [f"mark commit {'a' * 40}"])

    (gap,) = gaps(wired)
    assert gap.startswith("1 mark (commit) that no nudge followed")

    session_file.mark(str(folder_of(wired)), "s1", ["nudge commit"])
    assert gaps(wired, code=0) == []


def test_a_mark_that_no_nudge_followed_is_a_gap_although_turns_went_on_ending(
    wired: Sandbox,
) -> None:
    one_call(wired)
    decided = [f"mark commit {'a' * 40}"]
    ended = ["mark turn t1"]
    fired(wired, "s1", "PostToolUse", "marked commit", ago=AGO + 300, call="t0", decided=decided)
    fired(wired, "s1", "PostToolBatch", call="t1")
    fired(wired, "s1", "Stop", "marked turn", decided=ended)
    session_file.mark(str(folder_of(wired)), "s1", [*decided, *ended])

    (gap,) = gaps(wired)
    assert gap.startswith("1 mark (commit) that no nudge followed")


def test_a_mark_that_the_model_flagged_after_is_not_taken_for_a_later_one(wired: Sandbox) -> None:
    one_call(wired)
    first, last = ([f"mark commit {letter * 40}"] for letter in "ab")
    fired(wired, "s1", "PostToolUse", "marked commit", ago=AGO + 300, call="t0", decided=first)
    fired(wired, "s1", "PostToolBatch", call="t1")
    fired(wired, "s1", "Stop")
    fired(wired, "s1", "PostToolUse", "marked commit", ago=AGO - 100, call="t2", decided=last)
    session_file.mark(str(folder_of(wired)), "s1", [*first, "flag 1", *last])

    assert gaps(wired, code=0) == []


def test_a_start_after_a_compaction_that_did_not_run_is_a_gap(wired: Sandbox) -> None:
    boundary: dict[str, Any] = {
        "subtype": "compact_boundary",
        "compactMetadata": {"trigger": "auto"},
    }
    transcript(wired, "s1", row(wired, type="system", **boundary))
    fired(wired, "s1", "PreCompact", "asked the summary")

    (gap,) = gaps(wired)
    assert gap.startswith("1 compaction (at ")

    fired(wired, "s1", "SessionStart", detail="compact")
    assert gaps(wired, code=0) == []


def test_a_dead_prompt_hook_shows_in_versions_whose_prompts_have_no_id(wired: Sandbox) -> None:
    said = [row(wired, AGO - at, message={"role": "user", "content": "do it"}) for at in (0, 200)]
    transcript(
        wired, "s1", *said, row(wired, message={"role": "user", "content": "<command-name>"})
    )
    fired(wired, "s1", "UserPromptSubmit", ago=AGO)

    (gap,) = gaps(wired)
    assert gap.startswith("1 prompt (at ")

    fired(wired, "s1", "UserPromptSubmit", ago=AGO - 200)
    assert gaps(wired, code=0) == []


def test_where_prompts_have_an_id_a_row_without_one_is_none(wired: Sandbox) -> None:
    told: list[dict[str, Any]] = [{"promptId": "p1"}, {}]
    transcript(
        wired, "s1", *[row(wired, message={"role": "user", "content": "do"}, **one) for one in told]
    )
    fired(wired, "s1", "UserPromptSubmit", turn="p1")

    assert gaps(wired, code=0) == []


@pytest.mark.parametrize(
    ("command", "kinds"),
    [
        ("git rebase --continue", []),
        ("GIT_EDITOR=true git -c core.editor=true rebase --continue", []),
        ("git cherry-pick abc", []),
        ("git merge --no-edit topic", []),
        ("git commit -m x", [COMMIT]),
        ("git rebase main && git commit -m x", [COMMIT]),
    ],
)
def test_what_a_rebase_made_again_is_no_commit_of_the_agent(
    wired: Sandbox, command: str, kinds: list[str]
) -> None:
    for marked in (True, False):
        told = Conversation()
        result = committed(wired, "t1", "e655c3f") if marked else ""
        printed = answered(wired, "t1", "[detached HEAD e655c3f] commit x\n 1 file changed")
        told.read([
            asked(wired, "m1", "t1", command=command).encode(), (result or printed).encode()
        ])  # fmt: skip

        assert [one.kind for one in told.boundaries] == kinds


def test_turns_of_old_versions_end_with_the_hooks_that_ran(wired: Sandbox) -> None:
    stop = row(wired, type="system", subtype="stop_hook_summary")
    told = Conversation()
    told.read([
        row(wired, type="assistant", message={"id": "a"}).encode(), stop.encode(), stop.encode(),
        row(wired, type="assistant", message={"id": "b", "stop_reason": "end_turn"}).encode(),
        stop.encode(),
    ])  # fmt: skip

    assert [one.kind for one in told.boundaries] == [TURN, TURN]


def test_tasks_and_polled_sub_agents_count(wired: Sandbox) -> None:
    def polled(kind: str, status: str) -> dict[str, Any]:
        return {"retrieval_status": "success", "task": {"task_type": kind, "status": status}}

    todo = {"content": "write", "status": "completed"}
    told = Conversation()
    told.read([
        answered(wired, "t1", toolUseResult={"statusChange": {"to": "completed"}}).encode(),
        answered(wired, "t2", toolUseResult={"newTodos": [todo], "oldTodos": []}).encode(),
        answered(wired, "t3", toolUseResult={"newTodos": [todo], "oldTodos": [todo]}).encode(),
        answered(wired, "t4", toolUseResult=polled("local_agent", "completed")).encode(),
        answered(wired, "t5", toolUseResult=polled("local_agent", "running")).encode(),
        answered(wired, "t6", toolUseResult=polled("local_bash", "completed")).encode(),
    ])  # fmt: skip

    assert [(one.kind, one.keys) for one in told.boundaries] == [
        (TASK, ["t1"]),
        (TASK, ["t2"]),
        (POLLED, ["t4"]),
    ]


def test_a_row_that_a_fork_copied_is_the_other_session_s(wired: Sandbox) -> None:
    transcript(wired, "s1", commit(wired, sessionId="s0"), commit(wired, "abcdef1", sessionId="s1"))
    fired(wired, "s1", "SessionStart")

    (gap,) = gaps(wired)

    assert gap.startswith("1 commit (at 20")


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4),
    max_leaves=12,
)


@given(rows=st.lists(st.dictionaries(_NAMES, _JSON, max_size=6), max_size=4))
def test_no_row_is_too_odd_to_be_read(rows: list[dict[str, Any]]) -> None:
    told = Conversation(session="s")
    told.read([json.dumps(one).encode() for one in rows], agent=False)
    told.read([json.dumps(one).encode() for one in rows], agent=True)


@pytest.mark.parametrize("kind", [["user"], {"a": 1}, None, 7, True])
def test_a_row_whose_type_is_no_word_ends_no_audit(wired: Sandbox, kind: object) -> None:
    transcript(
        wired, "s1", row(wired, type=kind, subtype=kind), row(wired, type="system", subtype=kind)
    )

    assert audited(wired)["gaps"] == 0

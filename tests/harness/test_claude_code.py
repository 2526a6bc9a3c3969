"""Claude Code's recorded payloads, and what the installed hook answers to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitmem.domain import boundary
from gitmem.harness import claude_code, registry
from tests.support.queues import folder_of, keep
from tests.support.sandbox import Result, Sandbox

DATA = Path(__file__).parents[1] / "data" / "claude-code"


def recorded(name: str, sandbox: Sandbox | None = None, **changes: object) -> dict[str, Any]:
    """A recorded payload; with a sandbox, as if the client stood in it."""
    payload: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    if sandbox:
        payload["cwd"] = str(sandbox.path)
    return {**payload, **changes}


def fire(sandbox: Sandbox, name: str, **changes: object) -> Result:
    payload = recorded(name, sandbox, **{"session_id": "session-1", **changes})
    done = sandbox.gitmem(
        "hook", "claude-code", name.split(".", maxsplit=1)[0], input=json.dumps(payload)
    )
    assert (done.code, done.err) == (0, "")
    return done


def context(done: Result) -> str:
    if not done.out:
        return ""
    said: str = json.loads(done.out)["hookSpecificOutput"]["additionalContext"]
    return said


def ledger(sandbox: Sandbox) -> list[dict[str, Any]]:
    path = folder_of(sandbox) / "ledger.jsonl"
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


@pytest.mark.parametrize(
    ("name", "kind", "detail"),
    [
        ("SessionStart.startup", boundary.BOOT, "startup"),
        ("SessionStart.resume", boundary.BOOT, "resume"),
        ("PostToolUse.Bash", boundary.TOOL, ""),
        ("PostToolBatch", boundary.BATCH, ""),
        ("SessionEnd.other", boundary.END, "other"),
    ],
)
def test_a_recorded_payload_is_an_event(name: str, kind: str, detail: str) -> None:
    payload = recorded(name)
    event = claude_code.parse(payload, "")

    assert (event.kind, event.detail, event.name) == (kind, detail, name.split(".", maxsplit=1)[0])
    assert event.session == payload["session_id"]
    assert event.cwd == payload["cwd"]
    assert event.seconds == payload.get("duration_ms", 0) / 1000
    assert event.agent == ""


def test_a_sub_agents_event_is_told_apart() -> None:
    for name in ("PostToolUse.Bash.in_subagent", "PostToolBatch.in_subagent"):
        assert claude_code.parse(recorded(name), "").agent


def test_an_event_nobody_knows_is_left_alone_and_its_name_may_come_from_the_command() -> None:
    assert claude_code.parse({"hook_event_name": "Setup"}, "").kind == boundary.OTHER
    assert claude_code.parse({}, "PostToolBatch").kind == boundary.BATCH
    assert claude_code.parse({"session_id": 5, "cwd": None}, "").session == ""


def test_session_and_client_come_from_the_environment() -> None:
    assert registry.session({"CLAUDE_CODE_SESSION_ID": "x"}) == {}
    assert registry.session({"CLAUDECODE": "1"}) == {"client": "claude-code"}
    assert registry.session({"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "x"}) == {
        "session": "x",
        "client": "claude-code",
    }
    assert registry.adapter("nobody") is None


def test_a_commit_is_nudged_once_for_the_main_thread(sandbox: Sandbox) -> None:
    sandbox.commit("by the agent")
    assert fire(sandbox, "PostToolUse.Bash").out == ""

    nudge = context(fire(sandbox, "PostToolBatch"))

    assert "gitmem flag" in nudge
    assert "after git commit" in nudge
    fire(sandbox, "PostToolUse.Bash")
    assert fire(sandbox, "PostToolBatch").out == ""
    assert [entry["did"] for entry in ledger(sandbox)] == [
        "marked commit",
        "nudged",
        "nothing",
        "nothing",
    ]


def test_a_sub_agents_commit_is_nudged_to_the_main_thread(sandbox: Sandbox) -> None:
    sandbox.commit("by the helper")
    fire(sandbox, "PostToolUse.Bash.in_subagent")

    assert fire(sandbox, "PostToolBatch.in_subagent").out == ""
    assert "gitmem flag" in context(fire(sandbox, "PostToolBatch"))


def test_sessions_do_not_see_each_others_marks(sandbox: Sandbox) -> None:
    sandbox.commit("one")
    fire(sandbox, "PostToolUse.Bash", session_id="one")

    assert fire(sandbox, "PostToolBatch", session_id="two").out == ""
    assert fire(sandbox, "PostToolBatch", session_id="one").out


def test_a_session_starts_in_silence_when_nothing_waits(sandbox: Sandbox) -> None:
    for _ in range(2):
        assert fire(sandbox, "SessionStart.startup").out == ""


def test_a_session_starts_loudly_for_person_and_model_when_something_waits(
    sandbox: Sandbox,
) -> None:
    fire(sandbox, "SessionStart.startup")
    keep(sandbox, 2)

    said = json.loads(fire(sandbox, "SessionStart.resume").out)

    assert "2 flags wait undrained" in said["systemMessage"]
    assert said["hookSpecificOutput"]["hookEventName"] == "SessionStart"
    assert "2 flags wait undrained" in said["hookSpecificOutput"]["additionalContext"]


def test_the_end_of_a_session_leaves_its_mark(sandbox: Sandbox) -> None:
    assert fire(sandbox, "SessionEnd.other").out == ""

    marks = (folder_of(sandbox) / "sessions" / "session-1").read_text(encoding="utf-8")
    assert marks == "end other\n"
    assert ledger(sandbox)[-1]["event"] == "SessionEnd"


@pytest.mark.parametrize(
    "stdin",
    ["", "null", "[]", "{", '{"cwd": 1}', '{"cwd":"/nowhere/at/all"}', "\udcff", "[" * 9999],
)
def test_a_hook_never_fails_whatever_it_is_given(tmp_path: Path, stdin: str) -> None:
    done = Sandbox(tmp_path).gitmem("hook", "claude-code", "PostToolBatch", input=stdin)

    assert (done.code, done.out, done.err) == (0, "", "")


@pytest.mark.parametrize("arguments", [[], ["claude-code"], ["nobody", "x"], ["nobody"]])
def test_a_hook_with_odd_arguments_ends_with_zero(sandbox: Sandbox, arguments: list[str]) -> None:
    done = sandbox.gitmem("hook", *arguments, input="{}")

    assert (done.code, done.out) == (0, "")


def test_trouble_of_a_hook_goes_into_the_ledger(sandbox: Sandbox) -> None:
    (folder_of(sandbox)).mkdir()
    (folder_of(sandbox) / "sessions").write_text("in the way", encoding="utf-8")
    sandbox.commit("one")

    assert fire(sandbox, "PostToolUse.Bash").out == ""
    assert "NotADirectoryError" in ledger(sandbox)[-1]["error"]


def test_a_hook_outside_of_a_repository_leaves_nothing_behind(tmp_path: Path) -> None:
    assert fire(Sandbox(tmp_path), "SessionStart.startup").out == ""
    assert list(tmp_path.iterdir()) == []


#: Results of these tools were not recorded: the shape is that of PostToolUse, whose fields but for
#: `tool_name`, `tool_input` and `tool_response` are the same for every recorded tool.
STRANGERS = [
    {"tool_name": "WebFetch", "tool_input": {"url": "https://example.com", "prompt": "what?"}},
    {"tool_name": "WebSearch", "tool_input": {"query": "what?"}},
    {"tool_name": "mcp__tracker__read_issue", "tool_input": {"command": 5}},
    {"tool_name": "Bash", "tool_input": {"command": "gh issue view 4 --comments"}},
]


def flag_in_session(sandbox: Sandbox, text: str) -> dict[str, Any]:
    environment = {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "session-1"}
    assert sandbox.gitmem("flag", text, env=environment).code == 0
    answer = sandbox.git("log", "-1", "--format=", "--patch", "gitmem/queue", "--", "queue/")
    (line,) = [line[1:] for line in answer.splitlines() if line.startswith("+{") and text in line]
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("call", STRANGERS, ids=lambda call: call["tool_name"])
@pytest.mark.parametrize("name", ["PostToolUse.Bash", "PostToolUse.Bash.in_subagent"])
def test_what_is_flagged_after_text_of_strangers_is_tainted(
    sandbox: Sandbox, call: dict[str, Any], name: str
) -> None:
    fire(sandbox, "SessionStart.startup")
    fire(sandbox, "PostToolUse.Bash")
    assert "tainted" not in flag_in_session(sandbox, "before")

    assert fire(sandbox, name, **call).out == ""
    fire(sandbox, name, **call)

    assert flag_in_session(sandbox, "after")["tainted"] is True
    did = [entry["did"] for entry in ledger(sandbox)]
    assert did[1:] == ["nothing", "marked taint", "nothing"]
    marks = (folder_of(sandbox) / "sessions" / "session-1").read_text(encoding="utf-8")
    assert marks.splitlines()[1:] == [f"taint {call['tool_name']}"]


def test_a_failed_fetch_is_seen_in_its_batch(sandbox: Sandbox) -> None:
    calls = recorded("PostToolBatch")["tool_calls"]
    failed = {**calls[0], "tool_name": "Bash", "tool_input": {"command": "curl --fail x"}}

    fire(sandbox, "PostToolBatch", tool_calls=[*calls, failed, None, {"tool_name": 5}])

    assert flag_in_session(sandbox, "after")["tainted"] is True


def test_a_tool_with_a_hostile_name_is_one_word_of_one_line(sandbox: Sandbox) -> None:
    fire(sandbox, "PostToolUse.Bash", tool_name="mcp__x\nnudge commit\nnudge commit")

    assert flag_in_session(sandbox, "after")["tainted"] is True

"""Qwen Code: every recorded payload, the answers, the file that is written, and the size of the context."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.qwen import context_size
from gitmem.clients.qwen.adapter import CLIENT
from gitmem.clients.qwen.conversation import conversations
from gitmem.clients.transcripts import BACKGROUND, BATCH, COMMIT, COMPACTION, PROMPT, TURN
from gitmem.session import boundary
from tests.support.hooks import ledger
from tests.support.payloads import ODD, Payloads
from tests.support.sandbox import Sandbox

RECORDED = Payloads(folder="qwen")
payload = RECORDED.read
KINDS = {
    "SessionStart": boundary.BOOT,
    "UserPromptSubmit": boundary.PROMPT,
    "PreToolUse": boundary.BEFORE,
    "PostToolUse": boundary.TOOL,
    "PostToolUseFailure": boundary.FAILURE,
    "PostToolBatch": boundary.BATCH,
    "SubagentStop": boundary.TOOL,
    "Stop": boundary.TURN_END,
    "PreCompact": boundary.COMPACTING,
    "PostCompact": boundary.SUMMARISED,
    "SessionEnd": boundary.END,
}
#: Recorded, and nothing to gitmem.
NOTHING = {"UserPromptSubmit.tool_result", "SessionStart.compact"}


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_an_event_with_its_session(name: str) -> None:
    body = payload(name)

    event = CLIENT.parse(body, "", {"QWEN_PROJECT_DIR": "/home/dev/demo"})

    expected = KINDS.get(body["hook_event_name"], boundary.OTHER)
    assert event.kind == (boundary.OTHER if name in NOTHING else expected)
    assert (event.client, event.session) == ("qwen", body["session_id"])
    assert (event.cwd, event.project) == (body["cwd"], "/home/dev/demo")


def test_a_tool_has_the_name_that_guards_use() -> None:
    calls = {
        "PreToolUse.run_shell_command": ("Bash", "git commit -q --allow-empty -m x"),
        "PreToolUse.write_file": ("Write", "/home/dev/demo/b.txt"),
        "PreToolUse.edit": ("Edit", "/home/dev/demo/README.md"),
        "PostToolUse.read_file": ("Read", "/home/dev/demo/README.md"),
        "PostToolBatch": ("Bash", "git commit -q --allow-empty -m x"),
    }

    assert {name: CLIENT.parse(payload(name), "").calls[0] for name in calls} == calls


def test_a_call_has_one_id_before_after_and_in_its_batch() -> None:
    names = ("PreToolUse.run_shell_command", "PostToolUse.run_shell_command", "PostToolBatch")

    assert {CLIENT.parse(payload(name), "").call for name in names} == {"call_1"}


def test_a_sub_agent_that_finished_is_a_boundary_of_the_session() -> None:
    event = CLIENT.parse(payload("SubagentStop"), "")

    assert (event.agent, event.done) == ("", [(boundary.BACKGROUND, "general-purpose-call_1")])
    assert CLIENT.parse(payload("PostToolUse.in_subagent"), "").agent == "general-purpose-call_1"
    assert CLIENT.parse(payload("PostToolUse.agent"), "").done == []  # it was only started


def test_a_completed_task_is_a_boundary() -> None:
    completed = CLIENT.parse(payload("PostToolUse.todo_write.completed"), "")

    assert [name for name, _ in completed.done] == [boundary.TASK]
    assert CLIENT.parse(payload("PostToolUse.todo_write"), "").done == []


@pytest.mark.parametrize(
    "name",
    [
        "UserPromptSubmit",
        "PostToolUse.run_shell_command",
        "PostToolUseFailure.run_shell_command",
        "PostToolBatch",
        "PreCompact.auto",
    ],
)
def test_an_answer_has_exactly_the_keys_that_the_client_knows(name: str) -> None:
    event = CLIENT.parse(payload(name), "")

    assert json.loads(CLIENT.answer(event, person="P", model="M")) == {
        "hookSpecificOutput": {"hookEventName": event.name, "additionalContext": "M"}
    }


def test_a_boot_speaks_to_the_person_too() -> None:
    event = CLIENT.parse(payload("SessionStart.startup"), "")

    assert json.loads(CLIENT.answer(event, person="P", model="M")) == {
        "systemMessage": "P",
        "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "M"},
    }


@pytest.mark.parametrize(
    "name",
    [
        "PreToolUse.run_shell_command",
        "UserPromptSubmit.tool_result",
        "SubagentStart",
        "Stop",
        "PostCompact",
        "SessionStart.compact",
    ],
)
def test_where_words_would_be_dropped_nothing_is_said(name: str) -> None:
    assert CLIENT.answer(CLIENT.parse(payload(name), ""), person="P", model="M") == ""


@pytest.mark.parametrize(
    ("mode", "ask", "hold", "decision"),
    [
        ("default", "", "L", "deny"),
        ("default", "L", "", "ask"),
        ("yolo", "L", "", ""),  # the client would take the question for a denial
    ],
)
def test_a_call_is_denied_or_asked_about_where_a_person_is_asked(
    mode: str, ask: str, hold: str, decision: str
) -> None:
    body = {**payload("PreToolUse.run_shell_command"), "permission_mode": mode}
    event = CLIENT.parse(body, "")
    said = CLIENT.answer(event, person="", model="", ask=ask, hold=hold)

    assert event.can_hold == (mode == "default")
    expected = {"permissionDecision": decision, "permissionDecisionReason": "L"}
    special = {"hookEventName": "PreToolUse", **expected}
    assert (json.loads(said) if said else {}) == (
        {"hookSpecificOutput": special} if decision else {}
    )


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "hook_event_name", "tool_name", "tool_input", "prompt_id", "session_id", "cwd",
                "tool_response", "tool_calls", "agent_id", "prompt", "source", "tool_call_id",
            ]
        ),
        ODD
        | st.lists(st.dictionaries(st.sampled_from(["tool_name", "tool_input"]), ODD), max_size=2)
        | st.dictionaries(st.sampled_from(["command", "returnDisplay", "changes"]), ODD)
        | st.sampled_from([*KINDS, "todo_write", "run_shell_command"]),
    )
)  # fmt: skip
def test_a_payload_of_any_shape_is_an_event(body: dict[str, Any]) -> None:
    event = CLIENT.parse(body, "PostToolUse")

    assert isinstance(event.session, str)
    assert all(isinstance(text, str) for call in event.calls for text in call)
    CLIENT.answer(event, person="P", model="M", ask="A")


def test_the_size_of_the_context_is_that_of_the_last_answer(tmp_path: Path) -> None:
    def row(tokens: object, at: str) -> str:
        told = {"type": "assistant", "timestamp": at, "usageMetadata": {"totalTokenCount": tokens}}
        return json.dumps(told)

    path = tmp_path / "chat.jsonl"
    rows = [row(100, "A"), row(5_000, "B"), '{"type":"system"}', row("x", "C"), row(9, "D")[:-1]]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert context_size.size(str(path)) == (5_000, "B")

    path.write_text("\n".join([*rows, '{"subtype":"chat_compression"}']), encoding="utf-8")
    assert context_size.size(str(path)) == (0, "")
    assert context_size.size(str(tmp_path / "none.jsonl")) == (0, "")
    assert context_size.size(str(tmp_path)) == (0, "")


def test_init_writes_what_qwen_reads(sandbox: Sandbox) -> None:
    sandbox.write(".qwen/settings.json", '{ "hooks": {"Stop": [ ] }, "ui": {} }\n')

    sandbox.gitmem("init", "--client", "qwen")

    wired = json.loads(sandbox.read(".qwen/settings.json"))
    assert "permissions" not in wired  # the client takes a permission from the person's file only
    hooks = [
        hook for groups in wired["hooks"].values() for group in groups for hook in group["hooks"]
    ]
    assert all("gitmem hook qwen " in hook["command"] for hook in hooks)
    assert max(hook["timeout"] for hook in hooks) < 1_000  # seconds; more is taken for milliseconds


def test_a_file_whose_hooks_are_off_is_told(sandbox: Sandbox) -> None:
    sandbox.write(".qwen/settings.json", '{"disableAllHooks": true}\n')

    said = sandbox.gitmem("init", "--client", "qwen")

    assert ".qwen/settings.json has disableAllHooks set" in said.out + said.err


def test_a_persons_own_file_gets_the_permission_where_they_ask_for_it(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    before = '{\n  // mine\n  "permissions": {"allow": ["Bash(ls)"]}\n}\n'
    home = {"HOME": str(tmp_path)}
    own = tmp_path / ".qwen/settings.json"
    own.parent.mkdir()
    own.write_text(before)

    sandbox.gitmem("init", "--client", "qwen", env=home)
    assert own.read_text() == before
    sandbox.gitmem("init", "--client", "qwen", "--personal", env=home)

    assert "// mine" in own.read_text()
    rules = ("Bash(ls)", "run_shell_command(gitmem flag *)", "run_shell_command(gitmem snag *)")
    assert all(f'"{rule}"' in own.read_text() for rule in rules)
    assert "hooks" not in own.read_text()
    sandbox.gitmem("uninstall", "--personal", env=home)
    assert own.read_text() == before


def test_a_recorded_transcript_shows_its_boundaries_and_nudges(tmp_path: Path) -> None:
    session = "11111111-2222-3333-4444-555555555555"
    kept = tmp_path / f".qwen/projects/-home-dev-demo/chats/{session}.jsonl"
    kept.parent.mkdir(parents=True)
    recorded = (RECORDED.path / "transcripts/session.jsonl").read_text(encoding="utf-8")
    kept.write_text(recorded + '{"type":"dream","timestamp":"2026-11-30T04:30:00.000Z"}\n{torn\n')
    person = {"HOME": str(tmp_path)}

    told = conversations(person, ["/home/dev/demo"], 0)[session]

    counts = Counter(one.kind for one in told.boundaries)
    assert counts[COMMIT] == 2
    assert counts[PROMPT] == counts[COMPACTION] == counts[TURN] == 1
    assert set(counts) <= {PROMPT, COMMIT, BATCH, COMPACTION, TURN, BACKGROUND}
    commits = [one for one in told.boundaries if one.kind == COMMIT]
    assert [bool(one.detail) for one in commits] == [True, False]
    assert all(one.keys for one in commits)
    assert (told.nudges, told.versions) == (3, {"0.24.4"})
    assert (list(told.unknown), told.damaged) == (["dream"], 1)
    assert conversations(person, ["/home/dev/demo-2"], 0) == {}
    assert conversations(person, ["/home/dev/demo"], 1 << 40) == {}


def fire(sandbox: Sandbox, name: str, **changed: object) -> str:
    body = {**payload(name), "cwd": str(sandbox.path), **changed}
    return sandbox.gitmem("hook", "qwen", body["hook_event_name"], input=json.dumps(body)).out


def test_a_guard_speaks_with_the_result_and_once(sandbox: Sandbox) -> None:
    guard = {"tool": "Bash", "match": "git commit", "lesson": "Sign it."}
    sandbox.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})

    assert fire(sandbox, "PreToolUse.run_shell_command") == ""
    said = fire(sandbox, "PostToolUse.run_shell_command")
    assert said.count("gitmem, about Bash (git commit): this snagged here before") == 1
    assert "Sign it." in said
    assert [line["event"] for line in ledger(sandbox) if line["did"].startswith("guarded")] == [
        "PostToolUse"
    ]


def test_a_failed_call_has_its_guard_too(sandbox: Sandbox) -> None:
    guard = {"tool": "Bash", "match": "false", "lesson": "It never works."}
    sandbox.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})

    assert "It never works." in fire(sandbox, "PostToolUseFailure.run_shell_command")


def test_a_finished_compaction_is_asked_about_with_the_next_batch(sandbox: Sandbox) -> None:
    fire(sandbox, "PostToolBatch")
    assert "Unflagged durable facts" in fire(sandbox, "PreCompact.auto")
    assert fire(sandbox, "PostCompact") == ""
    assert fire(sandbox, "SessionStart.compact") == ""

    said = fire(sandbox, "PostToolBatch")

    assert "after a compaction: flag what's durable, now" in said
    assert "after a compaction" not in fire(sandbox, "PostToolBatch")


def test_a_compaction_that_failed_is_not_asked_about(sandbox: Sandbox) -> None:
    fire(sandbox, "PostToolBatch")
    fire(sandbox, "PreCompact.auto")

    assert "after a compaction" not in fire(sandbox, "PostToolBatch")


def test_a_tool_result_is_no_prompt(sandbox: Sandbox) -> None:
    for at in range(6):
        calls = [{**payload("PostToolBatch")["tool_calls"][0], "tool_call_id": f"call_{at}"}]
        fire(sandbox, "PostToolBatch", tool_calls=calls)
    fire(sandbox, "Stop")

    assert fire(sandbox, "UserPromptSubmit.tool_result") == ""
    assert "after the end of the last turn" in fire(sandbox, "UserPromptSubmit", prompt_id="other")

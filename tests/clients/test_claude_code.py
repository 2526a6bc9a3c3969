"""Claude Code's recorded payloads, and what the installed hook answers to them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitmem.clients import registry
from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.session import boundary
from tests.support.hooks import (
    CONTEXT,
    RECORDED,
    assert_accepted,
    context,
    fire,
    ledger,
    marks,
    recorded,
)
from tests.support.queues import folder_of, keep
from tests.support.sandbox import Sandbox

KINDS = {
    "SessionStart": boundary.BOOT,
    "PreToolUse": boundary.BEFORE,
    "UserPromptSubmit": boundary.PROMPT,
    "PostToolUse": boundary.TOOL,
    "PostToolUseFailure": boundary.FAILURE,
    "PostToolBatch": boundary.BATCH,
    "SubagentStart": boundary.AGENT_START,
    "Stop": boundary.TURN_END,
    "PreCompact": boundary.COMPACTING,
    "SessionEnd": boundary.END,
}


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_payload_is_an_event(name: str) -> None:
    payload = recorded(name)
    event = CLIENT.parse(payload, "")

    assert event.name == name.split(".", maxsplit=1)[0]
    assert event.kind == KINDS.get(event.name, boundary.OTHER)
    assert event.session == payload["session_id"]
    assert event.cwd == payload["cwd"]
    assert event.transcript == payload["transcript_path"]
    assert event.seconds == payload.get("duration_ms", 0) / 1000
    assert event.agent == payload.get("agent_id", "")


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("SessionStart.startup", "startup"),
        ("SessionStart.resume", "resume"),
        ("SessionStart.clear", "clear"),
        ("SessionStart.compact", boundary.COMPACTED),
        ("SessionStart.fork", boundary.FORKED),
        ("SessionEnd.other", "other"),
        ("SessionEnd.clear", "clear"),
        ("SessionEnd.prompt_input_exit", "prompt_input_exit"),
        ("PreCompact.auto", boundary.AUTO),
        ("PreCompact.manual", "manual"),
        ("UserPromptSubmit", boundary.PERSON),
        ("UserPromptSubmit.task_notification", "notice"),
        ("UserPromptSubmit.agent_finished", "notice"),
        ("UserPromptSubmit.command_finished", "notice"),
    ],
)
def test_what_the_policy_must_know_of_an_event_is_told(name: str, detail: str) -> None:
    assert CLIENT.parse(recorded(name), "").detail == detail


@pytest.mark.parametrize(
    ("name", "done"),
    [
        ("PostToolUse.Agent", boundary.AGENT),
        ("PostToolUse.TaskUpdate.completed", boundary.TASK),
        ("PostToolUse.TodoWrite", boundary.TASK),
        ("UserPromptSubmit.agent_finished", boundary.BACKGROUND),
        ("PostToolUse.Agent.background", ""),
        ("PostToolUse.TaskUpdate", ""),
        ("PostToolUse.TaskCreate", ""),
        ("PostToolUse.Bash", ""),
        ("PostToolUseFailure.TaskCreate", ""),
        ("UserPromptSubmit.command_finished", ""),
        ("UserPromptSubmit.task_notification", ""),
        ("UserPromptSubmit", boundary.WORDS),
        ("UserPromptSubmit.queued", boundary.WORDS),
        ("PostToolBatch", ""),
        ("PostToolBatch.rejected", boundary.WORDS),
        ("PostToolBatch.answered", boundary.WORDS),
        ("PostToolBatch.plan_approved", boundary.WORDS),
        # Of these the transcript tells.
        ("PostToolBatch.approved_with_words", ""),
        ("PostToolBatch.denied_by_host", ""),
        ("PostToolBatch.plan_refused_by_host", ""),
    ],
)
def test_a_call_that_closes_a_chapter_is_told(name: str, done: str) -> None:
    event = CLIENT.parse(recorded(name), "")

    assert [found for found, _ in event.done] == ([done] if done else [])
    assert all(key for _, key in event.done)


def test_a_tool_that_marks_a_chapter_is_told_whatever_its_server() -> None:
    for tool, told in (("mcp__ccd_session__mark_chapter", 1), ("mcp__x__mark_chapters", 0)):
        payload = recorded("PostToolUse.Bash", tool_name=tool, tool_response=[{"type": "text"}])
        assert len(CLIENT.parse(payload, "").done) == told


def test_a_todo_that_was_completed_before_is_none() -> None:
    todos = [{"content": "x", "status": "completed"}]
    again = recorded("PostToolUse.TodoWrite", tool_response={"oldTodos": todos, "newTodos": todos})
    odd = recorded("PostToolUse.TodoWrite", tool_response={"oldTodos": 5, "newTodos": [5, None]})

    assert CLIENT.parse(again, "").done == ()
    assert CLIENT.parse(odd, "").done == ()


def test_a_call_that_the_person_stopped_did_not_fail() -> None:
    stopped = recorded("PostToolUseFailure.Bash", is_interrupt=True)

    assert CLIENT.parse(stopped, "").kind == boundary.OTHER


def test_the_environment_tells_the_project_and_a_configured_window() -> None:
    environment = {"CLAUDE_PROJECT_DIR": "/p", "CLAUDE_CODE_AUTO_COMPACT_WINDOW": "100000"}
    event = CLIENT.parse({}, "Stop", environment)

    assert (event.project, event.window) == ("/p", 100_000)
    for odd in ("", "x", "-1", "9" * 50):
        assert not CLIENT.parse({}, "Stop", {"CLAUDE_CODE_AUTO_COMPACT_WINDOW": odd}).window


@pytest.mark.parametrize("name", [*sorted(set(KINDS) - {"PreCompact"}), "SubagentStop", "Setup"])
def test_words_are_said_only_where_the_client_takes_them(name: str) -> None:
    event = CLIENT.parse({}, name)
    said = CLIENT.answer(event, person="p", model="m" * 20_000)

    assert_accepted(name, said)
    assert bool(said) == (name in CONTEXT)
    assert CLIENT.answer(event, person="", model="") == ""


def test_a_sub_agents_event_is_told_apart() -> None:
    for name in ("PostToolUse.Bash.in_subagent", "PostToolBatch.in_subagent"):
        assert CLIENT.parse(recorded(name), "").agent


def test_an_event_nobody_knows_is_left_alone_and_its_name_may_come_from_the_command() -> None:
    assert CLIENT.parse({"hook_event_name": "Setup"}, "").kind == boundary.OTHER
    assert CLIENT.parse({}, "PostToolBatch").kind == boundary.BATCH
    assert CLIENT.parse({"session_id": 5, "cwd": None}, "").session == ""


def test_session_and_client_come_from_the_environment() -> None:
    assert registry.session({"CLAUDE_CODE_SESSION_ID": "x"}) == {}
    assert registry.session({"CLAUDECODE": "1"}) == {"client": "claude-code"}
    assert registry.session({"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "x"}) == {
        "session": "x",
        "client": "claude-code",
    }
    assert registry.find("nobody") is None


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

    assert marks(sandbox) == ["end other"]
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
    assert f"taint {call['tool_name']}" in marks.splitlines()


def test_a_failed_fetch_is_seen_in_its_batch(sandbox: Sandbox) -> None:
    calls = recorded("PostToolBatch")["tool_calls"]
    failed = {**calls[0], "tool_name": "Bash", "tool_input": {"command": "curl --fail x"}}

    fire(sandbox, "PostToolBatch", tool_calls=[*calls, failed, None, {"tool_name": 5}])

    assert flag_in_session(sandbox, "after")["tainted"] is True


def test_a_tool_with_a_hostile_name_is_one_word_of_one_line(sandbox: Sandbox) -> None:
    fire(sandbox, "PostToolUse.Bash", tool_name="mcp__x\nnudge commit\nnudge commit")

    assert flag_in_session(sandbox, "after")["tainted"] is True


@pytest.mark.parametrize("number", ["1e999", "-1e999", "NaN", "9" * 400, '"x"', "[]", "true"])
def test_a_number_out_of_all_reason_is_no_trouble_of_a_hook(sandbox: Sandbox, number: str) -> None:
    payload = recorded("PostToolUse.Bash", sandbox, session_id="s1")
    text = json.dumps({**payload, "duration_ms": "HERE", "context_tokens": "HERE"})

    done = sandbox.gitmem("hook", "claude-code", input=text.replace('"HERE"', number))

    assert (done.code, done.err) == (0, "")
    assert [entry for entry in ledger(sandbox) if "error" in entry] == []

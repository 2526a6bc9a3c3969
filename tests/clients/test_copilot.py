"""Copilot CLI: every recorded payload, the answers, what is wired, and the size of the context."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.clients.claude_code.adapter import CLIENT as CLAUDE_CODE
from gitmem.clients.copilot import context_size
from gitmem.clients.copilot.adapter import CLIENT
from gitmem.clients.copilot.conversation import conversations
from gitmem.clients.transcripts import AGENT, COMMIT, COMPACTION, PROMPT, TURN
from gitmem.session import boundary
from tests.support.clients import HOOKS
from tests.support.hooks import ledger
from tests.support.payloads import ODD, Payloads
from tests.support.sandbox import Sandbox

RECORDED = Payloads(folder="copilot-claude")
payload = RECORDED.read
SESSION = "11111111-2222-3333-4444-555555555555"
KINDS = {
    "SessionStart": boundary.BOOT,
    "UserPromptSubmit": boundary.PROMPT,
    "PreToolUse": boundary.BEFORE,
    "PostToolUse": boundary.TOOL,
    "SubagentStart": boundary.AGENT_START,
    "Stop": boundary.TURN_END,
    "PreCompact": boundary.COMPACTING,
    "SessionEnd": boundary.END,
}


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_an_event_with_its_session(name: str) -> None:
    body = payload(name)

    event = CLIENT.parse(body, name.partition(".")[0], {"COPILOT_HOME": "/home/dev/.copilot"})

    expected = {
        "UserPromptSubmit.in_subagent": boundary.OTHER,
        "PostToolUse.failed": boundary.FAILURE,
    }
    assert event.kind == expected.get(name, KINDS[name.partition(".")[0]])
    assert event.client == "copilot"
    told = body.get("session_id", body.get("sessionId"))
    assert event.session == (SESSION if "in_subagent" in name else told)
    home = "/home/dev/.copilot/session-state"
    assert event.transcript == f"{home}/{event.session}/events.jsonl"


def test_a_call_is_about_its_command_or_its_file() -> None:
    calls = {
        "PreToolUse.Bash": ("Bash", "git commit -q --allow-empty -m x"),
        "PreToolUse.Write": ("Write", "/home/dev/demo/b.txt"),
        "PreToolUse.Edit": ("Edit", "/home/dev/demo/README.md"),
    }

    assert {name: CLIENT.parse(payload(name), "").calls[0] for name in calls} == calls


def test_a_sub_agent_is_known_by_its_task_its_start_and_its_end() -> None:
    task = CLIENT.parse(payload("PreToolUse.Agent"), "")
    start = CLIENT.parse(payload("SubagentStart"), "SubagentStart")
    end = CLIENT.parse(payload("PostToolUse.Agent"), "")

    assert (task.detail, task.text) == ("general-purpose", "do sub job")
    assert (start.detail, start.turn) == (task.detail, task.turn)
    assert [name for name, _ in end.done] == [boundary.AGENT]
    assert CLIENT.parse(payload("PostToolUse.in_subagent"), "").agent


@pytest.mark.parametrize(
    "name",
    ["SessionStart", "UserPromptSubmit", "PreToolUse.Bash", "PostToolUse.Bash", "SubagentStart"],
)
def test_an_answer_has_exactly_the_keys_that_the_client_knows(name: str) -> None:
    event = CLIENT.parse(payload(name), name.partition(".")[0])

    assert json.loads(CLIENT.answer(event, person="P", model="M")) == {"additionalContext": "M"}


@pytest.mark.parametrize("name", ["PreCompact", "Stop", "SessionEnd"])
def test_where_words_would_be_dropped_nothing_is_said(name: str) -> None:
    assert CLIENT.answer(CLIENT.parse(payload(name), ""), person="P", model="M") == ""


def test_a_call_is_denied_or_asked_about_with_the_reason() -> None:
    event = CLIENT.parse(payload("PreToolUse.Bash"), "")

    assert event.can_hold
    assert json.loads(CLIENT.answer(event, person="", model="", hold="L")) == {
        "permissionDecision": "deny",
        "permissionDecisionReason": "L",
    }
    assert json.loads(CLIENT.answer(event, person="", model="M", ask="L")) == {
        "permissionDecision": "ask",
        "permissionDecisionReason": "L",
        "additionalContext": "M",
    }


def test_words_are_cut_below_what_the_client_drops_whole() -> None:
    event = CLIENT.parse(payload("SessionStart"), "")

    said = json.loads(CLIENT.answer(event, person="", model="x" * 80_000))

    assert len(said["additionalContext"]) == 30_000


@pytest.mark.parametrize("session", ["../../etc", "a/b", "..", "", "\0"])
def test_a_session_that_is_no_plain_name_has_no_transcript(session: str) -> None:
    event = CLIENT.parse({**payload("UserPromptSubmit"), "session_id": session}, "")

    assert event.transcript == ""


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "hook_event_name", "tool_name", "tool_input", "session_id", "sessionId", "cwd",
                "tool_result", "agent_id", "prompt", "transcriptPath",
            ]
        ),
        ODD
        | st.dictionaries(st.sampled_from(["path", "command", "text_result_for_llm"]), ODD)
        | st.sampled_from([*KINDS, "Bash", "Agent"]),
    )
)  # fmt: skip
def test_a_payload_of_any_shape_is_an_event(body: dict[str, Any]) -> None:
    event = CLIENT.parse(body, "PostToolUse", {"HOME": "/home/dev"})

    assert isinstance(event.session, str)
    assert all(isinstance(text, str) for call in event.calls for text in call)
    CLIENT.answer(event, person="P", model="M", ask="A")


def test_the_size_of_the_context_is_that_of_the_main_threads_last_answer(tmp_path: Path) -> None:
    def row(tokens: object, at: str, **more: str) -> str:
        usage = {"inputTokens": tokens, "outputTokens": 10, "maxPromptTokens": 30_000}
        told = {"type": "session.usage_record", "data": {"usage": usage}, "timestamp": at, **more}
        return json.dumps(told, separators=(",", ":"))

    path = tmp_path / "events.jsonl"
    rows = [row(100, "A"), row(5_000, "B"), row(7, "C", agentId="x"), row(9, "D")[:-1]]
    path.write_text("\n".join(rows), encoding="utf-8")
    assert context_size.size(str(path)) == (5_010, "B", 24_000)

    done = '{"type":"session.compaction_complete"}'
    path.write_text("\n".join([*rows, done]), encoding="utf-8")
    assert context_size.size(str(path)) == (0, "", 0)
    assert context_size.size(str(tmp_path / "none.jsonl")) == (0, "", 0)
    assert context_size.size(str(tmp_path)) == (0, "", 0)


def fire(sandbox: Sandbox, name: str, **changed: object) -> str:
    body = {**payload(name), "cwd": str(sandbox.path), **changed}
    given = json.dumps(body)
    event = name.partition(".")[0]
    return sandbox.gitmem("hook", "claude-code", event, input=given, env=HOOKS["copilot"]).out


def call(sandbox: Sandbox, number: int) -> str:
    return fire(sandbox, "PostToolUse.Bash", tool_input={"command": f"make {number}"})


def test_the_first_call_after_a_compaction_asks_about_it_once(sandbox: Sandbox) -> None:
    call(sandbox, 0)
    assert fire(sandbox, "PreCompact") == ""

    assert "after a compaction: flag what's durable, now. For each decision" in call(sandbox, 1)
    assert "after a compaction" not in call(sandbox, 2)
    assert "asked the summary" not in {
        line["did"] for line in ledger(sandbox)
    }  # it would be dropped


def test_a_failed_command_and_its_success_are_a_recovery(sandbox: Sandbox) -> None:
    command = {"tool_input": {"command": "make test"}}
    fire(sandbox, "PostToolUse.failed", **command)
    assert fire(sandbox, "PostToolUse.Bash", **command) == ""
    said = "".join(call(sandbox, number) for number in range(5))

    assert said.count("after a command that failed and then worked") == 1


def test_a_recorded_transcript_shows_its_boundaries_and_nudges(tmp_path: Path) -> None:
    kept = tmp_path / f".copilot/session-state/{SESSION}/events.jsonl"
    kept.parent.mkdir(parents=True)
    recorded = (RECORDED.path / "transcripts/session.jsonl").read_text(encoding="utf-8")
    kept.write_text(recorded + '{"type":"dream","timestamp":"2026-11-30T04:30:00.000Z"}\n{torn\n')
    person = {"HOME": str(tmp_path)}

    told = conversations(person, ["/home/dev/demo"], 0)[SESSION]

    assert Counter(one.kind for one in told.boundaries) == {
        PROMPT: 1,
        COMMIT: 2,
        AGENT: 1,
        COMPACTION: 1,
        TURN: 1,
    }
    assert (told.nudges, told.versions) == (3, {"1.0.102"})
    assert (list(told.unknown), told.damaged) == (["dream"], 1)
    assert conversations(person, ["/home/dev/demo-2"], 0) == {}
    assert conversations(person, ["/home/dev/demo"], 1 << 40) == {}


def test_vs_code_is_not_taken_for_copilot(sandbox: Sandbox) -> None:
    # From its documentation: these keys beside Claude Code's, and Claude Code's answers.
    body = {
        "timestamp": "2026-11-30T03:50:28.621Z",
        "cwd": str(sandbox.path),
        "sessionId": SESSION,
        "hookEventName": "SessionStart",
        "source": "new",
    }
    sandbox.gitmem("flag", "Deploys go out on Tuesdays")

    assert CLAUDE_CODE.runner(body, {}) == "claude-code"
    said = json.loads(sandbox.gitmem("hook", "claude-code", input=json.dumps(body)).out)

    assert "1 flag waits undrained" in said["hookSpecificOutput"]["additionalContext"]
    assert ledger(sandbox)[-1]["session"] == SESSION


@pytest.mark.parametrize(
    ("there", "announced"),
    [
        ([], ["AGENTS.md"]),
        (["AGENTS.md"], ["AGENTS.md"]),
        (["CLAUDE.md"], ["CLAUDE.md"]),
        (["AGENTS.md", "CLAUDE.md"], ["CLAUDE.md"]),
    ],
)
def test_of_the_two_files_that_it_reads_one_announces_the_memory(
    sandbox: Sandbox, there: list[str], announced: list[str]
) -> None:
    sandbox.commit("start", dict.fromkeys(there, "# Project\n"))

    sandbox.gitmem("init", "--client", "copilot", "--client", "claude-code")

    files = [sandbox.path / name for name in ("AGENTS.md", "CLAUDE.md")]
    assert [file.name for file in files if file.exists() and "gitmem" in file.read_text()] == (
        announced
    )


@pytest.mark.parametrize("used", [True, False])
def test_doctor_says_who_is_told_of_the_memory_twice(
    sandbox: Sandbox, tmp_path: Path, *, used: bool
) -> None:
    home = tmp_path / "person"
    (home / (".copilot" if used else ".other")).mkdir(parents=True)
    sandbox.commit("start", {"CLAUDE.md": "# Project\n"})
    sandbox.gitmem("init", "--client", "claude-code", "--client", "codex")

    said = sandbox.gitmem("doctor", env={"HOME": str(home)}).out

    words = "the client reads CLAUDE.md and AGENTS.md: the memory is announced twice"
    assert (words in said) == used

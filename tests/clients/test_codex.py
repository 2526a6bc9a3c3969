"""Codex: every recorded payload, the answers, the files that are written, and the size of the context."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.codex import context_size
from gitmem.clients.codex.adapter import CLIENT
from gitmem.clients.codex.wiring import RULE_FILE, RULES, with_rules, without_rules
from gitmem.session import boundary
from tests.support.payloads import ODD, Payloads
from tests.support.sandbox import Sandbox

RECORDED = Payloads(folder="codex")
payload = RECORDED.read
SHIPPED = assets.read(RULES)
KINDS = {
    "SessionStart": boundary.BOOT,
    "UserPromptSubmit": boundary.PROMPT,
    "PreToolUse": boundary.BEFORE,
    "PostToolUse": boundary.TOOL,
    "Stop": boundary.TURN_END,
    "SessionEnd": boundary.END,
    "SubagentStop": boundary.AGENT_END,
}


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_an_event_with_its_session(name: str) -> None:
    body = payload(name)

    event = CLIENT.parse(body, "")

    expected = KINDS.get(body["hook_event_name"])
    assert expected is None or event.kind == expected
    assert event.client == "codex"
    assert event.session == body["session_id"]
    assert event.turn == body.get("turn_id", "")
    assert event.cwd == body["cwd"]


def test_the_task_of_a_sub_agent_is_a_prompt_of_its_own_in_the_session() -> None:
    event = CLIENT.parse(payload("UserPromptSubmit.in_subagent"), "")

    assert (event.kind, event.text) == (boundary.PROMPT, "Look at the tests")
    assert event.agent == "01a22b38-f283-7600-bd06-387d10256b94"
    assert event.session != event.agent


def test_a_sub_agent_that_is_done_is_a_boundary_of_the_session_it_worked_for() -> None:
    told = payload("UserPromptSubmit.in_subagent") | {
        "hook_event_name": "SubagentStop",
        "stop_hook_active": False,
        "agent_transcript_path": None,
        "last_assistant_message": "done",
    }
    del told["prompt"]

    event = CLIENT.parse(told, "")

    assert (event.kind, event.agent) == (boundary.AGENT_END, "")
    assert event.session == told["session_id"]
    assert event.done == [(boundary.BACKGROUND, f"{told['agent_id']}.{told['turn_id']}")]
    assert CLIENT.answer(event, person="P", model="M") == ""


def test_a_goal_that_is_reached_is_a_closed_chapter() -> None:
    body = payload("PostToolUse.update_goal")

    assert CLIENT.parse(body, "").done == [(boundary.CHAPTER, body["tool_use_id"])]

    body["tool_response"]["goal"]["status"] = "blocked"
    assert list(CLIENT.parse(body, "").done) == []
    assert list(CLIENT.parse(payload("PostToolUse.create_goal"), "").done) == []


def test_a_shell_command_is_the_subject_of_its_call() -> None:
    assert list(CLIENT.parse(payload("PostToolUse.Bash"), "").calls) == [("Bash", "echo hi")]


@pytest.mark.parametrize("name", ["PreToolUse.apply_patch", "PostToolUse.apply_patch"])
def test_a_patch_is_a_call_for_each_file_that_it_changes(name: str) -> None:
    patch = (
        "*** Begin Patch\n*** Update File: src/a.py\n@@\n-x\n+y\n"
        "*** Add File: src/b.py\n+z\n*** Delete File: old.py\n*** End Patch\n"
    )

    assert list(CLIENT.parse(payload(name), "").calls) == [("Edit", "src/parse.py")]
    assert list(CLIENT.parse(payload(name, tool_input={"command": patch}), "").calls) == [
        ("Edit", "src/a.py"),
        ("Edit", "src/b.py"),
        ("Edit", "old.py"),
    ]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        (
            "SessionStart.startup",
            {
                "systemMessage": "P",
                "hookSpecificOutput": {"hookEventName": "SessionStart", "additionalContext": "M"},
            },
        ),
        (
            "UserPromptSubmit",
            {"hookSpecificOutput": {"hookEventName": "UserPromptSubmit", "additionalContext": "M"}},
        ),
        (
            "PostToolUse.Bash",
            {"hookSpecificOutput": {"hookEventName": "PostToolUse", "additionalContext": "M"}},
        ),
        (
            "PreToolUse.Bash",
            {"hookSpecificOutput": {"hookEventName": "PreToolUse", "additionalContext": "M"}},
        ),
    ],
)
def test_an_answer_has_exactly_the_keys_that_the_client_knows(
    name: str, said: dict[str, Any]
) -> None:
    event = CLIENT.parse(payload(name), "")

    assert json.loads(CLIENT.answer(event, person="P", model="M")) == said


@pytest.mark.parametrize("name", ["Stop", "SessionEnd", "PreCompact", "PostCompact"])
def test_where_words_would_be_dropped_nothing_is_said(name: str) -> None:
    event = CLIENT.parse(payload(name), "")

    assert CLIENT.answer(event, person="P", model="M") == ""


def test_a_call_is_denied_with_its_reason_and_only_where_a_person_is_asked() -> None:
    body = payload("PreToolUse.Bash")
    event = CLIENT.parse({**body, "permission_mode": "default"}, "")

    assert event.can_hold
    assert json.loads(CLIENT.answer(event, person="", model="", hold="L")) == {
        "hookSpecificOutput": {
            "hookEventName": "PreToolUse",
            "permissionDecision": "deny",
            "permissionDecisionReason": "L",
        }
    }
    assert not CLIENT.parse({**body, "permission_mode": "bypassPermissions"}, "").can_hold


@given(
    st.dictionaries(
        st.sampled_from(["hook_event_name", "tool_name", "tool_input", "turn_id", "session_id", "cwd"]),
        ODD | st.dictionaries(st.sampled_from(["command", "input"]), st.none() | st.text() | st.integers())
        | st.sampled_from(["PostToolUse", "PreToolUse", "apply_patch"]),
    )
)  # fmt: skip
def test_a_payload_of_any_shape_is_an_event(body: dict[str, Any]) -> None:
    event = CLIENT.parse(body, "PostToolUse")

    assert isinstance(event.session, str)
    assert all(isinstance(text, str) for call in event.calls for text in call)


def test_the_size_of_the_context_is_that_of_the_last_answer(tmp_path: Path) -> None:
    def row(tokens: object, at: str) -> str:
        info = {"last_token_usage": {"total_tokens": tokens}, "model_context_window": 200_000}
        told = {"type": "token_count", "info": info}
        return json.dumps({"timestamp": at, "type": "event_msg", "payload": told})

    path = tmp_path / "rollout.jsonl"
    rows = [row(100, "A"), row(5_000, "B"), '{"type":"other"}', row("x", "C"), '{"token_count'[:13]]
    path.write_text("\n".join(rows), encoding="utf-8")

    assert context_size.size(str(path)) == (5_000, "B", 180_000)
    assert context_size.size(str(tmp_path / "none.jsonl")) == (0, "", 0)
    assert context_size.size(str(tmp_path)) == (0, "", 0)


def ended(**changes: object) -> str:
    """The recorded row of a command that ended, with other values for some of its members."""
    rows = (RECORDED.path / "transcripts/session.jsonl").read_text(encoding="utf-8").splitlines()
    row = json.loads(next(one for one in rows if '"CommandExecution"' in one))
    row["payload"]["item"] |= {"id": "call_7", **changes}
    return json.dumps(row, separators=(",", ":")) + "\n"


def after(path: Path) -> boundary.Event:
    """The event after the command."""
    told = {"transcript_path": str(path), "tool_use_id": "call_7", "tool_response": "no such file"}
    return CLIENT.parse(payload("PostToolUse.Bash", **told), "")


def test_how_a_command_ended_is_read_from_the_transcript(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    took = {"secs": 75, "nanos": 500_000_000}
    before = ended(id="call_70", exit_code=0)

    path.write_text(before + ended(exit_code=2, duration=took), encoding="utf-8")
    failed = after(path)
    path.write_text(before + ended(exit_code=0, duration=took), encoding="utf-8")
    worked = after(path)

    assert (failed.kind, failed.text, failed.seconds) == (boundary.FAILURE, "no such file", 75.5)
    assert (worked.kind, worked.text, worked.seconds) == (boundary.TOOL, "", 75.5)


def test_the_end_of_a_command_is_found_behind_a_large_output(tmp_path: Path) -> None:
    path = tmp_path / "rollout.jsonl"
    path.write_text(ended(exit_code=1, aggregated_output='"call_7"\n' * 90_000), encoding="utf-8")

    assert after(path).kind == boundary.FAILURE


@pytest.mark.parametrize(
    "text",
    [
        "",
        ended(id="call_70", exit_code=1),
        ended(id="call_70", exit_code=1, aggregated_output='"id":"call_7"'),
        ended(exit_code=None),
        ended(exit_code=-1),
        ended(exit_code=True),
        ended(exit_code="1"),
        ended(exit_code=1)[:-40],
        '["CommandExecution","call_7"]\n',
        '{"payload":{"item":"CommandExecution","id":"call_7"}}\n',
    ],
)
def test_where_a_transcript_does_not_tell_the_end_a_command_has_not_failed(
    tmp_path: Path, text: str
) -> None:
    path = tmp_path / "rollout.jsonl"
    path.write_text(text, encoding="utf-8")

    assert (after(path).kind, after(path).seconds) == (boundary.TOOL, 0)
    assert after(tmp_path / "none.jsonl").kind == boundary.TOOL
    assert after(tmp_path).kind == boundary.TOOL


@given(ODD | st.fixed_dictionaries({"secs": ODD, "nanos": ODD | st.integers()}))
def test_a_duration_of_any_shape_is_seconds(took: object) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder, "rollout.jsonl")
        path.write_text(ended(exit_code=1, duration=took), encoding="utf-8")

        assert 0 <= after(path).seconds <= 86_400


def test_a_commit_early_in_a_command_counts_and_a_command_that_works_again_is_asked_about(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    path = tmp_path / "rollout.jsonl"

    def fire(name: str, **changes: object) -> str:
        here = {"cwd": str(sandbox.path), "session_id": "s1", "transcript_path": str(path)}
        body = json.dumps(payload(name, **here, **changes))
        return sandbox.gitmem("hook", "codex", name.partition(".")[0], input=body).out

    def run(number: int, command: str, code: int, secs: int = 0) -> str:
        call = f"call_{number}"
        path.write_text(ended(id=call, exit_code=code, duration={"secs": secs, "nanos": 0}))
        return fire("PostToolUse.Bash", tool_use_id=call, tool_input={"command": command})

    fire("SessionStart.startup")
    assert run(0, "make check", 2) == ""
    assert [run(at, f"touch {at}", 0) for at in range(1, 5)] == [""] * 4
    asked = run(5, "make check", 0)
    long_ago = f"@{int(time.time()) - 30} +0000"
    sandbox.git("commit", "--allow-empty", "-m", "x", env={"GIT_COMMITTER_DATE": long_ago})
    head_log = sandbox.path / ".git/logs/HEAD"
    os.utime(head_log, (time.time() - 30,) * 2)
    committed = run(6, "git commit -m x && git push", 0, secs=40)

    assert "after a command that failed and then worked: flag" in asked
    assert "after git commit: flag" in committed


def test_rules_in_a_file_of_windows_line_ends_have_them_too() -> None:
    text = '# mine\r\nprefix_rule(pattern=["ls"], decision="allow")\r\n'

    wired = with_rules(text, SHIPPED)

    assert "\n" not in wired.replace("\r\n", "")
    assert with_rules(wired, SHIPPED) == wired
    assert without_rules(wired) == text


@given(st.lists(st.sampled_from(["# mine", "", *SHIPPED.splitlines(), 'prefix_rule(["ls"])'])))
def test_rules_of_others_stay_and_a_second_time_changes_nothing(lines: list[str]) -> None:
    text = "".join(f"{line}\n" for line in lines)

    wired = with_rules(text, SHIPPED)

    ours = SHIPPED.splitlines()
    assert with_rules(wired, SHIPPED) == wired
    assert [line for line in wired.splitlines() if line in ours] == ours
    assert (without_rules(wired) or "").splitlines() == [line for line in lines if line not in ours]


def test_init_writes_what_codex_reads(sandbox: Sandbox) -> None:
    sandbox.gitmem("init", "--client", "codex")

    assert sandbox.read(RULE_FILE) == SHIPPED
    assert "gitmem hook codex SessionStart" in sandbox.read(".codex/hooks.json")


def test_a_folder_of_codex_is_enough_to_wire_it_and_a_wired_client_stays(sandbox: Sandbox) -> None:
    sandbox.write(".codex/config.toml", "")

    assert "wrote .codex/hooks.json" in sandbox.gitmem("init").out
    said = sandbox.gitmem("init", "--client", "claude-code").out

    assert "wrote .claude/settings.json" in said
    assert "wrote CLAUDE.md" not in said  # it would switch AGENTS.md off in Claude Code
    assert (sandbox.path / ".codex/hooks.json").exists()


def test_trust_and_writable_folders_are_never_written(sandbox: Sandbox) -> None:
    sandbox.write(".codex/config.toml", 'model = "x"\n')

    sandbox.gitmem("init", "--client", "all")

    assert sandbox.read(".codex/config.toml") == 'model = "x"\n'
    written = "".join(
        path.read_text(encoding="utf-8")
        for path in sandbox.path.rglob("*")
        if path.is_file() and ".git/" not in str(path)
    )
    for word in ("writable_roots", "trusted_hash", "trust_level", '"allowed"'):
        assert word not in written


def test_its_nudge_offers_no_pipe(sandbox: Sandbox) -> None:
    sandbox.git("commit", "--allow-empty", "-m", "chapter")
    body = {**payload("PostToolUse.Bash"), "cwd": str(sandbox.path)}

    said = sandbox.gitmem("hook", "codex", "PostToolUse", input=json.dumps(body)).out

    assert "after git commit: flag what's durable, now" in said
    assert "as a command of its own" in said
    assert "gitmem flag - " not in said


def test_after_a_compaction_it_asks_for_no_section_that_the_summary_was_not_asked_for(
    sandbox: Sandbox,
) -> None:
    here = {"cwd": str(sandbox.path), "session_id": "s1"}
    for name in ("SessionStart.startup", "PostToolUse.apply_patch", "SessionStart.compact"):
        body = json.dumps(payload(name, **here))
        said = sandbox.gitmem("hook", "codex", name.partition(".")[0], input=body).out

    assert "after a compaction: flag what's durable, now. For each decision" in said


def test_doctor_tells_files_that_are_not_as_init_writes_them_and_mends_them(
    sandbox: Sandbox,
) -> None:
    sandbox.gitmem("init", "--client", "codex")
    assert f"{RULE_FILE}: as this version writes it" in sandbox.gitmem("doctor").out
    sandbox.write(RULE_FILE, SHIPPED.splitlines()[0] + "\n")

    said = sandbox.gitmem("doctor").out

    assert f"{RULE_FILE} is not as this version writes it" in said
    assert f"wrote {RULE_FILE}" in sandbox.gitmem("doctor", "--fix").out
    assert sandbox.read(RULE_FILE) == SHIPPED

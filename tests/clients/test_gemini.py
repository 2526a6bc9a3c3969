"""Gemini CLI: every recorded payload, the answers, the files that are written, and the size of the context."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.bootstrap import assets
from gitmem.clients.gemini import context_size
from gitmem.clients.gemini.adapter import CLIENT
from gitmem.clients.gemini.wiring import HOOKS, POLICY, wiring, with_names, without
from gitmem.core.failures import NeedsPerson
from gitmem.session import boundary
from tests.install.test_undo import FILES
from tests.support.hooks import ledger
from tests.support.payloads import ODD, Payloads
from tests.support.sandbox import PATIENCE, Sandbox

RECORDED = Payloads(folder="gemini")
payload = RECORDED.read
SETTINGS = ".gemini/settings.json"
KINDS = {
    "SessionStart": boundary.BOOT,
    "BeforeAgent": boundary.PROMPT,
    "BeforeTool": boundary.BEFORE,
    "AfterTool": boundary.TOOL,
    "AfterAgent": boundary.TURN_END,
    "SessionEnd": boundary.END,
    "PreCompress": boundary.OTHER,
}
FAILED = {
    "AfterTool.read_file.failed",
    "AfterTool.run_shell_command.failed",
    "AfterTool.run_shell_command.not_found",
}


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_an_event_with_its_session(name: str) -> None:
    body = payload(name)

    event = CLIENT.parse(body, "", {"GEMINI_PROJECT_DIR": "/home/dev/demo"})

    expected = boundary.FAILURE if name in FAILED else KINDS[body["hook_event_name"]]
    assert event.kind == expected
    assert event.client == "gemini"
    assert event.session == body["session_id"]
    assert event.cwd == event.project == "/home/dev/demo"
    assert event.agent == ""


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("AfterTool.run_shell_command", ("Bash", "ls")),
        ("BeforeTool.run_shell_command", ("Bash", "ls")),
        ("AfterTool.read_file", ("Read", "a.txt")),
        ("AfterTool.replace", ("Edit", "a.txt")),
        ("BeforeTool.write_file", ("Write", "b.txt")),
        ("AfterTool.update_topic", ("update_topic", "")),
    ],
)
def test_a_call_has_the_name_that_guards_know_and_what_it_is_about(
    name: str, call: tuple[str, str]
) -> None:
    assert list(CLIENT.parse(payload(name), "").calls) == [call]


@pytest.mark.parametrize(
    ("tool", "named"),
    [
        ("web_fetch", "WebFetch"),
        ("google_web_search", "WebSearch"),
        ("mcp_tracker_list_issues", "mcp__tracker__list_issues"),
        ("mcp_gitmem_flag", "mcp__gitmem__flag"),
        ("read_mcp_resource", "ReadMcpResource"),
    ],
)
def test_what_brings_text_of_strangers_has_the_name_that_the_policy_knows(
    tool: str, named: str
) -> None:
    body = {**payload("AfterTool.run_shell_command"), "tool_name": tool}

    assert CLIENT.parse(body, "").calls[0][0] == named


@pytest.mark.parametrize(
    ("name", "done"),
    [
        ("AfterTool.update_topic", boundary.CHAPTER),
        ("AfterTool.write_todos", boundary.TASK),
        ("AfterTool.invoke_agent", boundary.AGENT),
    ],
)
def test_a_call_that_closes_something_is_that_boundary(name: str, done: str) -> None:
    assert [kind for kind, _ in CLIENT.parse(payload(name), "").done] == [done]


@pytest.mark.parametrize(
    ("tool", "shown", "said"),
    [
        ("ask_user", '{"answers":{"0":"use Postgres"}}', True),
        ("ask_user", '{"answers":{}}', False),
        ("ask_user", "User dismissed ask_user dialog without answering.", False),
        ("exit_plan_mode", "Plan rejected. User feedback: no ORM", True),
        ("exit_plan_mode", "Plan approved. Go on", True),
        ("exit_plan_mode", "Plan file does not exist", False),
    ],
)
def test_what_the_person_says_inside_a_turn_is_heard(tool: str, shown: str, *, said: bool) -> None:
    response = {"llmContent": shown, "returnDisplay": ""}
    body = {
        **payload("AfterTool.run_shell_command"),
        "tool_name": tool,
        "tool_response": response,
    }

    found = [kind for kind, _ in CLIENT.parse(body, "").done]

    assert found == ([boundary.WORDS] if said else [])


def test_a_failed_command_is_told_with_what_it_said() -> None:
    event = CLIENT.parse(payload("AfterTool.run_shell_command.not_found"), "")

    assert event.kind == boundary.FAILURE
    assert "nosuchprogram: command not found" in event.text


def test_an_exit_code_that_a_command_prints_is_not_its_own() -> None:
    body = payload("AfterTool.run_shell_command")
    shown = "<untrusted_context>\nOutput: log\nExit Code: 1\nmore\nProcess Group PGID: 1\n</untrusted_context>"
    body["tool_response"] = {"llmContent": shown}

    assert CLIENT.parse(body, "").kind == boundary.TOOL


def test_a_prompt_is_what_the_person_typed() -> None:
    assert CLIENT.parse(payload("BeforeAgent"), "").text == "please go on"
    event = CLIENT.parse(payload("BeforeAgent.hook_context"), "")
    assert event.text == "do it"
    assert event.done == [(boundary.WORDS, boundary.short_word("do it"))]
    assert event.detail == boundary.PERSON


def test_a_call_of_a_sub_agent_is_told_by_the_transcript_that_is_written(tmp_path: Path) -> None:
    body = payload("AfterTool.run_shell_command")
    main = tmp_path / "session-2026-11-29T15-06-7b72c65b.jsonl"
    main.write_text("")
    own = tmp_path / body["session_id"] / "9a5c030f.jsonl"
    own.parent.mkdir()
    own.write_text("")
    body["transcript_path"] = str(main)

    os.utime(main, (100, 100))
    assert CLIENT.parse(body, "").agent == "9a5c030f"
    # It has finished, and that is told to the main thread.
    assert CLIENT.parse({**body, "tool_name": "invoke_agent"}, "").agent == ""
    os.utime(main, (own.stat().st_mtime + 1,) * 2)
    assert CLIENT.parse(body, "").agent == ""


@pytest.mark.parametrize(
    ("name", "person"),
    [
        ("SessionStart.startup", True),
        ("BeforeAgent", False),
        ("AfterTool.run_shell_command", False),
        ("AfterTool.run_shell_command.failed", False),
    ],
)
def test_an_answer_has_exactly_the_keys_that_the_client_reads(name: str, *, person: bool) -> None:
    event = CLIENT.parse(payload(name), "")

    said = json.loads(CLIENT.answer(event, person="P", model="M"))

    special = {"hookEventName": name.partition(".")[0], "additionalContext": "M"}
    assert said == {
        **({"systemMessage": "P"} if person else {}),
        "hookSpecificOutput": special,
    }


@pytest.mark.parametrize(
    "name", ["AfterAgent", "SessionEnd.exit", "PreCompress.auto", "BeforeTool.run_shell_command"]
)
def test_where_words_would_be_dropped_nothing_is_said(name: str) -> None:
    event = CLIENT.parse(payload(name), "")

    assert CLIENT.answer(event, person="P", model="M", ask="A") == ""


def test_a_call_is_denied_with_its_reason() -> None:
    event = CLIENT.parse(payload("BeforeTool.run_shell_command"), "")

    assert event.can_hold
    said = json.loads(CLIENT.answer(event, person="", model="", hold="L"))
    assert said == {"decision": "deny", "reason": "L"}


@given(
    st.dictionaries(
        st.sampled_from(["hook_event_name", "tool_name", "tool_input", "tool_response", "session_id",
                         "cwd", "prompt", "transcript_path", "timestamp"]),
        ODD | st.dictionaries(st.sampled_from(["command", "file_path", "todos", "title", "llmContent", "error"]),
                          st.none() | st.text() | st.integers() | st.lists(st.none() | st.dictionaries(
                              st.sampled_from(["status", "description"]), st.none() | st.text()))),
    ),
    st.sampled_from([*KINDS, "", "Other"]),
    st.sampled_from(["", "run_shell_command", "update_topic", "write_todos", "invoke_agent", "mcp_", "mcp_a"]),
)  # fmt: skip
def test_a_payload_of_any_shape_is_an_event(body: dict[str, Any], name: str, tool: str) -> None:
    event = CLIENT.parse({"tool_name": tool, **body}, name)

    assert isinstance(event.session, str)
    assert all(isinstance(text, str) for call in event.calls for text in call)
    CLIENT.answer(event, person="P", model="M", hold="H")


def test_the_size_of_the_context_is_that_of_the_last_answer(tmp_path: Path) -> None:
    def row(tokens: object, at: str, model: str = "gemini-2.5-pro") -> str:
        told = {"type": "gemini", "timestamp": at, "tokens": {"total": tokens}, "model": model}
        return json.dumps(told)

    path = tmp_path / "session.jsonl"
    rows = [row(100, "A"), row(5_000, "B"), '{"$set":{"tokens":1}}', row("x", "C"), '{"tokens"']
    path.write_text("\n".join(rows), encoding="utf-8")

    assert context_size.size(str(path)) == (5_000, "B", 524_288)
    long = json.dumps({"type": "user", "content": "x" * 100_000})
    path.write_text("\n".join([*rows, long]), encoding="utf-8")
    assert context_size.size(str(path)) == (5_000, "B", 524_288)
    path.write_text(row(7, "A", "gemma-4-31b-it"), encoding="utf-8")
    assert context_size.size(str(path)) == (7, "A", 128_000)
    assert context_size.size(str(tmp_path / "none.jsonl")) == (0, "", 0)
    assert context_size.size(str(tmp_path)) == (0, "", 0)


@pytest.mark.parametrize(
    ("before", "names"),
    [
        ("{}", ["AGENTS.md", "GEMINI.md"]),
        ('{"context": {"x": 1}}', ["AGENTS.md", "GEMINI.md"]),
        ('{"context": {"fileName": "CONTEXT.md"}}', ["CONTEXT.md", "AGENTS.md"]),
        ('{"context": {"fileName": "AGENTS.md"}}', "AGENTS.md"),
        ('{"context": {"fileName": ["A.md", "GEMINI.md"]}}', ["A.md", "GEMINI.md", "AGENTS.md"]),
        ('{"context": {"fileName": ["AGENTS.md"]}}', ["AGENTS.md"]),
        ('{"context": {"fileName": []}}', ["AGENTS.md"]),
    ],
)
def test_the_file_that_announces_the_memory_is_read_beside_the_persons_own(
    before: str, names: object
) -> None:
    text = with_names(before)

    assert json.loads(text)["context"]["fileName"] == names
    assert with_names(text) == text


@pytest.mark.parametrize("text", ['{"context": []}', '{"context": {"fileName": 1}}'])
def test_something_else_than_names_is_left_to_a_person(text: str) -> None:
    with pytest.raises(NeedsPerson, match=r"settings\.json: `context"):
        with_names(text)


@given(FILES)
def test_wiring_twice_changes_nothing_and_unwiring_keeps_what_was_there(text: str | None) -> None:
    file = wiring("Gemini CLI", assets.read).files[0]

    wired = file.wire(text)

    assert file.wire(wired) == wired
    before = json.loads((text or "").removeprefix("\ufeff").strip() or "{}")
    left = json.loads((without(wired) or "{}").removeprefix("\ufeff"))
    # Hooks that hold nothing may go with what was put into them; `uninstall` gives the very bytes back.
    for found in (before, left):
        found.pop("hooks", None)
    assert left == before


def test_init_writes_what_gemini_reads(sandbox: Sandbox) -> None:
    sandbox.write(
        SETTINGS, '{ "context": {"fileName": "CONTEXT.md"},"hooks": {"AfterTool": [ ] } }\n'
    )

    sandbox.gitmem("init", "--client", "gemini")

    written = json.loads(sandbox.read(SETTINGS))
    assert set(written["hooks"]) == set(json.loads(assets.read(HOOKS))["hooks"])
    for event, groups in written["hooks"].items():
        (handler,) = groups[0]["hooks"]
        assert handler["name"] == "gitmem"
        assert f"gitmem hook gemini {event}" in handler["command"]
        assert handler["timeout"] >= 5_000  # milliseconds


def test_a_file_with_comments_keeps_them(sandbox: Sandbox) -> None:
    mine = "{\n  // mine\n}\n"
    sandbox.write(SETTINGS, mine)

    sandbox.gitmem("init", "--client", "gemini")

    assert "// mine" in sandbox.read(SETTINGS)
    assert "gitmem hook gemini" in sandbox.read(SETTINGS)
    sandbox.gitmem("uninstall")
    assert sandbox.read(SETTINGS) == mine


def test_tools_are_never_allowed_in_the_repository(sandbox: Sandbox) -> None:
    sandbox.gitmem("init", "--client", "all")
    sandbox.gitmem("init", "--client", "gemini", "--personal")

    written = json.loads(sandbox.read(SETTINGS))

    assert set(written) == {"context", "hooks"}
    for word in ('"tools"', '"allowed"', '"core"', "trustedFolders", "trusted_hooks"):
        assert word not in sandbox.read(SETTINGS) + assets.read(POLICY) + assets.read(HOOKS)
    assert not (sandbox.path / ".gemini/policies").exists()


def test_a_folder_below_the_top_is_wired_where_init_runs(sandbox: Sandbox) -> None:
    (sandbox.path / "services/api").mkdir(parents=True)

    sandbox.gitmem("init", "--client", "gemini", cwd=sandbox.path / "services/api")

    assert "gitmem hook gemini" in sandbox.read(f"services/api/{SETTINGS}")
    assert "gitmem hook gemini" in sandbox.read(SETTINGS)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ('{"hooksConfig": {"enabled": false}}', "hooksConfig.enabled false"),
        ('{"hooksConfig": {"disabled": ["gitmem"]}}', "disables the hook gitmem"),
    ],
)
def test_hooks_that_are_switched_off_are_named(sandbox: Sandbox, settings: str, said: str) -> None:
    sandbox.write(SETTINGS, settings)

    assert said in sandbox.gitmem("init", "--client", "gemini").err


@pytest.mark.parametrize("name", RECORDED.names)
def test_every_recorded_payload_is_answered_or_passed_over_in_silence(
    sandbox: Sandbox, name: str
) -> None:
    body = {**payload(name), "cwd": str(sandbox.path)}

    done = sandbox.gitmem("hook", "gemini", input=json.dumps(body))

    assert (done.code, done.err) == (0, "")
    if done.out:
        json.loads(done.out)


def answered(sandbox: Sandbox, name: str, **changed: Any) -> str:
    """What a hook says to the model at a recorded payload, as of the sandbox."""
    body = {**payload(name), "cwd": str(sandbox.path), **changed}
    done = sandbox.gitmem("hook", "gemini", input=json.dumps(body))
    assert (done.code, done.err) == (0, "")
    said: dict[str, Any] = json.loads(done.out or "{}")
    return str(said.get("hookSpecificOutput", {}).get("additionalContext", ""))


def test_a_context_that_grew_is_asked_about_after_a_call_and_a_failed_one(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    for name in ("AfterTool.run_shell_command", "AfterTool.run_shell_command.failed"):
        path = tmp_path / f"{name}.jsonl"
        answered(sandbox, "SessionStart.startup", session_id=name)

        def grown(tokens: int, path: Path = path, name: str = name) -> str:
            row = {"type": "gemini", "timestamp": "2099-01-01T00:00:00.000Z"}
            path.write_text(json.dumps({**row, "tokens": {"total": tokens}}) + "\n")
            return answered(sandbox, name, transcript_path=str(path), session_id=name)

        assert [grown(1_000) for _ in range(6)] == [""] * 6

        assert "flag what's durable, now" in grown(100_000)
        assert grown(101_000) == ""


def test_a_commit_of_a_command_that_failed_is_asked_about_at_once(sandbox: Sandbox) -> None:
    sandbox.git("commit", "--allow-empty", "-m", "chapter")

    assert "after git commit: flag" in answered(sandbox, "AfterTool.run_shell_command.failed")
    assert answered(sandbox, "AfterTool.run_shell_command") == ""


def test_what_the_model_flags_by_itself_is_not_asked_for_again(sandbox: Sandbox) -> None:
    answered(sandbox, "BeforeAgent")
    for _ in range(6):
        answered(sandbox, "AfterTool.run_shell_command")
    given = {"command": "gitmem flag 'Tests need Postgres'"}
    assert answered(sandbox, "AfterTool.run_shell_command", tool_input=given) == ""
    answered(sandbox, "AfterAgent")

    assert answered(sandbox, "BeforeAgent", prompt="next") == ""


def test_a_guard_that_would_ask_the_person_is_said_once_with_the_result(sandbox: Sandbox) -> None:
    guard = {"tool": "Bash", "match": "make release", "lesson": "Build first.", "mode": "ask"}
    sandbox.commit("guard", {".gitmem/guards.jsonl": json.dumps(guard) + "\n"})
    given = {"command": "make release"}

    assert answered(sandbox, "BeforeTool.run_shell_command", tool_input=given) == ""
    assert "Build first." in answered(sandbox, "AfterTool.run_shell_command", tool_input=given)

    guarded = [(one["event"], one["did"]) for one in ledger(sandbox) if "guarded" in one["did"]]
    assert [event for event, _ in guarded] == ["AfterTool"]


@pytest.mark.parametrize("event", sorted(json.loads(assets.read(HOOKS))["hooks"]))
def test_without_gitmem_a_hook_is_silent_and_ends_well(sandbox: Sandbox, event: str) -> None:
    (group,) = json.loads(assets.read(HOOKS))["hooks"][event]
    (handler,) = group["hooks"]

    done = subprocess.run(
        ["/bin/sh", "-c", handler["command"]],
        cwd=sandbox.path,
        env={"PATH": "/usr/bin:/bin"},
        input="{}",
        capture_output=True,
        check=False,
        text=True,
        timeout=PATIENCE,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")

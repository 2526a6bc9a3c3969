"""Who runs the hook: a settings file or a plugin, Claude Code or a client that reads its settings."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gitmem.clients import registry
from tests.support.hooks import ledger
from tests.support.queues import folder_of
from tests.support.sandbox import Result, Sandbox

DATA = Path(__file__).parents[1] / "data"
COPILOT = {"COPILOT_CLI": "1"}
PLUGIN = {"CLAUDE_PLUGIN_ROOT": "/plugins/gitmem"}


def recorded(name: str, sandbox: Sandbox, **changes: object) -> dict[str, Any]:
    payload: dict[str, Any] = json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))
    return {**payload, "cwd": str(sandbox.path), **changes}


def fire(sandbox: Sandbox, payload: dict[str, Any], **environment: str) -> Result:
    done = sandbox.gitmem(
        "hook",
        "claude-code",
        payload["hook_event_name"],
        input=json.dumps(payload),
        env=environment,
    )
    assert (done.code, done.err) == (0, "")
    return done


@pytest.mark.parametrize(
    ("environ", "payload", "found"),
    [
        ({}, {"session_id": "s"}, "claude-code"),
        (COPILOT, {"session_id": "s"}, "copilot"),
        ({}, {"session_id": "s", "timestamp": "t"}, "copilot"),
        ({"CURSOR_VERSION": "2"}, {"session_id": "s"}, "cursor"),
        ({}, {"conversation_id": "c"}, "cursor"),
        ({**COPILOT, "CLAUDE_CODE_SESSION_ID": "s"}, {"session_id": "s"}, "claude-code"),
        ({**COPILOT, "CLAUDE_CODE_SESSION_ID": "of another"}, {"session_id": "s"}, "copilot"),
    ],
)
def test_the_client_is_told_by_environment_and_payload(
    environ: dict[str, str], payload: dict[str, object], found: str
) -> None:
    client = registry.running("claude-code", payload, environ)

    assert client is not None
    assert client.name == found


def test_copilot_gets_the_boot_words_in_its_own_shape(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")

    done = fire(sandbox, recorded("copilot-claude/SessionStart", sandbox), **COPILOT)

    answer = json.loads(done.out)
    assert list(answer) == ["additionalContext"]
    assert "1 flag waits undrained" in answer["additionalContext"]
    assert ledger(sandbox)[-1]["client"] == "copilot"


def test_copilot_is_nudged_once_after_the_call_that_committed(sandbox: Sandbox) -> None:
    call = recorded("copilot-claude/PostToolUse", sandbox)
    sandbox.git("commit", "--quiet", "--allow-empty", "--message", "a chapter")

    first, second = fire(sandbox, call, **COPILOT), fire(sandbox, call, **COPILOT)

    assert list(json.loads(first.out)) == ["additionalContext"]
    assert "gitmem, after git commit" in first.out
    assert second.out == ""


@pytest.mark.parametrize("event", ["Stop", "SessionEnd"])
def test_copilot_is_told_nothing_where_it_would_be_dropped(event: str, sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")

    assert fire(sandbox, recorded(f"copilot-claude/{event}", sandbox), **COPILOT).out == ""


def test_plugin_and_settings_file_answer_once_and_write_one_line(sandbox: Sandbox) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    boot = recorded("claude-code/SessionStart.startup", sandbox)

    said = [fire(sandbox, boot, **environment).out for environment in ({}, PLUGIN, PLUGIN, {})]

    assert [bool(words) for words in said] == [True, False, True, False]
    assert len(ledger(sandbox)) == 2


def test_a_plugin_does_nothing_in_a_repository_that_never_heard_of_gitmem(
    sandbox: Sandbox,
) -> None:
    boot = recorded("claude-code/SessionStart.startup", sandbox)

    assert fire(sandbox, boot, **PLUGIN).out == ""
    assert not folder_of(sandbox).exists()

    sandbox.gitmem("init")
    fire(sandbox, boot, **PLUGIN)
    assert len(ledger(sandbox)) == 1

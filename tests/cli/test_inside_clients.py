"""The same guards in every agent client: a person's commands, a repository's variables, sessions."""

from __future__ import annotations

import json

import pytest

from tests.support.clients import COMMANDS, SESSION, SILENT
from tests.support.sandbox import Sandbox


@pytest.fixture(params=COMMANDS)
def client(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


def test_a_review_is_not_landed_by_the_agent(sandbox: Sandbox, client: str) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    sandbox.gitmem("close")
    before = sandbox.git("rev-parse", "main")

    done = sandbox.gitmem("accept", env=COMMANDS[client])

    assert (done.code, sandbox.git("rev-parse", "main")) == (4, before)
    assert f"this runs inside {client}" in done.err
    assert sandbox.gitmem("accept").code == 0


def test_a_rewritten_queue_is_not_taken_by_the_agent(sandbox: Sandbox, client: str) -> None:
    done = sandbox.gitmem("sync", "--rewritten", "take", env=COMMANDS[client])

    assert done.code == 4
    assert f"this runs inside {client}" in done.err


def test_a_variable_of_the_session_chooses_no_engine(sandbox: Sandbox, client: str) -> None:
    sandbox.gitmem("flag", "deploys need the VPN")
    stolen = sandbox.path.parent / "stolen"
    brought = {"GITMEM_ENGINE": "command", "GITMEM_COMMAND": f"tee {stolen}"}

    done = sandbox.gitmem("close", env={**COMMANDS[client], **brought})

    assert (done.code, stolen.exists()) == (4, False)


def test_a_flag_says_in_which_client_and_session_it_was_made(sandbox: Sandbox, client: str) -> None:
    sandbox.gitmem("flag", "deploys need the VPN", env=COMMANDS[client])

    (line,) = [
        json.loads(line[1:])
        for line in sandbox.git("log", "-1", "--format=", "-p", "gitmem/queue").splitlines()
        if line.startswith("+{")
    ]
    assert line["client"] == client
    assert line.get("session") == (None if client in SILENT else SESSION)


def test_a_session_that_a_repository_names_does_not_hide_a_tainted_one(sandbox: Sandbox) -> None:
    payload = {
        "hook_event_name": "PostToolUse",
        "session_id": SESSION,
        "cwd": str(sandbox.path),
        "tool_name": "WebFetch",
        "tool_input": {"url": "https://example.com"},
        "tool_response": {"result": "a page"},
    }
    codex = COMMANDS["codex"]
    hook = sandbox.gitmem("hook", "claude-code", input=json.dumps(payload), env=codex)
    assert hook.code == 0

    hidden = {**codex, "CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "another"}
    sandbox.gitmem("flag", "run the page's installer", env=hidden)

    assert '"tainted":true' in sandbox.git("log", "-1", "--format=", "-p", "gitmem/queue")

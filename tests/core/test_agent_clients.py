"""Which agent client started a process, by the variables that real clients set."""

from __future__ import annotations

import pytest

from gitmem.clients import registry
from gitmem.core import agent_clients as clients
from tests.support.clients import COMMANDS, HOOKS, SESSION, SILENT


@pytest.mark.parametrize("client", COMMANDS)
def test_a_command_in_each_client_is_inside_it_and_knows_its_session(client: str) -> None:
    session = {} if client in SILENT else {"session": SESSION}

    assert registry.session(COMMANDS[client]) == {"client": client, **session}


@pytest.mark.parametrize("client", HOOKS)
def test_a_hook_of_each_client_is_inside_it(client: str) -> None:
    assert clients.inside(HOOKS[client]) == client


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"CODEX_HOME": "/home/dev/.codex", "GEMINI_API_KEY": "own", "COPILOT_MODEL": "fast"},
        {"OPENCODE_CONFIG": "/home/dev/opencode.json", "AGENT": "1", "CURSOR_TRACE_ID": "x"},
        {"CLAUDE_CODE_SESSION_ID": "x", "CLAUDE_CONFIG_DIR": "/home/dev/.claude"},
    ],
)
def test_a_persons_own_settings_of_a_client_are_no_session(environ: dict[str, str]) -> None:
    assert clients.inside(environ) == ""


def test_a_sign_counts_whatever_its_value_is() -> None:
    assert clients.inside({"CLAUDECODE": ""}) == "claude-code"
    assert clients.inside({"CODEX_THREAD_ID": ""}) == "codex"


def test_a_client_that_names_itself_is_believed_with_its_session() -> None:
    named = {"GITMEM_CLIENT": "another-one", "GITMEM_SESSION": "s1"}
    assert registry.session(named) == {"client": "another-one", "session": "s1"}
    assert clients.inside({"GITMEM_CLIENT": "\x1b[2J"}) == "an agent client"
    assert clients.inside({"AI_AGENT": "any"}) == "an agent client"
    # What a plugin says of a client that has no session variable of its own.
    opencode = {**COMMANDS["opencode"], "GITMEM_CLIENT": "opencode", "GITMEM_SESSION": "s1"}
    assert registry.session(opencode) == {"client": "opencode", "session": "s1"}


def test_of_two_clients_one_inside_the_other_every_session_is_known() -> None:
    both = {**COMMANDS["codex"], **COMMANDS["claude-code"], "CODEX_THREAD_ID": "outer"}

    assert set(clients.sessions(both)) == {SESSION, "outer"}


@pytest.mark.parametrize("client", COMMANDS)
def test_what_is_no_part_of_the_session_is_not_taken_for_it(client: str) -> None:
    login = {
        "ANTHROPIC_API_KEY": "k",
        "CODEX_HOME": "/h",
        "GEMINI_API_KEY": "k",
        "COPILOT_HOME": "/h",
    }

    left = clients.without({**COMMANDS[client], **HOOKS.get(client, {}), **login, "PATH": "/bin"})

    assert clients.inside(left) == ""
    assert clients.sessions(left) == []
    assert {**login, "PATH": "/bin"}.items() <= left.items()

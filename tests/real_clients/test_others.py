"""Each real client beside Claude Code: what every one of them must do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.real_clients.others import PROGRAMS
from tests.real_clients.wire import Turn, WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client


def shell(client: str, command: str) -> Turn:
    """A call of the client's shell tool."""
    named: dict[str, tuple[str, dict[str, Any]]] = {
        "codex": ("exec_command", {"cmd": command, "yield_time_ms": 10_000}),
        "gemini": ("run_shell_command", {"command": command}),
        "opencode": ("bash", {"command": command, "description": "work"}),
        "copilot": ("bash", {"command": command, "description": "work", "initial_wait": 30}),
        "qwen": ("run_shell_command", {"command": command, "is_background": False}),
    }
    tool, given = named[client]
    return Turn(tool=tool, given=given)


#: What a client needs so that its shell may write into the git directory.
OPEN = {"codex": ("-s", "danger-full-access")}


@pytest.mark.ability("each", "flag", "accept refused")
@pytest.mark.parametrize("client", PROGRAMS)
def test_a_flag_of_the_agent_lands_and_accept_is_refused(
    sandbox: Sandbox, tmp_path: Path, client: str
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    sandbox.gitmem("flag", "Deploys go out on Tuesdays")
    sandbox.gitmem("close", "--engine", "verbatim")
    turns = [
        shell(client, "gitmem flag 'Tests need Postgres'"),
        shell(client, "gitmem accept; echo code=$?"),
    ]
    with WireModel(turns=turns) as model:
        done = PROGRAMS[client].run(sandbox, home, model, "go on", arguments=OPEN.get(client, ()))

    assert len(model.main) >= 3, done
    assert "flagged " in model.main[1].text, done
    assert "code=4" in model.main[2].text, done
    flags = json.loads(sandbox.gitmem("log", "--json").out)
    assert [flag["text"] for flag in flags if flag["state"] == "undrained"] == [
        "Tests need Postgres"
    ]

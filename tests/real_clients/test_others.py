"""Each real client beside Claude Code: what every one of them must do."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_clients.evidence import undrained
from tests.real_clients.others import PROGRAMS
from tests.real_clients.wire import WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client


@pytest.mark.ability("each", "flag", "accept refused")
@pytest.mark.parametrize("client", PROGRAMS)
def test_a_flag_of_the_agent_lands_and_accept_is_refused(
    sandbox: Sandbox, home: Path, client: str
) -> None:
    program = PROGRAMS[client]
    sandbox.gitmem("flag", "Deploys go out on Tuesdays")
    sandbox.gitmem("close", "--engine", "verbatim")
    turns = [
        program.shell("gitmem flag 'Tests need Postgres'"),
        program.shell("gitmem accept; echo code=$?"),
    ]
    with WireModel(turns=turns) as model:
        done = program.run(sandbox, home, model, "go on", arguments=program.unsandboxed)

    assert len(model.main) >= 3, done
    assert "flagged " in model.main[1].text, done
    assert "code=4" in model.main[2].text, done
    assert [flag["text"] for flag in undrained(sandbox)] == ["Tests need Postgres"]


@pytest.mark.parametrize("client", ["codex", "gemini", "copilot"])
def test_a_commit_early_in_a_command_is_asked_about_where_no_hook_is_told_how_long_it_took(
    sandbox: Sandbox, home: Path, client: str
) -> None:
    program = PROGRAMS[client]
    sandbox.wire("--client", client)
    turns = [program.shell("git commit -q --allow-empty -m chapter && sleep 4"), *program.idle(1)]

    with WireModel(turns=turns) as model:
        done = program.run(sandbox, home, model, "go on", arguments=program.unsandboxed)

    assert model.told("after git commit: flag what's durable, now") == [0, 1, 1], done

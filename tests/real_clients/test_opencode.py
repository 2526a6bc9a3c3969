"""The real OpenCode after `gitmem init --client opencode`: what reached its model, read from the request bodies."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_clients.evidence import ledger, queued
from tests.real_clients.others import OPENCODE
from tests.real_clients.wire import Turn, WireModel
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

NUDGE = "flag what's durable, now"


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    assert sandbox.gitmem("init", "--client", "opencode").code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    return sandbox


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


def shell(command: str, tokens: int = 100) -> Turn:
    return Turn(tool="bash", given={"command": command, "description": "work"}, tokens=tokens)


@pytest.mark.ability("opencode", "boot words", "memory index")
def test_a_boot_says_what_waits_and_carries_the_memory_but_not_to_what_names_the_session(
    wired: Sandbox, home: Path
) -> None:
    wired.gitmem("flag", "Integration tests need Postgres", "--topic", "testing")
    wired.gitmem("close", "--engine", "verbatim")
    wired.gitmem("accept")
    wired.gitmem("flag", "Deploys go out on Tuesdays")

    with WireModel(turns=[shell("true")]) as model:
        done = OPENCODE.run(wired, home, model, "hello")

    for request in model.main:
        assert request.text.count("1 flag waits undrained") == 1, done
        assert "- Integration tests need Postgres" in request.text
        assert "read its index, `memory/MEMORY.md`" in request.text  # AGENTS.md
    (title,) = [one for one in model.asked if one.aside]
    assert "waits undrained" not in title.text


@pytest.mark.ability("opencode", "commit", "end mark", "flag", "session id")
def test_a_commit_is_followed_by_one_nudge_a_flag_by_none_and_the_session_by_its_end(
    wired: Sandbox, home: Path
) -> None:
    turns = [
        shell("git commit -q --allow-empty -m chapter"),
        shell("gitmem flag 'Tests need Postgres' --kind gotcha"),
        shell("true"),
    ]

    with WireModel(turns=turns) as model:
        done = OPENCODE.run(wired, home, model, "go on")

    said = [one.text.count(f"after git commit: {NUDGE}") for one in model.main]
    assert said == [0, 1, 1, 1], done
    (flag,) = queued(wired)
    assert flag["text"] == "Tests need Postgres"
    ended = [line for line in ledger(wired) if line.get("did") == "marked end"]
    assert [line["event"] for line in ended] == ["end"]
    assert flag["session"] == ended[0]["session"]
    assert flag["client"] == "opencode"

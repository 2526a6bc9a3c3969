from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_clients.claude import Claude, install
from tests.support.sandbox import Sandbox


@pytest.fixture(scope="session")
def program() -> Path:
    """The client's program; whether it can be installed is asked once."""
    return install()


@pytest.fixture
def claude(program: Path, tmp_path: Path) -> Claude:
    """The installed client, for a person who has never used it."""
    home = tmp_path / "home"
    home.mkdir()
    return Claude(program=program, home=home)


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    """A repository after `gitmem init`, its files committed."""
    assert sandbox.gitmem("init").code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wire gitmem")
    return sandbox

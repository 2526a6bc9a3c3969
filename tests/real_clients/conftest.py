from __future__ import annotations

from pathlib import Path

import pytest

from tests.real_clients.claude import Claude, install


@pytest.fixture(scope="session")
def program() -> Path:
    """The client's program; whether it can be installed is asked once."""
    return install()


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """The home of a person who has never used a client."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def claude(program: Path, home: Path) -> Claude:
    """The installed client, for that person."""
    return Claude(program=program, home=home)

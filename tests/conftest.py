"""Every test is sealed off from the machine it runs on, and gets real repositories."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from tests.support.sandbox import Sandbox
from tests.support.seal import FOUND, refuse_network, seal
from tests.support.server import Server, serve

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("deep", max_examples=5_000, deadline=None)
settings.load_profile("deep" if FOUND.get("GITMEM_HYPOTHESIS") == "deep" else "steady")


def pytest_xdist_auto_num_workers() -> int:
    """Return how many workers `--numprocesses auto` starts.

    A worker waits a third of its time: for a server on loopback, a pause, a process that it started.
    """
    cores = os.cpu_count() or 1
    return cores + (cores + 1) // 2


@pytest.fixture(autouse=True)
def _sealed(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    seal(monkeypatch, tmp_path_factory.mktemp("home"))
    refuse_network(monkeypatch)


@pytest.fixture
def empty_sandbox(tmp_path: Path) -> Sandbox:
    """A repository on the unborn branch main."""
    path = tmp_path.resolve() / "repository"
    path.mkdir()
    sandbox = Sandbox(path)
    sandbox.git("init", "--quiet")
    return sandbox


@pytest.fixture
def sandbox(empty_sandbox: Sandbox) -> Sandbox:
    """A repository with one commit on main."""
    empty_sandbox.commit("start", {"README.md": "# A project\n"})
    return empty_sandbox


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    """A repository after `gitmem init`, its files committed."""
    return sandbox.wire()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """A bare repository behind a real git server on loopback."""
    with serve(tmp_path) as found:
        yield found

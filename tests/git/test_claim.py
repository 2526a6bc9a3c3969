"""One landing at a time; what a killed one left is cleared, and nothing of anybody else's."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from gitmem.git import repository
from gitmem.git.claim import Busy, Claim
from gitmem.git.repository import Repository
from tests.support.sandbox import Sandbox


@pytest.fixture
def repo(sandbox: Sandbox) -> Repository:
    return repository.discover(str(sandbox.path), os.environ)


def die_holding(repo: Repository, then: str = "") -> None:
    """A process that is killed while it holds the claim."""
    code = (
        "import os, signal, sys\n"
        "from gitmem.git import repository\n"
        "from gitmem.git.claim import Claim\n"
        "repo = repository.discover(sys.argv[1], os.environ)\n"
        f"with Claim(repo) as claim:\n    {then or 'pass'}\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, repo.top], check=False)
    assert done.returncode == -9


def _until_its_clock_moves(file: Path) -> None:
    """Until the file system gives a later time than the file's: it counts in steps."""
    probe = file.with_name(file.name + ".probe")
    while True:
        probe.touch()
        if probe.stat().st_mtime_ns > file.stat().st_mtime_ns:
            return


def test_a_second_claim_waits_and_then_says_who_is_at_work(
    repo: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitmem.git.claim._WAIT", 0.05)
    with Claim(repo), pytest.raises(Busy, match="another gitmem close or accept"), Claim(repo):
        pass

    with Claim(repo):
        pass


def test_a_claim_that_was_killed_is_free_at_once_and_its_files_are_swept(repo: Repository) -> None:
    die_holding(repo, "open(claim.folder + '/index', 'w').close()")
    assert [path.name for path in Path(repo.folder, "landing").iterdir()] == ["index"]

    with Claim(repo, wait=0.0) as claim:
        assert not list(Path(claim.folder).iterdir())

    assert Path(repo.folder, "land.lock").read_bytes() == b""


def test_a_lock_is_cleared_only_when_a_killed_run_can_have_left_it(
    repo: Repository, tmp_path: Path
) -> None:
    older, left, later = (tmp_path / name for name in ("older.lock", "left.lock", "later.lock"))
    older.touch()
    past = older.stat().st_mtime - 5
    os.utime(older, (past, past))
    die_holding(repo)
    left.touch()
    later.touch()
    future = later.stat().st_mtime + 120
    os.utime(later, (future, future))

    with Claim(repo) as claim:
        claim.clear(str(older), str(left), str(later), str(tmp_path / "none.lock"))

    assert sorted(path.name for path in tmp_path.glob("*.lock")) == ["later.lock", "older.lock"]


def test_after_an_orderly_end_no_lock_is_anybodys_but_its_owners(
    repo: Repository, tmp_path: Path
) -> None:
    with Claim(repo):
        pass
    lock = tmp_path / "x.lock"
    lock.touch()

    with Claim(repo) as claim:
        claim.clear(str(lock))

    assert lock.exists()


def test_a_second_kill_does_not_hide_what_the_first_one_left(
    repo: Repository, tmp_path: Path
) -> None:
    die_holding(repo)
    lock = tmp_path / "x.lock"
    lock.touch()
    _until_its_clock_moves(lock)
    die_holding(repo)

    with Claim(repo) as claim:
        claim.clear(str(lock))

    assert not lock.exists()


def test_a_git_child_that_outlives_its_killed_starter_keeps_the_claim(
    repo: Repository, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    shim = tmp_path / "bin" / "git"
    shim.parent.mkdir()
    begun, may_end = tmp_path / "begun", tmp_path / "may-end"
    os.mkfifo(begun)
    os.mkfifo(may_end)
    # Opening a pipe waits until somebody opens its other end.
    shim.write_text(f"#!/bin/sh\n: >'{begun}'\nread line <'{may_end}'\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    code = f"repo.git('version') if os.fork() == 0 else open({str(begun)!r}).close()"
    die_holding(repo, code)
    with monkeypatch.context() as patch, may_end.open("w"):
        patch.setattr("gitmem.git.claim._WAIT", 0.05)
        with pytest.raises(Busy), Claim(repo):
            pass

    with Claim(repo):  # waits until the child is gone
        pass

"""Locks and small files of gitmem's own."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from gitmem.git import local


def test_a_lock_keeps_others_out_until_it_is_released(tmp_path: Path) -> None:
    path = str(tmp_path / "lock")
    held, other = local.Lock(path), local.Lock(path)

    assert held.attempt()
    assert not other.attempt()
    held.release()
    assert other.attempt()
    other.release()


def test_releasing_frees_the_lock_although_somebody_inherited_it(tmp_path: Path) -> None:
    """A reference-transaction hook may leave a process running; it must not block every flag."""
    held, other = local.Lock(str(tmp_path / "lock")), local.Lock(str(tmp_path / "lock"))
    assert held.attempt()
    with subprocess.Popen(["sleep", "60"], pass_fds=[held.descriptor]) as stray:
        held.release()
        free = other.attempt()
        stray.kill()

    assert free
    other.release()


def test_a_killed_holders_child_still_holds_the_lock(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, os; from gitmem.git.local import Lock; lock = Lock(sys.argv[1]);"
        "lock.attempt(); child = subprocess.Popen(['sleep', '60'], stdout=2, pass_fds=[lock.descriptor]);"
        "print(child.pid, flush=True); os.kill(os.getpid(), 9)"
    )
    path = str(tmp_path / "lock")
    done = subprocess.run(
        [sys.executable, "-c", code, path], stdout=subprocess.PIPE, text=True, check=False
    )
    lock = local.Lock(path)

    assert not lock.attempt(0.05)
    os.kill(int(done.stdout), 9)
    assert lock.attempt(5)
    lock.release()


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "file"
    local.write_whole(str(path), b"old")
    path.with_name("file.new").mkdir()  # the write fails

    with pytest.raises(OSError, match="Is a directory"):
        local.write_whole(str(path), b"new")
    assert path.read_bytes() == b"old"


def test_a_failed_replacement_leaves_no_litter(tmp_path: Path) -> None:
    target = tmp_path / "folder"
    (target / "inside").mkdir(parents=True)

    with pytest.raises(OSError, match="directory"):
        local.write_whole(str(target), b"data", durable=True)
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


def test_files_are_for_whom_the_umask_lets_in(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        local.append(str(tmp_path / "file"), b"x\n", durable=True)
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o600


def test_a_missing_file_reads_as_empty_and_is_forgotten_twice(tmp_path: Path) -> None:
    path = str(tmp_path / "file")

    assert local.read(path) == b""
    with pytest.raises(FileNotFoundError):
        local.read_there(path)
    local.append(path, b"x" * 100_000)
    assert local.read(path) == b"x" * 100_000
    local.forget(path)
    local.forget(path)
    local.make_folder(path)
    local.make_folder(path)

"""Folders for one piece of work, and what is left of those whose makers were killed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from gitmem.git.claim import sweep_temporary, temporary_folder


def killed_in_a_folder(within: Path) -> Path:
    """What a process leaves that was killed while it used one."""
    child = os.fork()
    if not child:
        with temporary_folder(str(within)) as path:
            Path(path, "file").write_text("x", encoding="utf-8")
            os.kill(os.getpid(), signal.SIGKILL)
    os.waitpid(child, 0)
    [left] = within.iterdir()
    return left


def test_a_folder_is_gone_after_its_use_and_after_a_failure_in_it(tmp_path: Path) -> None:
    with temporary_folder(str(tmp_path)) as path:
        assert Path(path).is_dir()
    with pytest.raises(ZeroDivisionError), temporary_folder(str(tmp_path)):
        1 / 0  # noqa: B018 - any failure

    assert list(tmp_path.iterdir()) == []


def test_what_a_killed_process_left_is_removed_by_the_next_one(tmp_path: Path) -> None:
    left = killed_in_a_folder(tmp_path)
    assert (left / "file").exists()

    with temporary_folder(str(tmp_path)) as path:
        assert [str(entry) for entry in tmp_path.iterdir()] == [path]


def test_a_folder_in_use_and_folders_of_others_are_left_alone(tmp_path: Path) -> None:
    mine = tmp_path / "gitmem-notes"
    mine.mkdir()
    (mine / "important").touch()
    link = tmp_path / "gitmem-link"
    (tmp_path / "elsewhere").mkdir()
    link.symlink_to(killed_in_a_folder(tmp_path / "elsewhere"))
    with temporary_folder(str(tmp_path)) as used:
        sweep_temporary(str(tmp_path))

        assert Path(used).is_dir()
        assert (mine / "important").exists()
        assert (link / "file").exists()


def test_an_empty_folder_from_before_its_lock_goes_once_it_is_old(tmp_path: Path) -> None:
    for name, age in (("gitmem-old", 7200), ("gitmem-new", 0)):
        (tmp_path / name).mkdir()
        then = tmp_path.stat().st_mtime - age
        os.utime(tmp_path / name, (then, then))

    sweep_temporary(str(tmp_path))

    assert [path.name for path in tmp_path.iterdir()] == ["gitmem-new"]

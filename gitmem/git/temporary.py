"""Folders for the length of one piece of work; what a killed process leaves, the next one removes.

A folder holds a lock file that its maker keeps locked as long as it lives. One that nobody holds is
litter. Only folders of this user with such a file in them are ever removed.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterator

PREFIX = "gitmem-"
MARK = ".gitmem-in-use"
_BORN = 3600  # seconds after which a folder without a lock file is not just being made


@contextmanager
def folder(within: str = "") -> Iterator[str]:
    """A fresh folder, gone afterwards, in ``within`` (default: the temporary folder). Raises OSError."""
    within = within or tempfile.gettempdir()
    path, lock = _made(within)
    sweep(within)
    try:
        yield path
    finally:
        lock.release()
        shutil.rmtree(path, ignore_errors=True)


def sweep(within: str) -> None:
    """Removes the folders that killed processes of this user left in a folder."""
    try:
        with os.scandir(within) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX)]
        newest = os.stat(within).st_mtime
    except OSError:
        return  # what cannot be listed is not swept; whoever needs the folder says what is wrong
    for name in names:
        _remove(f"{within}/{name}", newest)


def _made(within: str) -> tuple[str, local.Lock]:
    while True:
        path = tempfile.mkdtemp(prefix=PREFIX, dir=within)
        lock = local.Lock(f"{path}/{MARK}")
        try:
            taken = lock.attempt()
        except FileNotFoundError:  # swept before it could be locked
            continue
        except OSError:
            shutil.rmtree(path, ignore_errors=True)
            raise
        if taken and os.path.exists(f"{path}/{MARK}"):
            return path, lock
        lock.release()


def _remove(path: str, newest: float) -> None:
    mark = f"{path}/{MARK}"
    try:
        state = os.lstat(path)
        if not os.path.isdir(path) or os.path.islink(path) or state.st_uid != os.geteuid():
            return
        if not os.path.lexists(mark):
            if newest - state.st_mtime > _BORN:
                os.rmdir(path)  # only an empty one: killed before it had its lock
            return
        if not os.path.isfile(mark) or os.path.islink(mark):
            return
        lock = local.Lock(mark)
        if lock.attempt():
            shutil.rmtree(path, ignore_errors=True)
            lock.release()
    except OSError:
        return  # in use, not empty, or somebody else's: not ours to remove

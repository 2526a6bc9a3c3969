"""What a run holds while it works: the claim on this clone's branches, and temporary folders.

The next run removes what a killed one leaves.
"""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitmem.core.failures import NoProgress
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Self

    from gitmem.git.repository import Repository

_WAIT = 20.0  # seconds; a landing takes one, signing may ask a person for a passphrase
_STILL = 0.02  # seconds; a lock that git holds now is gone or another one after that
_SECOND = 10**9  # nanoseconds
_BESIDE = "beside"
# A temporary folder holds a lock file that its maker keeps locked as long as it lives; one that no process
# holds is litter. Only folders of this user with such a file in them are ever removed.
PREFIX = "gitmem-"
MARK = ".gitmem-in-use"
_BORN = 3600  # seconds after which a folder without a lock file is not just being made


class Busy(NoProgress):
    """Another command of this clone is at the same work."""


class Claim:
    """The right to move people's branches and work trees: one command of a clone at a time.

    It is held from the first object written to the last ref moved. ``folder`` is a place for files of
    gitmem's own, empty at the start. git children inherit the claim, so it lasts as long as any of
    them lives. A killed run leaves its start in the lock file: that tells the next holder a lock that
    its git children left from a foreign one.
    """

    name = "land"
    work = "close or accept"  # the commands that hold it
    longest = 60  # seconds from the start of a run in which its git children make their locks

    __slots__ = ("_lock", "_repo", "_starts", "_wait", "folder")

    def __init__(self, repo: Repository, *, wait: float | None = None) -> None:
        self.folder = f"{repo.folder}/{self.name}ing"
        self._repo = repo
        self._lock = local.Lock(f"{repo.folder}/{self.name}.lock")
        self._starts: list[int] = []
        self._wait = _WAIT if wait is None else wait

    def __enter__(self) -> Self:
        """Take the claim. Raises Busy when another command does not finish in time."""
        local.make_folder(self._repo.folder)
        if not self._lock.attempt(self._wait):
            raise Busy(
                f"another gitmem {self.work} is at work here", hint="run it again after that one"
            )
        try:
            self._begin()
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sweep()
        if kind is None:  # else a killed git child's lock may still be there
            os.ftruncate(self._lock.descriptor, 0)
        self._lock.release()

    def clear(self, *paths: str) -> None:
        """Remove the git lock files that killed runs of gitmem left, and no others."""
        for path in paths:
            left = local.stamp(path)
            reach = self.longest * _SECOND
            if left and any(0 <= left[0] - start <= reach for start in self._starts):
                time.sleep(_STILL)
                if local.stamp(path) == left:
                    local.forget(path)

    def note_beside(self, path: str) -> None:
        """Note a file of gitmem's outside ``folder``: the next run removes what a killed one left there."""
        local.write_whole(f"{self.folder}/{_BESIDE}", os.fsencode(path))

    def _begin(self) -> None:
        descriptor = self._lock.descriptor
        starts = local.read_from(descriptor, 0)
        self._starts = [int(word) for word in starts.split() if word.isdigit()]
        os.utime(descriptor)  # the file system's clock, which also dates the locks
        start = os.fstat(descriptor).st_mtime_ns
        os.pwrite(descriptor, b"%d\n" % start, len(starts))
        os.set_inheritable(descriptor, True)
        local.make_folder(self.folder)
        self._sweep()

    def _sweep(self) -> None:
        named = os.fsdecode(local.read(f"{self.folder}/{_BESIDE}"))
        if named.endswith(".gitmem"):
            local.forget(named)
        for name in os.listdir(self.folder):
            local.forget(f"{self.folder}/{name}")


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino


@contextmanager
def temporary_folder(within: str = "") -> Iterator[str]:
    """Make a folder in ``within`` (default: the system's temporary folder) and remove it afterwards.

    Raises OSError.
    """
    import shutil
    import tempfile  # what only looks needs neither

    within = within or tempfile.gettempdir()
    path, lock = _made(within)
    sweep_temporary(within)
    try:
        yield path
    finally:
        lock.release()
        shutil.rmtree(path, ignore_errors=True)


def sweep_temporary(within: str) -> None:
    """Remove the folders that killed processes of this user left in ``within``."""
    try:
        with os.scandir(within) as entries:
            names = [entry.name for entry in entries if entry.name.startswith(PREFIX)]
        newest = os.stat(within).st_mtime
    except OSError:
        return  # what cannot be listed is not swept; who needs the folder says what is wrong
    for name in names:
        _remove(f"{within}/{name}", newest)


def _made(within: str) -> tuple[str, local.Lock]:
    import shutil
    import tempfile

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
            import shutil

            shutil.rmtree(path, ignore_errors=True)
            lock.release()
    except OSError:
        return  # in use, not empty, or another user's

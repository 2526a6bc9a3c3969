"""One command of this clone at a time moves the branches of people and their work trees."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gitmem.core.errors import NoProgress
from gitmem.git import local

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from gitmem.git.repository import Repository

_WAIT = 20.0  # seconds; a landing takes one, signing may ask a person for a passphrase
_STILL = 0.02  # seconds; a lock that git holds now is gone or another one after that
_SECOND = 10**9  # nanoseconds
_BESIDE = "beside"


class Busy(NoProgress):
    """Another command of this clone is at the same work."""


class Claim:
    """The right to land, held from the first object written to the last ref moved.

    ``folder`` is a place for files of our own, empty at the start. git children inherit the claim,
    so it is held as long as any of them lives. A run that is killed leaves its start in the lock
    file: so the next holder can tell a lock that its git children left behind from a foreign one.
    """

    name = "land"
    work = "close or accept"  # of those that hold it
    longest = 60  # seconds after its begin in which a run's git children make their locks

    __slots__ = ("_lock", "_repo", "_starts", "_wait", "folder")

    def __init__(self, repo: Repository, *, wait: float | None = None) -> None:
        self.folder = f"{repo.folder}/{self.name}ing"
        self._repo = repo
        self._lock = local.Lock(f"{repo.folder}/{self.name}.lock")
        self._starts: list[int] = []
        self._wait = _WAIT if wait is None else wait

    def __enter__(self) -> Self:
        """Raises Busy when another command does not finish in time."""
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
        """Removes lock files of git's that killed runs of ours left, and no others."""
        for path in paths:
            found = _stamp(path)
            reach = self.longest * _SECOND
            if found and any(0 <= found[0] - start <= reach for start in self._starts):
                time.sleep(_STILL)
                if _stamp(path) == found:
                    local.forget(path)

    def note_beside(self, path: str) -> None:
        """Names a file of ours outside of ``folder``: a killed run's is removed by the next one."""
        local.write_whole(f"{self.folder}/{_BESIDE}", os.fsencode(path))

    def _begin(self) -> None:
        descriptor = self._lock.descriptor
        left = local.read_from(descriptor, 0)
        self._starts = [int(word) for word in left.split() if word.isdigit()]
        os.utime(descriptor)  # the file system's clock, which also dates the locks
        start = os.fstat(descriptor).st_mtime_ns
        os.pwrite(descriptor, b"%d\n" % start, len(left))
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

"""One command of this clone at a time moves the branches of people and their work trees."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

from gitmem.domain.errors import NoProgress
from gitmem.store import local

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from gitmem.store.repository import Repository

_WAIT = 20.0  # seconds; a landing takes one, signing may ask a person for a passphrase
_STILL = 0.02  # seconds; a lock that git holds now is gone or another one after that
# A killed run's git children made their locks at most this long after the run began (nanoseconds).
_LONGEST = 60 * 10**9


class Busy(NoProgress):
    """Another close or accept of this clone is at work."""


class Claim:
    """The right to land, held from the first object written to the last ref moved.

    ``folder`` is a place for files of our own, empty at the start. git children inherit the claim,
    so it is held as long as any of them lives. A run that is killed leaves its start in the lock
    file: so the next holder can tell a lock that its git children left behind from a foreign one.
    """

    __slots__ = ("_lock", "_repo", "_starts", "folder")

    def __init__(self, repo: Repository) -> None:
        self.folder = repo.folder + "/landing"
        self._repo = repo
        self._lock = local.Lock(repo.folder + "/land.lock")
        self._starts: list[int] = []

    def __enter__(self) -> Self:
        """Raises Busy when another command does not finish in time."""
        local.make_folder(self._repo.folder)
        if not self._lock.attempt(_WAIT):
            raise Busy(
                "another gitmem close or accept is at work here", hint="run it again after that one"
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
            if found and any(0 <= found[0] - start <= _LONGEST for start in self._starts):
                time.sleep(_STILL)
                if _stamp(path) == found:
                    local.forget(path)

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
        for name in os.listdir(self.folder):
            local.forget(f"{self.folder}/{name}")


def _stamp(path: str) -> tuple[int, int] | None:
    try:
        state = os.stat(path)
    except OSError:
        return None
    return state.st_mtime_ns, state.st_ino

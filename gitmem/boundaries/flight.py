"""At most one detached close at work in a clone, and one that waits for it."""

from __future__ import annotations

from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self


class Flight:
    """The right of one detached close to work.

    Every session's end may start a close. One works, one waits and then takes up whatever was flagged
    meanwhile; any further one has nothing to add and leaves. Locks end with their process.
    """

    __slots__ = ("_next", "_now")

    def __init__(self, folder: str) -> None:
        local.make_folder(folder)
        self._now = local.Lock(folder + "/close.lock")
        self._next = local.Lock(folder + "/close.next.lock")

    def take(self, wait: float) -> bool:
        """Whether this close may work now, after waiting ``wait`` seconds for the one that does."""
        if self._now.attempt():
            return True
        if not self._next.attempt():
            return False
        try:
            return self._now.attempt(wait)
        finally:
            self._next.release()

    def under_way(self) -> bool:
        """Whether another process works now."""
        free = self._now.attempt()
        self._now.release()
        return not free

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._now.release()

"""What one command has read by object name, so that git is not started for it again (standard library only).

An object name says what the object holds, so an answer about objects stays true for as long as the
process lives. Refs and configuration are never kept: somebody else may change them at any moment.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Hashable
    from typing import Any

MOST = 8 << 20  # bytes; the memory, the records and 10,000 queued flags are less
LONGEST = MOST >> 3  # bytes of one answer, so that no single one drives out the others


class ReadCache:
    """Answers of git by what was asked; the oldest go when there are too many bytes of them."""

    __slots__ = ("_answers", "_size")

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[Any, int]] = {}
        self._size = 0

    def get(self, asked: Hashable) -> Any:
        """The kept answer; None when there is none."""
        found = self._answers.get(asked)
        return found[0] if found else None

    def keep(self, asked: Hashable, answer: Any, size: int) -> None:
        """Keeps an answer of about ``size`` bytes, unless it is very long."""
        if size > LONGEST or asked in self._answers:
            return
        self._answers[asked] = answer, size
        self._size += size
        while self._size > MOST:
            oldest = next(iter(self._answers))
            self._size -= self._answers.pop(oldest)[1]

    def clear(self) -> None:
        """Forgets everything: after a fetch, which may move the end of a shallow history."""
        self._answers.clear()
        self._size = 0

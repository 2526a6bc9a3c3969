"""Which line another one was made from, when a person changed it by hand."""

from __future__ import annotations

import re
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Two lines of English that have nothing to do with each other share a fifth of their words, seldom
# more; of a reworded line at least two fifths stay, in their order.
_WORDS = 0.4
_LETTERS = 0.8
_WORD = re.compile(r"\w+")


def counterpart(here: Sequence[str], there: Sequence[str], at: int) -> int | None:
    """The line of ``there`` that ``here[at]`` was made from (or became), by its place; None for none.

    ``here`` and ``there`` are all lines of the file on the two sides of one change. An equal line is
    its own counterpart. Of the lines in its place, then of all that only ``there`` has, the most
    alike counts, and only when it is the same line reworded.
    """
    if here[at] in there:
        return there.index(here[at])
    only = [index for index, line in enumerate(there) if line not in set(here)]
    for begin, end in _places(here, there, at):
        found = _best(here[at], [index for index in only if begin <= index < end], there)
        if found is not None:
            return found
    return _best(here[at], only, there)


def in_its_place(here: Sequence[str], there: Sequence[str], at: int) -> int | None:
    """The one line of ``there`` that ``here[at]`` stands in the place of, whatever it says; else None.

    Only where one line was put in the place of one: what several lines became cannot be told apart.
    """
    codes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    for tag, first, last, begin, end in codes:
        if tag == "replace" and (first, last - first, end - begin) == (at, 1, 1):
            return begin
    return None


def alike(one: str, other: str) -> float:
    """How much of two lines is the same, 0 to 1; 0 when they are not one line reworded."""
    ours, theirs = _WORD.findall(one.casefold()), _WORD.findall(other.casefold())
    words = SequenceMatcher(None, ours, theirs, autojunk=False).ratio()
    if words >= _WORDS:
        return words
    letters = SequenceMatcher(None, one, other, autojunk=False)
    if letters.quick_ratio() < _LETTERS:
        return 0.0
    ratio = letters.ratio()
    return ratio if ratio >= _LETTERS else 0.0


def most_alike(line: str, among: Iterable[str]) -> str:
    """The line that reads most like ``line``; empty when none is the same line reworded."""
    rated = [(alike(line, other), other) for other in among]
    score, found = max(rated, default=(0.0, ""), key=lambda pair: pair[0])
    return found if score else ""


def _places(here: Sequence[str], there: Sequence[str], at: int) -> list[tuple[int, int]]:
    codes = SequenceMatcher(None, here, there, autojunk=False).get_opcodes()
    return [
        (begin, end)
        for tag, first, last, begin, end in codes
        if tag == "replace" and first <= at < last
    ]


def _best(line: str, indices: Sequence[int], lines: Sequence[str]) -> int | None:
    rated = [(alike(line, lines[index]), -index) for index in indices]
    score, index = max(rated, default=(0.0, 0))
    return -index if score else None

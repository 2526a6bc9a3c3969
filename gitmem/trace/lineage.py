"""Which line another was made from, when a person changed it by hand (pure)."""

from __future__ import annotations

import re
from collections import Counter
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

# Two lines of English that have nothing to do with each other share a fifth of their words, seldom
# more; of a reworded line at least two fifths stay, in their order.
_WORDS = 0.4
_LETTERS = 0.8
_WORD = re.compile(r"\w+")
# The time for two sequences grows with the square of what they share, and with that of their length
# where it is scattered. Beyond these numbers, which no honest edit of a memory file reaches, they are
# compared as a whole.
_LINES = 4000
_PAIRS = 100_000  # of equal items, one of each
_LOOKED_AT = 1200  # characters of a line; a line of ours has a thousand


def counterpart(here: Sequence[str], there: Sequence[str], at: int) -> int | None:
    """Return the place in ``there`` of the line that ``here[at]`` was made from (or became); None for none.

    ``here`` and ``there`` are all lines of the file on the two sides of one change. An equal line is
    its own counterpart. Of the lines in its place, then of all that only ``there`` has, the most
    alike counts, and only when it is the same line reworded.
    """
    if here[at] in there:
        return there.index(here[at])
    known = set(here)
    only = [index for index, line in enumerate(there) if line not in known]
    for begin, end in _places(here, there, at):
        found = _best(here[at], [index for index in only if begin <= index < end], there)
        if found is not None:
            return found
    return _best(here[at], only, there)


def in_its_place(here: Sequence[str], there: Sequence[str], at: int) -> int | None:
    """The one line of ``there`` that ``here[at]`` stands in the place of, whatever it says; else None.

    Only where one line was put in the place of one: what several lines became cannot be told apart.
    """
    for first, last, begin, end in _replaced(here, there):
        if (first, last - first, end - begin) == (at, 1, 1):
            return begin
    return None


def alike(one: str, other: str) -> float:
    """Return how much of two lines is the same, 0 to 1; 0 when they are not one line reworded."""
    one, other = one[:_LOOKED_AT], other[:_LOOKED_AT]
    words = _ratio(_WORD.findall(one.casefold()), _WORD.findall(other.casefold()))
    if words >= _WORDS:
        return words
    if SequenceMatcher(None, one, other, autojunk=False).quick_ratio() < _LETTERS:
        return 0.0
    ratio = _ratio(one, other)
    return ratio if ratio >= _LETTERS else 0.0


def most_alike(line: str, among: Iterable[str]) -> str:
    """Return the line most like ``line``; empty when none is the same line reworded."""
    rated = [(alike(line, other), other) for other in among]
    score, found = max(rated, default=(0.0, ""), key=lambda pair: pair[0])
    return found if score else ""


def _places(here: Sequence[str], there: Sequence[str], at: int) -> list[tuple[int, int]]:
    found = _replaced(here, there)
    return [(begin, end) for first, last, begin, end in found if first <= at < last]


def _replaced(here: Sequence[str], there: Sequence[str]) -> list[tuple[int, int, int, int]]:
    """Return which lines replaced which: begin and end in ``here``, then in ``there``."""
    start, here_end, there_end = 0, len(here), len(there)
    while start < min(here_end, there_end) and here[start] == there[start]:
        start += 1
    while min(here_end, there_end) > start and here[here_end - 1] == there[there_end - 1]:
        here_end, there_end = here_end - 1, there_end - 1
    ours, theirs = here[start:here_end], there[start:there_end]
    if max(len(ours), len(theirs)) > _LINES or _pairs(ours, theirs) > _PAIRS:
        return [(start, here_end, start, there_end)] if ours and theirs else []
    return [
        (start + first, start + last, start + begin, start + end)
        for tag, first, last, begin, end in SequenceMatcher(
            None, ours, theirs, autojunk=False
        ).get_opcodes()
        if tag == "replace"
    ]


def _ratio(ours: Sequence[str], theirs: Sequence[str]) -> float:
    """Return how much of two sequences is the same in order; for very repetitive ones, in any order."""
    matcher = SequenceMatcher(None, ours, theirs, autojunk=False)
    return matcher.quick_ratio() if _pairs(ours, theirs) > _PAIRS else matcher.ratio()


def _pairs(ours: Sequence[str], theirs: Sequence[str]) -> int:
    counted = Counter(theirs)
    return sum(number * counted[item] for item, number in Counter(ours).items())


def _best(line: str, indices: Sequence[int], lines: Sequence[str]) -> int | None:
    rated = [(alike(line, lines[index]), -index) for index in indices]
    score, index = max(rated, default=(0.0, 0))
    return -index if score else None

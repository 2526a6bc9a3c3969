"""Which lines are nearest to each of many texts, for a close: the same terms as a search, and all at once.

A line shares with a text the terms that both have; one that few lines have weighs most. How near a
line is comes as a part of what a line could share with that text at best, so that the figures of a
short text and of a long one can be compared. The index is made once for all texts, in memory.
"""

from __future__ import annotations

import math
import sqlite3
from collections import defaultdict
from typing import TYPE_CHECKING

from gitmem.recall.index import WORDS
from gitmem.recall.terms import terms

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

_COMMON = 0.3  # a term that more than this part of the lines has counts where no other does
_FEW = 64  # in so small a memory every term counts
_MOST = 2_000  # lines that a term is looked up in: of more the last ones
_TERMS = 64  # of a text
_FIRST = 16  # the terms that weigh whole; those further down weigh less
_NUMBER = 0.3  # of a term's weight, for a number: what changes is often one
_LENGTH = 0.5  # how much of a line's length counts
_USUAL = 3  # terms of a short line


class NearestLines:
    """An index of lines, by their place; `close` it."""

    __slots__ = ("_base", "_having", "_sizes")

    def __init__(self, lines: Sequence[str]) -> None:
        self._base = sqlite3.connect(":memory:")
        self._base.execute(WORDS)
        self._sizes: list[int] = []
        self._having: dict[str, list[int]] = {}
        self._base.executemany("INSERT INTO word(rowid, body) VALUES (?, ?)", self._bodies(lines))

    def close(self) -> None:
        """Close the index."""
        self._base.close()

    def near(self, text: str, most: int, among: Container[int]) -> list[tuple[float, int]]:
        """Return at most ``most`` of the lines ``among`` that share a term: how near, 0 to 1, and the place.

        The nearest is the first; of two equal ones the later line.
        """
        found = self._found(text, among, _COMMON) or self._found(text, among, 1.0)
        found.sort(reverse=True)
        return found[:most]

    def _bodies(self, lines: Sequence[str]) -> Iterator[tuple[int, str]]:
        for place, line in enumerate(lines):
            found = terms(line)
            self._sizes.append(len(found))
            yield place, " ".join(found)

    def _found(self, text: str, among: Container[int], common: float) -> list[tuple[float, int]]:
        """Return the lines that share a term which at most this part of the lines has."""
        size = len(self._sizes)
        weights: defaultdict[int, float] = defaultdict(float)
        best = 0.0
        stems: set[tuple[int, ...]] = set()
        for term, share in _weighed(text):
            having = self._lines(term)
            if len(having) > max(size * common, _FEW):
                continue
            weight = share * _rarity(len(having) or 1, size)
            best += weight
            stem = (len(having), *having[:3])  # two words of one stem are in the same lines
            if having and stem not in stems:
                stems.add(stem)
                for place in having:
                    weights[place] += weight
        return [
            (weight / best / (1 - _LENGTH + _LENGTH * max(1.0, self._sizes[place] / _USUAL)), place)
            for place, weight in weights.items()
            if place in among
        ]

    def _lines(self, term: str) -> list[int]:
        """Return the places of the lines that have a term."""
        if term not in self._having:
            rows = self._base.execute(
                "SELECT rowid FROM word WHERE word MATCH ? ORDER BY rowid DESC LIMIT ?",
                (f'"{term}"', _MOST),
            )
            self._having[term] = [place for (place,) in rows]
        return self._having[term]


def _weighed(text: str) -> Iterator[tuple[str, float]]:
    """The terms of a text, each with how much it counts."""
    for number, term in enumerate(terms(text)[:_TERMS]):
        yield term, min(1.0, _FIRST / (number + 1)) * (_NUMBER if term.isdigit() else 1.0)


def _rarity(having: int, size: int) -> float:
    """Return what a term weighs that so many of all lines have: more, the fewer they are."""
    return math.log1p((size - having + 0.5) / (having + 0.5))

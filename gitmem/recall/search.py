"""The lines that fit words, a path or a command, best first (a plain function of an index).

A line's weight is the sum of the rarity of the terms that it shares with the question: a term that
one line has weighs 1, one that all have 0. Long lines share terms by chance, so their weight falls
with their length. Figures: `python -m evals recall`.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.recall.terms import terms

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitmem.recall.corpus import LandedLine
    from gitmem.recall.index import Index

_MOST_TERMS = 64  # of a question
_COMMON = 0.2  # a term in more than this part of the lines tells them apart from nothing
_FEW = 20  # but in so small a memory it may
_PREFIX = 4  # letters of a term that may stand for longer words
_BY_PREFIX = 0.6  # of a term's weight
_LENGTH = 0.25  # how much of a line's length counts
_USUAL = 16  # terms of a usual line
_PATH = 10.0  # a line about the very path goes before every line that shares words
_LOOKED_AT = 200  # best lines whose length is looked at


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is looked for: free words, a repository-relative path, a command line, an error's text."""

    words: str = ""
    path: str = ""
    command: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """A line and how well it fits: about 1 for each rare term that it shares."""

    line: LandedLine
    weight: float


def search(index: Index, question: Question, most: int, *, floor: float = 0.0) -> list[Hit]:
    """Return at most ``most`` lines that weigh more than ``floor``, the best first, newer before older."""
    weights: defaultdict[int, float] = defaultdict(float)
    for term in _terms(question):
        for number, weight in _matches(index, term):
            weights[number] += weight
    for depth, path in enumerate(_above(question.path)):
        for number in index.about(path):
            weights[number] += _PATH / (1 + depth)
    best = sorted(weights, key=lambda number: (-weights[number], number))[:_LOOKED_AT]
    lines = index.lines(best)
    hits = [
        Hit(line=line, weight=weights[number] / _length(line))
        for number, line in zip(best, lines, strict=True)
    ]
    hits.sort(key=lambda hit: hit.line.at, reverse=True)
    hits.sort(key=lambda hit: -round(hit.weight, 6))
    return [hit for hit in hits if hit.weight > floor][:most]


def _terms(question: Question) -> list[str]:
    name = question.path.rpartition("/")[2].partition(".")[0]  # an ending tells no file apart
    said = f"{question.words} {name} {question.command} {question.error}"
    return terms(said)[:_MOST_TERMS]


def _matches(index: Index, term: str) -> Iterable[tuple[int, float]]:
    """The lines that have a term, each with what that weighs."""
    lines = index.having(term)
    share = 1.0
    if not lines and len(term) >= _PREFIX:
        lines, share = index.having(term, prefix=True), _BY_PREFIX
    size = index.size
    if not lines or (len(lines) > size * _COMMON and size > _FEW):
        return []
    weight = share * _rarity(len(lines), size)
    return [(number, weight) for number in lines]


def _rarity(having: int, size: int) -> float:
    """1 for a term that one of many lines has, towards 0 for one that all have."""
    return math.log1p((size - having + 0.5) / (having + 0.5)) / math.log1p((size + 0.5) / 1.5)


def _length(line: LandedLine) -> float:
    return 1 - _LENGTH + _LENGTH * max(1.0, len(terms(line.text)) / _USUAL)


def _above(path: str) -> Iterator[str]:
    """A path, then each folder above it."""
    name = path.strip("/")
    while name:
        yield name
        name = name.rpartition("/")[0]

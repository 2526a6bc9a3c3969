"""The lines that fit words, a path or a command, best first (a plain function of an index).

A line's weight is the sum of the rarity of the terms that it shares with the question: a term that
one line has weighs 1, one that all have 0. Long lines share terms by chance, so their weight falls
with their length, and rises with the part of the line that is shared. Of a command the program and its
subcommand count, of what it printed nothing that any failure prints. The numbers below are chosen on
hand A of `python -m evals recall` (docs/evals.md).
"""

from __future__ import annotations

import math
import re
from collections import defaultdict

from gitmem.recall.terms import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.recall.index import Index
    from gitmem.recall.line import LandedLine

_MOST_TERMS = 64  # of a question
_COMMON = 0.2  # a term in more than this part of the lines tells them apart from nothing
_FEW = 20  # but in so small a memory it may
_PREFIX = 4  # letters of a term that may stand for longer words
_BY_PREFIX = 0.6  # of a term's weight
_BELOW = 0.5  # of a term's weight, for one that only the line's body has (chosen, not measured)
_COVER = 0.5  # how much it counts which part of a line is shared
_LENGTH = 0.25  # how much of a line's length counts
_USUAL = 16  # terms of a usual line
_PATH = 10.0  # a line about the very path goes before every line that shares words
# What tools print in any failure: the words around the cause, and the parts of a path.
_WORDS = """
assert assertion assertionerror at build call called caused code column command could count csv debug
details directory done element end ended error errors exception exit exited expected fail failed
failing fails failure fatal file files find format found got help hint host index info input internal
invalid item json last lib line lines list local log main message missing module modules name no none
note null number object occurred ok open option output passed path print process py python raise
raised recent refused result return returned returns run running script seconds server src stack
start started status step str string summary system test tests this time timed tmp token total trace
traceback ts tsx type types undefined unexpected unit unknown usage user value values version warning
warnings
"""
_PRINTED = frozenset(_WORDS.split())
_NUMBER = re.compile(r"\d{1,2}[a-z]{0,2}|[a-z]\d{1,2}")  # a count, a time, a place; not a code
_ENDING = re.compile(r"\.\w{1,5}$")
_SUBCOMMAND = re.compile(r"[A-Za-z0-9][\w:-]*")  # no option, no path
_CITED = 2.0  # a line that cites both fits, whatever the error says
_JOINED = re.compile(r"&&|\|\||[;|\n]")
_BEFORE = frozenset({"sudo", "time", "env", "npx", "exec"})  # a command stands behind
_RUNNERS = (["uv", "run"], ["poetry", "run"], ["pnpm", "exec"], ["python", "-m"], ["python3", "-m"])
_ASIDE = frozenset({"cd", "echo", "export", "grep", "head", "set", "sleep", "tail", "tee", "true"})
_LONGEST = 2_000  # characters of a command
_SAME = 4  # letters that two words of one stem share
_AGAIN = 0.5  # of a term's weight, for another word of its stem ("fails" after "failed")
_LOOKED_AT = 50  # best lines whose length is looked at


class Question:
    """What is looked for: free words, a repository-relative path, a command line, an error's text."""

    __slots__ = ("command", "error", "path", "words")

    def __init__(
        self, *, words: str = "", path: str = "", command: str = "", error: str = ""
    ) -> None:
        self.words = words
        self.path = path
        self.command = command
        self.error = error


class Hit:
    """A line and how well it fits: about 1 for each rare term that it shares."""

    __slots__ = ("line", "weight")

    def __init__(self, *, line: LandedLine, weight: float) -> None:
        self.line = line
        self.weight = weight


def search(
    index: Index, question: Question, most: int, *, floor: float = 0.0, below: bool = False
) -> list[Hit]:
    """Return at most ``most`` lines that weigh more than ``floor``, the best first, newer before older.

    ``below``: the words of a line's body count, too. A floor is measured without them.
    """
    weights: defaultdict[int, float] = defaultdict(float)
    shared: defaultdict[int, int] = defaultdict(int)
    known = set()
    for term in _terms(question):
        matches = _matches(index, term, below=below)
        stem = term[:_SAME], tuple(number for number, _ in matches)
        first = stem not in known
        known.add(stem)
        for number, weight in matches:
            weights[number] += weight if first else weight * _AGAIN
            shared[number] += first
    for depth, path in enumerate(_above(question.path)):
        for number in index.about(path):
            weights[number] += _PATH / (1 + depth)
    best = sorted(weights, key=lambda number: (-weights[number], number))[:_LOOKED_AT]
    calls, _ = _called(question.command)
    weighed = [
        (weights[number] * _density(size, shared[number]) + _cited(calls, text), at, number)
        for number, at, size, text in index.measures(best)
    ]
    weighed.sort(key=lambda one: one[1], reverse=True)
    weighed.sort(key=lambda one: -round(one[0], 6))
    kept = [(number, weight) for weight, _, number in weighed if weight > floor][:most]
    lines = index.lines([number for number, _ in kept])
    return [Hit(line=line, weight=weight) for line, (_, weight) in zip(lines, kept, strict=True)]


def _terms(question: Question) -> list[str]:
    name = question.path.rpartition("/")[2].partition(".")[0]  # an ending tells no file apart
    calls, given = _called(question.command)
    said = terms(" ".join([question.words, name, *calls]))
    printed = [term for term in terms(f"{given} {question.error}") if not _noise(term)]
    return list(dict.fromkeys([*said, *printed]))[:_MOST_TERMS]


def _called(command: str) -> tuple[list[str], str]:
    """What a command line runs, each program with its subcommand, and all that these are given.

    Of a file that is given only the name counts, without its ending.
    """
    calls: list[str] = []
    given: list[str] = []
    for part in _JOINED.split(command[:_LONGEST]):
        words = part.split()
        while words and ("=" in words[0] or words[0] in _BEFORE):
            del words[0]
        if words[:2] in _RUNNERS:
            del words[:2]
        size = 2 if len(words) > 1 and _SUBCOMMAND.fullmatch(words[1]) else 1
        if words and words[0] not in _ASIDE:
            calls.append(" ".join(words[:size]))
        given += [_ENDING.sub("", word.rstrip("/").rpartition("/")[2]) for word in words[size:]]
    return calls, " ".join(given)


def _cited(calls: Sequence[str], text: str) -> float:
    """What it weighs that a line names a program that ran together with its subcommand."""
    text = " ".join(text.split())
    return _CITED * any(
        re.search(rf"(?<![\w-]){re.escape(call)}(?![\w-])", text) for call in calls if " " in call
    )


def _noise(term: str) -> bool:
    """Whether a tool prints a term whatever happened: words of any failure, times, counts, places."""
    return term in _PRINTED or bool(_NUMBER.fullmatch(term))


def _matches(index: Index, term: str, *, below: bool) -> Sequence[tuple[int, float]]:
    """The lines that have a term, themselves or in their bodies, each with what that weighs."""
    size = index.size
    common = max(int(size * _COMMON), _FEW)
    shares = dict.fromkeys(index.having(term, common + 1), 1.0)
    if below:
        for number in index.below(term, common + 1):
            shares.setdefault(number, _BELOW)
    if not shares and len(term) >= _PREFIX:
        shares = dict.fromkeys(index.having(term, common + 1, prefix=True), _BY_PREFIX)
    if not shares or len(shares) > common:
        return []
    rarity = _rarity(len(shares), size)
    return [(number, share * rarity) for number, share in shares.items()]


def _rarity(having: int, size: int) -> float:
    """1 for a term that one of many lines has, towards 0 for one that all have."""
    return math.log1p((size - having + 0.5) / (having + 0.5)) / math.log1p((size - 0.5) / 1.5)


def _density(size: int, shared: int) -> float:
    """How much of a line of so many terms the shared ones are: above 1 for a short one, below 1 for a long one."""
    size = max(1, size)
    length = 1 - _LENGTH + _LENGTH * max(1.0, size / _USUAL)
    return (1 + _COVER * min(1.0, shared / size)) / length


def _above(path: str) -> Iterator[str]:
    """A path, then each folder above it."""
    name = path.strip("/")
    while name:
        yield name
        name = name.rpartition("/")[0]

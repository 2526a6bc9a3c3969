"""What the cited flags and the replaced lines say, prepared for comparison (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import Clause, clauses
from gitmem.grounding.spelling import flatten, unit_of
from gitmem.grounding.tokens import Kind, Token, inner, tokenize
from gitmem.grounding.words import stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_DIGITS = re.compile(r"\d+(?:\.\d+)*")
_WORD = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
#: A word that stands in more clauses than this does not help to find the one that is meant.
_COMMON_TO = 32


@dataclass(slots=True)
class Facts:
    """The values and words of some texts. ``numbers`` maps a value to its units ("" for none)."""

    numbers: dict[str, set[str]] = field(default_factory=dict)
    dates: set[str] = field(default_factory=set)
    times: set[str] = field(default_factory=set)
    units: set[str] = field(default_factory=set)
    stems: set[str] = field(default_factory=set)
    lower: set[str] = field(default_factory=set)
    identifiers: set[str] = field(default_factory=set)

    def add(self, tokens: Iterable[Token]) -> None:
        """Take in the tokens of a text."""
        for token in tokens:
            match token.kind:
                case Kind.NUMBER:
                    self.numbers.setdefault(token.key, set()).add(token.unit)
                    if token.unit:
                        self.units.add(token.unit)
                    self._word(token)
                case Kind.DATE:
                    self.dates.add(token.key)
                    self.numbers.setdefault(token.key.split("-")[0], set()).add("")
                case Kind.TIME:
                    self.times.add(token.key)
                case Kind.WORD:
                    self._word(token)
                case Kind.CODE:
                    self._code(token)
                case Kind.BREAK:
                    pass

    def has(self, token: Token) -> bool:
        """Whether the value or identifier that a token is stands in the texts; False for words and breaks."""
        match token.kind:
            case Kind.NUMBER:
                return token.key in self.numbers
            case Kind.DATE:
                return token.key in self.dates
            case Kind.TIME:
                return token.key in self.times
            case Kind.CODE:
                return token.key in self.identifiers or token.key.lower() in self.lower
            case _:
                return False

    def _word(self, token: Token) -> None:
        self.lower.add(token.raw.lower())
        self.identifiers.add(token.raw)
        if token.kind is Kind.WORD:
            self.stems.add(token.key)
            span = span_of(token)
            if span:
                self.units.add(span)

    def _code(self, token: Token) -> None:
        self.identifiers.add(token.key)
        self.lower.add(token.key.lower())
        if token.quoted:
            self.add(inner(token))
        for run in _DIGITS.findall(token.raw):
            self.numbers.setdefault(run.lstrip("0") or "0", set()).add("")
        # `build` is not what `build/cache` speaks of: of a path only the last part stands for it.
        for word in _WORD.findall(token.raw.rstrip("/").rpartition("/")[2]):
            for part in (word, *_CAMEL.split(word)):
                self._word(Token(Kind.WORD, stem(part), part))


def span_of(token: Token) -> str:
    """The span of time that a word names without a number: ``per minute``, ``daily``; else empty."""
    low = token.raw.lower()
    unit = unit_of(low) if len(low) > _LETTERS else ""
    return unit if unit in _SPANS else ""


_LETTERS = 2  # "m" and "h" alone are no spans
_SPANS = frozenset(unit_of(word) for word in lexicon.SPANS)


class Sources:
    """Sources and replaced lines: their texts, facts, clauses, and which clauses hold which item."""

    __slots__ = (
        "_places",
        "_spoken",
        "_where",
        "clauses",
        "facts",
        "flat",
        "merges",
        "mistakes",
        "new",
        "old_clauses",
        "sources",
        "texts",
        "tokens",
    )

    def __init__(
        self,
        sources: Sequence[str],
        replaced: Sequence[str],
        *,
        merges: bool = False,
        mistakes: Sequence[str] = (),
    ) -> None:
        """The cited flags' own texts; the lines that the new one replaces, or with ``merges`` goes on saying.

        ``mistakes`` are those of the texts that tell what went wrong.
        """
        self.merges = merges
        self.mistakes = frozenset(at for at, text in enumerate(sources) if text in mistakes)
        self.sources = tuple(sources)
        self.flat = tuple(flatten(text) for text in (*sources, *replaced))
        self.tokens = [tokenize(text) for text in (*sources, *replaced)]
        self.new, self.facts = Facts(), Facts()
        self.clauses: list[Clause] = []
        self.old_clauses: list[Clause] = []
        for origin, tokens in enumerate(self.tokens):
            is_new = origin < len(self.sources)
            self.facts.add(tokens)
            if is_new:
                self.new.add(tokens)
            (self.clauses if is_new else self.old_clauses).extend(clauses(tokens, origin=origin))
        spoken: list[set[str]] = [set() for _ in self.tokens]
        for clause in (*self.clauses, *self.old_clauses):
            spoken[clause.origin] |= clause.keys
        self._spoken = [frozenset(one) for one in spoken]
        keys = [{token.key for token in tokens} for tokens in self.tokens]
        for clause in (*self.clauses, *self.old_clauses):
            keys[clause.origin] |= clause.keys
        self.texts = [frozenset(one) for one in keys]
        every = [*self.clauses, *self.old_clauses]
        self._places = {id(clause): at for at, clause in enumerate(every)}
        self._where = {True: _index(self.clauses), False: _index(self.old_clauses)}

    def nearest(self, clause: Clause, *, old: bool = False) -> tuple[int, list[Clause]]:
        """How many items the clauses nearest to it share with it, and these clauses.

        Looks at the cited flags, with ``old`` at the replaced lines. Zero and none when nothing is shared.
        """
        where = self._where[not old]
        among = self.old_clauses if old else self.clauses
        shared: dict[int, int] = {}
        for key in clause.keys:
            for at in where.get(key, ()):
                shared[at] = shared.get(at, 0) + 1
        most = max(shared.values(), default=0)
        return most, [among[at] for at in sorted(shared) if shared[at] == most]

    def beside(self, clause: Clause) -> list[Clause]:
        """The clauses right before and behind one of the cited flags, of its sentence."""
        place = self._places.get(id(clause), -1)
        near = [self.clauses[at] for at in (place - 1, place + 1) if 0 <= at < len(self.clauses)]
        same = (clause.origin, clause.sentence)
        return [other for other in near if (other.origin, other.sentence) == same]

    def spoken(self, origin: int) -> frozenset[str]:
        """The things that one text speaks of."""
        return self._spoken[origin]

    def place(self, clause: Clause) -> int:
        """Its place among the clauses of the cited flags and then of the replaced lines; -1 for another."""
        return self._places.get(id(clause), -1)

    def holding(self, key: str, *, new_only: bool = False) -> Iterator[Clause]:
        """The clauses that hold an item, of the cited flags and then of the replaced lines."""
        for at in self._where[True].get(key, ()):
            yield self.clauses[at]
        for at in () if new_only else self._where[False].get(key, ()):
            yield self.old_clauses[at]


def _index(among: Sequence[Clause]) -> dict[str, list[int]]:
    where: dict[str, list[int]] = {}
    seen: set[tuple[object, ...]] = set()
    for at, clause in enumerate(among):
        same = (clause.said, clause.negated, clause.origin)
        if same in seen:
            continue
        seen.add(same)
        for key in clause.keys:
            places = where.setdefault(key, [])
            if len(places) < _COMMON_TO:
                places.append(at)
    return where

"""A line as clauses: what is said of what, and whether it is denied (pure).

A clause ends at punctuation and at connectives. ``and``, ``or`` and a comma only separate when both
sides say something on their own, so that a list stays in one clause. No clause holds more than
`LONGEST` tokens, which bounds the work of comparing two of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise, zip_longest
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import STOP, is_past, stem

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LONGEST = 24
_CONNECTIVES = lexicon.words("""but while whenever whereas although though because since so if when unless which then without insteadof
    where until therefore hence thus except provided
    otherwise else""")
_SOFT = lexicon.words("and or nor plus &")
_DENYING = frozenset({"without", "insteadof", "against", "over"})
_AGAINST = frozenset(map(stem, ("decide", "vote", "advise", "argue", "recommend")))
_RATHER = frozenset(map(stem, ("prefer", "choose", "pick", "favour", "favor")))
#: Behind these ``not`` denies the verb; behind others it turns down what follows: ``use A not B``.
_BEFORE_NOT = frozenset(
    map(
        stem,
        lexicon.words("""is are was were be been being am do does did done can could will would should may
            might must has have had to still also it they we you i he she there and or but if that which why not
            does need dare ought , . ;"""),
    )
)
_NAMED = frozenset({"IE", "IT", "US"})  # with small letters they say nothing
_FEW = 2
_SUBJECTS = lexicon.words("it they this that these we you i he she there")
_PARTICIPLE = ("ed", "en", "wn", "lt", "pt", "ept", "ent", "ade")
_OVER = Token(Kind.WORD, "over", "over")


class Category(StrEnum):
    """What an item is, for what may stand in its place."""

    WORD = "word"
    NAME = "name"
    NUMBER = "number"
    DATE = "date"
    CODE = "code"


@dataclass(frozen=True, slots=True)
class Item:
    """Something a clause speaks of: a word that says something, a value, an identifier.

    ``led`` is the last preposition before it in the clause, ``led_at`` the place of the item that one leads.
    """

    key: str
    category: Category
    raw: str
    token: Token
    led: str = ""
    led_at: int = 0

    def relation(self, pivot: int) -> str:
        """The preposition between it and the item at place ``pivot`` before it; empty for none."""
        return self.led if self.led_at > pivot else ""


@dataclass(frozen=True, slots=True)
class Clause:
    """``said`` is every word as written, small; ``scope`` what its negation reaches, ``head`` its first.

    ``arrows`` pairs a preposition with the number of items before it. ``origin`` and ``sentence`` number the
    text it comes from and the sentence in there. ``only`` is the item that ``only`` stands at. ``opened`` is the
    connective or the sign before it.
    """

    items: tuple[Item, ...]
    said: tuple[str, ...]
    negated: bool
    scope: frozenset[str]
    head: str
    arrows: tuple[tuple[str, int], ...]
    origin: int
    sentence: int
    keys: frozenset[str]
    only: str = ""
    opened: str = ""

    @property
    def passive(self) -> bool:
        """Whether the verb is passive, so that subject and object have changed places."""
        return any(
            two.endswith(_PARTICIPLE)
            if one in lexicon.BEING
            else two == "by" and one.endswith(_PARTICIPLE)
            for one, two in pairwise(self.said)
        )

    def item(self, key: str) -> Item:
        """The first item with that key, which must be among `keys`."""
        return next(item for item in self.items if item.key == key)

    @property
    def contrast(self) -> bool:
        """Whether it only turns something down: ``not B``, ``instead of B``."""
        first = self.said[0] if self.said else ""
        return first in _DENYING or first in {"not", "never"}


class _Piece:
    """Tokens on the way to a clause."""

    __slots__ = ("content", "denials", "hard", "opened", "sentence", "stopped", "tokens")

    def __init__(self, sentence: int, opened: str, *, hard: bool, stopped: bool) -> None:
        """``hard``: what stands before it separates in any case; ``stopped``: it is punctuation."""
        self.tokens: list[Token] = []
        self.opened = opened
        self.content = self.denials = 0
        self.sentence, self.hard, self.stopped = sentence, hard, stopped

    def take(self, tokens: Iterable[Token]) -> None:
        """Go on with more tokens."""
        for token in tokens:
            self.tokens.append(token)
            self.content += is_item(token)
            self.denials += _low(token) in lexicon.NEGATORS

    @property
    def lead(self) -> str:
        """Its first word."""
        return _low(self.tokens[0]) if self.tokens else ""

    @property
    def denies(self) -> bool:
        """Whether it turns something down from its first word on."""
        return self.lead in _DENYING or self.lead in lexicon.NEGATORS

    @property
    def denied(self) -> bool:
        """Whether a word in it denies the rest."""
        return bool(self.denials) and self.lead not in _DENYING


def is_item(token: Token) -> bool:
    """Whether a token says something on its own."""
    if token.kind is Kind.WORD:
        low = token.raw.lower()
        if len(low) == 1 and low != token.raw and not token.initial:
            return True  # service A
        if token.raw in _NAMED:
            return True
        return low not in STOP and low not in lexicon.NEGATORS and low not in _CONNECTIVES
    return token.kind is not Kind.BREAK


def item_of(token: Token, led: str, led_at: int, *, acts: bool) -> Item:
    """The item that a token stands for, behind a preposition or none; ``acts``: a verb follows."""
    match token.kind:
        case Kind.NUMBER:
            return Item(token.key, Category.NUMBER, token.raw, token, led, led_at)
        case Kind.DATE | Kind.TIME:
            return Item(token.key, Category.DATE, token.raw, token, led, led_at)
        case Kind.CODE:
            key = stem(token.key) if token.key.isalpha() else token.key
            return Item(key, Category.CODE, token.raw, token, led, led_at)
        case _:
            plural = token.raw.endswith("s")
            opening = token.initial and token.raw[1:] == token.raw[1:].lower()
            known = token.is_name and (not opening or (acts and not plural))
            category = Category.NAME if known else Category.WORD
            return Item(token.key, category, token.raw, token, led, led_at)


def clauses(tokens: Sequence[Token], *, origin: int = 0) -> list[Clause]:
    """The clauses of one text, in order; those without an item are left out."""
    pieces = _merged(_split(tokens))
    found = []
    for at, piece in enumerate(pieces):
        before = pieces[at - 1] if at else None
        after = pieces[at + 1] if at + 1 < len(pieces) else None
        flips = _flips(piece, before, after)
        for start in range(0, len(piece.tokens), LONGEST):
            part = piece.tokens[start : start + LONGEST]
            clause = _clause(part, piece, flips=flips, origin=origin)
            if clause.items:
                found.append(clause)
    return found


def _low(token: Token) -> str:
    return token.raw.lower() if token.kind is Kind.WORD else ""


def _split(tokens: Sequence[Token]) -> list[_Piece]:
    pieces = [_Piece(0, "", hard=True, stopped=True)]
    sentence, last = 0, ""
    for token, after in zip_longest(tokens, tokens[1:]):
        low = _low(token)
        if low == "not" and (after is None or after.kind is Kind.BREAK):
            low = ""  # "on macOS not"
        stops = token.kind is Kind.BREAK
        sentence += stops and token.key == "."
        if low == "and" and _between(pieces[-1]):
            pieces[-1].take([token])
        elif stops or low in _CONNECTIVES or low in _SOFT or _contrasts(low, last, pieces[-1]):
            hard = token.key != "," if stops else low not in _SOFT
            opened = low if not stops else "(" if token.raw == "(" else token.key
            if pieces[-1].tokens:
                pieces.append(_Piece(sentence, opened, hard=hard, stopped=stops))
            elif not stops:
                pieces[-1].opened = opened
            pieces[-1].hard |= hard
            pieces[-1].sentence = sentence
            if hard and not stops:
                pieces[-1].take([_OVER if low == "to" else token])
        else:
            pieces[-1].take([token])
        last = token.key
    return [piece for piece in pieces if piece.tokens]


def _between(piece: _Piece) -> bool:
    """Whether ``and`` ends a range: ``between 5 and 6``."""
    words = [_low(token) for token in piece.tokens[-4:]]
    return "between" in words and "and" not in words


def _contrasts(low: str, last: str, piece: _Piece) -> bool:
    """Whether what follows is turned down: ``decided against B``, ``prefer A over B``, ``prefer A to B``."""
    if low == "against":
        return last in _AGAINST
    if low == "not":
        return bool(piece.content) and last not in _BEFORE_NOT
    if low not in {"over", "to"} or (low == "to" and last in _RATHER):
        return False
    return any(token.key in _RATHER for token in piece.tokens)


def _merged(pieces: list[_Piece]) -> list[_Piece]:
    found: list[_Piece] = []
    for piece in pieces:
        if found and not piece.hard and _belongs(piece, found):
            found[-1].take(piece.tokens)
        else:
            found.append(piece)
    return found


def _belongs(piece: _Piece, before: Sequence[_Piece]) -> bool:
    """Whether a piece goes on with the last one: a list, or what an opening ``On Windows,`` is about."""
    last = before[-1]
    if piece.lead in _SUBJECTS and not piece.tokens[0].initial:
        return False
    if last.sentence != piece.sentence or piece.denied or piece.denies or last.denies:
        return False
    if last.content < _FEW or piece.content < _FEW:
        return True
    opens = len(before) == 1 or before[-2].sentence != last.sentence
    return opens and piece.stopped and last.lead in lexicon.PREPOSITIONS and not last.denied


def _flips(piece: _Piece, before: _Piece | None, after: _Piece | None) -> bool:
    """Whether a second negation beside it undoes the first: ``cannot run without``."""
    if before is not None and piece.lead in {"without", "insteadof"} and not piece.stopped:
        return before.denied
    if after is not None and after.lead in {"without", "unless"} and not after.stopped:
        return piece.denied
    return False


def _is_verb(token: Token) -> bool:
    """Whether a word may be a verb behind its subject: ``reviews``, ``fixed``, ``took``, ``is``."""
    low = _low(token)
    return low.endswith(("s", "ed")) or low in lexicon.BEING or is_past(low)


def _clause(tokens: Sequence[Token], piece: _Piece, *, flips: bool, origin: int) -> Clause:
    items: list[Item] = []
    arrows = []
    negations, first = 0, -1
    everything = False
    led, led_at, only_at, last = "", 0, -1, ""
    for token, after in zip_longest(tokens, tokens[1:]):
        low = _low(token)
        wards_off = low.startswith("avoid") and last == "to"  # a purpose, no denial
        last = low
        if (low in lexicon.NEGATORS and not wards_off) or (low in _DENYING and low == piece.lead):
            negations += 1
            first = len(items) if first < 0 else first
            everything |= low in lexicon.NEGATES_ALL
        elif is_item(token):
            items.append(item_of(token, led, led_at, acts=after is not None and _is_verb(after)))
        if low in lexicon.PREPOSITIONS:
            led, led_at = low, len(items)
        if low in lexicon.ONLY:
            only_at = len(items)
        if low in lexicon.ARROWS:
            arrows.append((low, len(items)))
    signs = sum(sign in token.raw for token in tokens for sign in lexicon.NEGATIVE_SIGNS)
    negated = bool((negations + signs + flips) % 2)
    reached = items if everything or first == len(items) or first < 0 else items[first:]
    return Clause(
        items=tuple(items),
        said=tuple(_low(token) or token.raw for token in tokens),
        negated=negated,
        scope=frozenset(item.key for item in reached) if negated else frozenset(),
        head=reached[0].key if negated and reached else "",
        arrows=tuple(arrows),
        origin=origin,
        sentence=piece.sentence,
        keys=frozenset(item.key for item in items),
        only=items[min(only_at, len(items) - 1)].key if only_at >= 0 and items else "",
        opened=piece.opened,
    )

"""A line of text as tokens: words, numbers with their units, dates, times, identifiers, breaks (pure).

Every regular expression is anchored on one blank-separated chunk or repeats one class, so the time
grows in step with the text. Nothing here raises, whatever the text.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.spelling import (
    DATE_SIGN,
    TIME_SIGN,
    date_of,
    fold,
    number_of,
    scaled,
    spell,
    unit_of,
)
from gitmem.grounding.words import stem

if TYPE_CHECKING:
    from collections.abc import Sequence


class Kind(StrEnum):
    """What a token is."""

    WORD = "word"
    NUMBER = "number"
    DATE = "date"
    TIME = "time"
    CODE = "code"
    BREAK = "break"


@dataclass(frozen=True, slots=True)
class Token:
    """One token.

    ``key`` is what is compared: a word cut to its stem, a number's value, a date as ``Y-M-D`` with 0 for
    what is not said, an identifier as it is. ``raw`` is how it was written. ``unit`` belongs to a
    number. ``initial`` is set on the first word of a sentence, ``quoted`` on what stood in
    backticks.
    """

    kind: Kind
    key: str
    raw: str
    unit: str = ""
    initial: bool = False
    quoted: bool = False

    @property
    def is_name(self) -> bool:
        """Whether the word is written like a name: a capital, or capitals, and no common word."""
        if self.kind is not Kind.WORD or self.raw == self.raw.lower():
            return False
        return self.raw.lower() not in COMMON


COMMON = lexicon.STOP | lexicon.NEUTRAL | lexicon.NEGATORS | lexicon.HEDGES | lexicon.CAUSES

_CODE = re.compile(r"(?<!`)`++([^`]++)`++")
_TIME = re.compile(r"(\d{1,2}):(\d{2})(?::\d{2})?")
_PLAIN = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*'?")
_RANGE = re.compile(r"(\d+)(?:-|\u2013|\.\.)(\d+)")
_COMPARED = re.compile(r"[<>=~\u2264\u2265\u2248\u00b1]+")
_OPEN = "([{\"'*<\u00ab\u00bf\u00a1\u300c\uff08"
_CLOSE = ".,;:!?)]}\"'*>\u00bb\u2026\u3002\u3001\u300d\uff09"
_ALTERNATIVES = frozenset({"and/or", "n/a"})
_FEW = 2
_UNSPACED = re.compile(r"([\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af])")


def tokenize(text: str) -> list[Token]:
    """The tokens of a line; breaks have the keys ``.`` (sentence), ``;`` and ``,``."""
    folded = fold(text)
    found: list[Token] = [Token(Kind.BREAK, ".", "")]
    end = 0
    for match in _CODE.finditer(folded):
        _read_prose(folded[end : match.start()], found)
        content = " ".join(match[1].split())
        if content:
            found.append(Token(Kind.CODE, identifier_key(content), content, quoted=True))
        end = match.end()
    _read_prose(folded[end:], found)
    return _with_units(found)


def inner(token: Token) -> list[Token]:
    """What an identifier is made of, as tokens: ``pip install x`` is three words."""
    found: list[Token] = [Token(Kind.BREAK, ",", "")]
    for chunk in token.raw.split():
        _read_chunk(chunk, found)
    return [part for part in found if part.kind is not Kind.BREAK]


def identifier_key(raw: str) -> str:
    """What makes two spellings one identifier: final ``()`` and ``/`` do not count, nor ``v`` of v1.2."""
    key = raw.removesuffix("()").rstrip("/") or raw
    if key[:1] in {"v", "V"} and key[1:2].isdigit():
        key = key[1:]
    return key


def _read_prose(prose: str, found: list[Token]) -> None:
    for chunk in spell(prose).split():
        _read_chunk(chunk, found)


def _read_chunk(chunk: str, found: list[Token]) -> None:
    """Read one chunk without blanks, with the punctuation around it."""
    lead = len(chunk) - len(chunk.lstrip(_OPEN))
    core = chunk[lead:].rstrip(_CLOSE)
    if core.count("(") > core.count(")") and chunk[lead + len(core) :][:1] == ")":
        core += ")"
    after = chunk[lead + len(core) :]
    if len(core) > _FEW and core[0] == core[-1] == "_":
        core = core.strip("_")  # emphasis
    if "(" in chunk[:lead]:
        found.append(Token(Kind.BREAK, ";", "("))
    if core.lower() in {"e.g", "i.e", "vs", "etc", "approx", "ca"}:
        after = after.replace(".", "")
    if core:
        _read_core(core, found)
    elif not after and chunk in {"-", "--", "\u2013", "|"}:
        after = ";"
    strength = next((sign for sign in ".!?\u3002" if sign in after), "")
    if strength:
        found.append(Token(Kind.BREAK, ".", strength))
    elif after.strip("\"'*>\u00bb]}"):
        found.append(Token(Kind.BREAK, "," if after[:1] in ",:)\u3001" else ";", after))


def _read_core(core: str, found: list[Token]) -> None:
    sign = _COMPARED.match(core)
    if sign and core[sign.end() :][:1].isdigit():
        bound = {">": "morethan", "<": "lessthan", ">=": "atleast", "<=": "atmost"}.get(sign[0], "")
        if bound:
            found.append(Token(Kind.WORD, bound, bound))
        core = core[sign.end() :]
    for part in core.split(",") if not core[:1].isdigit() else [core]:
        if part:
            found.extend(_value(part) or _words(part, initial=_is_initial(found)))


def _is_initial(found: list[Token]) -> bool:
    return not found or (found[-1].kind is Kind.BREAK and found[-1].key == ".")


def _value(core: str) -> list[Token]:
    """A date, time, number or range; empty for anything else."""
    if core[0] == TIME_SIGN:
        return [Token(Kind.TIME, core[1:], core[1:])]
    if core[0] == DATE_SIGN:
        return [Token(Kind.DATE, core[1:], core[1:])]
    if any(unicodedata.category(char) in {"No", "Nl"} for char in core):
        return [Token(Kind.NUMBER, core, core)]
    return _digits(core) if any(char.isdigit() for char in core) else []


def _digits(core: str) -> list[Token]:
    date = date_of(core)
    if date:
        clock = _TIME.match(core.partition("T")[2])
        told = [Token(Kind.DATE, date, core)]
        return [*told, Token(Kind.TIME, _hour(clock), clock[0])] if clock else told
    clock = _TIME.fullmatch(core)
    if clock:
        return [Token(Kind.TIME, _hour(clock), core)]
    span = _RANGE.fullmatch(core)
    parts = span.groups() if span else (core,)
    values = [(*number_of(part), part) for part in parts]
    return [Token(Kind.NUMBER, value, part, unit=unit) for value, unit, part in values if value]


def _hour(clock: re.Match[str]) -> str:
    return f"{int(clock[1])}:{clock[2]}"


def _words(core: str, *, initial: bool) -> list[Token]:
    """Words, or one identifier."""
    if core.lower() in _ALTERNATIVES or not any(char.isalnum() for char in core):
        return [Token(Kind.WORD, "%", "%")] if core in {"%", "\u00b0"} else []
    if not _PLAIN.fullmatch(core):
        head, dash, rest = core.partition("-")
        if dash and _PLAIN.fullmatch(rest) and head.replace(".", "").isdigit():
            value, unit = number_of(head)
            if value:
                return [Token(Kind.NUMBER, value, head, unit=unit), *_words(rest, initial=False)]
        return [Token(Kind.CODE, identifier_key(core), core, initial=initial)]
    if _UNSPACED.search(core):
        pieces = [piece for piece in _UNSPACED.split(core) if piece]
        return [Token(Kind.WORD, stem(piece), piece.lower()) for piece in pieces]
    parts = core.split("-") if core[1:2] != "-" else [core.replace("-", "", 1)]  # e-mail
    return [
        Token(Kind.WORD, _word_key(part), part, initial=initial and at == 0)
        for at, part in enumerate(parts)
    ]


def _word_key(word: str) -> str:
    low = word.lower()
    for at, name in enumerate(lexicon.WEEKDAYS):
        short = low == name[:3] and word[0].isupper() and low not in {"sat", "sun"}
        if short or low in {name, f"{name}s"}:
            return f"weekday {at}"
    if len(word) > _FEW and word[-1] == "s" and word[-2].isupper():
        word = word[:-1]  # vCPUs
    return stem(word)


def _with_units(tokens: list[Token]) -> list[Token]:
    """Join number words (``twenty-five``, ``2.5 million``) and give each number its unit."""
    found: list[Token] = []
    for token in tokens:
        last = found[-1] if found else token
        named = token.kind is Kind.WORD or (token.kind is Kind.CODE and not token.quoted)
        if named and last.kind is Kind.NUMBER and not last.unit:
            scale = lexicon.SCALES.get(token.raw.lower().removesuffix("s"), 0)
            unit = unit_of(token.raw)
            if scale:
                found[-1] = Token(Kind.NUMBER, scaled(last.key, scale), f"{last.raw} {token.raw}")
                continue
            if unit:
                found[-1] = Token(Kind.NUMBER, last.key, f"{last.raw} {token.raw}", unit=unit)
                continue
        found.append(_worded(token, found[-_FEW:]))
        if len(found) > 1 and found[-1].kind is found[-2].kind is Kind.NUMBER:
            _join(found)
    return found


def _worded(token: Token, before: Sequence[Token]) -> Token:
    """A number word as a number; ``second`` after ``per`` or ``a`` stays a span of time, ``the old one`` no number."""
    if token.kind is not Kind.WORD:
        return token
    said = [one.raw.lower() for one in before]
    if token.raw.lower() == "one" and (
        said[-1:] in (["this"], ["that"], ["no"])
        or (
            said[-2:-1] in (["the"], ["a"], ["an"], ["its"])
            and before[-1].kind in {Kind.WORD, Kind.NUMBER}
            and said[-1] not in COMMON
        )
        or said[-1:] in (["new"], ["old"], ["other"], ["latter"], ["former"])
    ):
        return token
    low = token.raw.lower()
    value = lexicon.NUMBER_WORDS.get(low)
    if value is None or (
        low == "second" and said[-1:] and said[-1] in {"per", "a", "every", "each", "one"}
    ):
        return token
    return Token(Kind.NUMBER, str(value), token.raw, initial=token.initial)


def _join(found: list[Token]) -> None:
    tens, ones = found[-2], found[-1]
    if (
        tens.raw.isalpha()
        and ones.raw.isalpha()
        and tens.key in {"20", "30", "40", "50", "60", "70", "80", "90"}
        and len(ones.key) == 1
    ):
        found[-2:] = [
            Token(Kind.NUMBER, str(int(tens.key) + int(ones.key)), f"{tens.raw} {ones.raw}")
        ]

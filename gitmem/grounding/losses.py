"""What a reworded line leaves out and must not: a condition, a unit, the values of a merged flag (H16) (pure)."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding.clauses import clauses, is_item
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.language import language_of
from gitmem.grounding.relations.branches import condition_kept
from gitmem.grounding.relations.denied import CHANGED
from gitmem.grounding.sources import Facts
from gitmem.grounding.spelling import fold
from gitmem.grounding.tokens import Kind, Token, inner, tokenize
from gitmem.grounding.words import LITTLE, NEUTRAL, STOP, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

# Words of one group stand in for each other; a line that has none of a flag's group says more than it.
_QUALIFIERS = tuple(
    frozenset(words.split())
    for words in (
        "if when whenever provided unless until",
        "only solely exclusively except unless just",
        "except excluding unless besides",
        "once twice",
        "wanted wants want tried tries try hoped hopes hope intends intended plans planned",
        "according reportedly claims claimed believes thinks supposedly",
    )
)
_RANGE = re.compile(
    r"(?<![\d:.])(\d+(?:[.,]\d+)*)\s*(?:to|through|-|\u2013|\.\.)\s*(\d+(?:[.,]\d+)*)(?![\d:])",
    re.IGNORECASE,
)
_CHANGES = re.compile(rf"\b(?:{'|'.join(sorted(CHANGED))})\b", re.IGNORECASE)
_PLACED = frozenset({"in", "on", "under", "during", "within", "inside"})
# A wish may be told as a preference or a demand.
_ALSO = dict.fromkeys(
    ("want", "wants"), frozenset(["wish", "prefer", "prefers", "preferred", "preference", "should"])
)
# What a bound says too, and what says little.
_MEASURES = frozenset(
    [
        "large",
        "big",
        "small",
        "long",
        "short",
        "full",
        "max",
        "min",
        "maximum",
        "minimum",
        "new",
        "old",
        "really",
        "very",
        "quite",
        "just",
    ]
)
_SIZES = frozenset(map(stem, _MEASURES))
_SHARED = 0.5  # of the words of a merged flag


class _Text:
    """A text read once: its tokens, and what they come to."""

    __slots__ = ("facts", "folded", "text", "tokens", "words")

    def __init__(self, text: str) -> None:
        self.text = text
        self.folded = fold(text)
        self.tokens = tokenize(text)
        self.facts = Facts()
        self.facts.add(self.tokens)
        self.words = {token.raw.lower() for token in self.tokens if token.kind is Kind.WORD}


def losses(text: str, own: Sequence[str]) -> list[Finding]:
    """What ``text`` leaves out of the cited flags; ``own`` are their own words, one string each.

    Of a merge (several flags) every number, date, identifier and name has to stay, and half of each
    flag's words. Of any line its conditions, units and ranges.
    """
    line = _Text(text)
    found: list[Finding] = []
    for flag in [_Text(words) for words in own if words != text]:
        found += _qualifiers(line, flag)
        found += _measures(line, flag)
        found += _places(line, flag)
        found += _narrower(line, flag)
        found += _values(line, flag) if len(own) > 1 else ()
    return list(dict.fromkeys(found))


def lost_in(words: str, line: str) -> str:
    """The first value, identifier or name of ``words`` that ``line`` lacks; empty when it has all."""
    return _lost(_Text(words), _Text(line))


def left_out(words: str, line: str) -> str:
    """The first condition, reach or reservation of ``words`` that ``line`` has not; empty: none."""
    return next((word for word, _ in _qualifying(_Text(line), _Text(words))), "")


def share(words: str, line: str) -> float:
    """How much of what ``words`` speak of ``line`` speaks of too, from 0 to 1."""
    return _share(_Text(words), _Text(line))


def _lost(flag: _Text, line: _Text) -> str:
    return next((token.raw for token in flag.tokens if not _stands(token, line.facts)), "")


def _share(flag: _Text, line: _Text) -> float:
    facts = line.facts
    said = {token.key for token in flag.tokens if is_item(token)}
    known = {*facts.stems, *facts.identifiers, *facts.numbers, *facts.dates, *facts.times}
    return len(said & known) / len(said) if said else 1.0


def _stands(token: Token, facts: Facts) -> bool:
    match token.kind:
        case Kind.WORD:
            named = token.is_name and not token.initial
            return not named or token.key in facts.stems
        case Kind.BREAK:
            return True
        case _:
            return facts.has(token)


def _qualifiers(line: _Text, flag: _Text) -> Iterator[Finding]:
    told = clauses(line.tokens)
    for word, group in _qualifying(line, flag):
        conditional = group is _QUALIFIERS[0] or word == "unless"
        if conditional and condition_kept(clauses(flag.tokens), told):
            continue
        if group is _QUALIFIERS[1] and any(clause.contrast for clause in told):
            continue  # "A, not B" is "only A"
        yield Finding(Rule.H16, f'"{word}" of a cited flag is left out')


def _qualifying(line: _Text, flag: _Text) -> Iterator[tuple[str, frozenset[str]]]:
    """Of each group that the flag has and the line has not, a word of the flag's, and the group."""
    for group in _QUALIFIERS:
        meant = group & flag.words - {"just"}  # which mostly means nothing
        if meant and (group | _ALSO.get(min(meant), frozenset())).isdisjoint(line.words):
            yield min(meant), group


def _measures(line: _Text, flag: _Text) -> Iterator[Finding]:
    units: dict[str, set[str]] = {}
    for token in line.tokens:
        if token.kind is Kind.NUMBER:
            units.setdefault(token.key, set()).add(token.unit)
    for token in flag.tokens:
        alike = any(token.unit in known for known in units.values())
        if token.unit == "x":
            continue  # five times: five of something else
        if token.kind is Kind.NUMBER and token.unit and units.get(token.key) == {""} and not alike:
            yield Finding(Rule.H16, f"the unit of {token.raw} is left out")
    if _CHANGES.search(flag.text):
        return  # from five to six: now six
    ranges = {match.groups() for match in _RANGE.finditer(line.folded)}
    for match in _RANGE.finditer(flag.folded):
        both = all(_has_number(line, end) for end in match.groups())
        if both and match.groups() not in ranges:
            yield Finding(Rule.H16, f"{match[0]} is no range any more")


def _has_number(line: _Text, digits: str) -> bool:
    return re.search(rf"(?<!\d){re.escape(digits)}(?!\d)", line.folded) is not None


def _places(line: _Text, flag: _Text) -> Iterator[Finding]:
    """H16: where, or under which circumstance, when the rest of the clause is there."""
    said = frozenset[str]().union(*(clause.keys for clause in clauses(line.tokens)))
    said |= line.facts.stems
    for clause in clauses(flag.tokens):
        led: dict[tuple[str, int], list[str]] = {}
        rest = []
        for item in clause.items:
            if item.led in _PLACED:
                led.setdefault((item.led, item.led_at), []).append(item.key)
            elif item.key not in NEUTRAL:
                rest.append(item.key)
        little = [key for key in rest if key in _SIZES]
        rest = [key for key in rest if key not in _SIZES or key in said]
        if not rest or any(key not in said for key in rest) or (little and not flag.facts.numbers):
            continue
        for (word, _), keys in led.items():
            telling = [key for key in keys if key not in NEUTRAL]
            if telling and said.isdisjoint(telling):
                yield Finding(Rule.H16, f'"{word} {telling[0]}" of a cited flag is left out')
                return


def _narrower(line: _Text, flag: _Text) -> Iterator[Finding]:
    """H16: the word right before another, which tells which of them: ``design changes``."""
    if (
        language_of((line.text, flag.text)) != "en"
        or not line.facts.stems <= flag.facts.stems | LITTLE | STOP
    ):
        return
    known = line.facts.stems | {token.key for token in line.tokens}
    known |= {part.key for token in line.tokens if token.quoted for part in inner(token)}
    for one, two in pairwise(flag.tokens):
        if (
            one.kind is not Kind.WORD
            or two.kind is not Kind.WORD
            or not (is_item(one) and is_item(two))
        ):
            continue
        adverb = one.raw.endswith("ly") or one.raw.lower() in _MEASURES
        if two.key in known and not adverb and one.key not in known and one.key not in LITTLE:
            yield Finding(Rule.H16, f'"{one.raw}" of "{one.raw} {two.raw}" is left out')
            return


def _values(line: _Text, flag: _Text) -> Iterator[Finding]:
    missing = _lost(flag, line)
    if missing:
        yield Finding(Rule.H16, f"{missing[:60]} of a cited flag is left out")
    elif _share(flag, line) <= _SHARED:
        yield Finding(Rule.H16, f'much of "{flag.text[:60]}" is left out')

"""What a flag takes back of an old line without naming each word of it (pure).

Three kinds: what is deleted is told to go, where an old value came from, and a case
that becomes the rule. Each asks for the whole shape; doubt keeps the old line.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import is_item
from gitmem.grounding.relations.branches import OTHERS
from gitmem.grounding.tokens import Kind, Token, tokenize
from gitmem.grounding.words import NEUTRAL, is_past, stem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    _Part = Sequence[Token]

_DELETED, _GO = stem("delete"), stem("go")  # and what says the same
_PLAIN = lexicon.BEING | lexicon.ARTICLES
_FORMER = lexicon.words("was were had")
_STILL = lexicon.words("still also holds stays remains keeps is are")
_EVERY = lexicon.words("all every each any")
_ANYHOW = lexicon.words("whatever regardless irrespective")
#: What leaves a case out of a rule.
_BUT = lexicon.words(
    "except excluding unless besides but only if when whenever until otherwise apart aside still mostly"
)
_JOINING = lexicon.words("and or but")
_TELLING = 2
_CASES = 2  # a line with a bound: below it and above


def taken_back(old: str, texts: Sequence[str], lost: Collection[str]) -> frozenset[str]:
    """Return those of the ``lost`` keys of ``old`` that the ``texts`` (the new line, its flags) take back."""
    parts = list(_parts(old))
    theirs = [part for text in texts for part in _parts(text)]
    found: set[str] = set()
    for part in parts:
        found |= {key for key in _keys(part) & set(lost) if _told_again(part, key, theirs)}
    rest = set(lost) - found
    found |= rest if _origin_of_a_value(parts, theirs, rest) else set()
    found |= rest if _made_the_rule(parts, texts, rest) else set()
    return frozenset(found)


def _parts(text: str) -> Iterator[_Part]:
    part: list[Token] = []
    for token in tokenize(text):
        if token.kind is not Kind.BREAK:
            part.append(token)
        elif part:
            yield part
            part = []
    if part:
        yield part


def _keys(part: _Part) -> set[str]:
    return {token.key for token in part if is_item(token)}


def _telling(part: _Part) -> set[str]:
    return _keys(part) - NEUTRAL


def _said(part: _Part) -> set[str]:
    return {token.raw.lower() for token in part}


def _told_again(part: _Part, lost: str, theirs: Sequence[_Part]) -> bool:
    """Whether they say a part word for word, but that what is deleted goes: ``the oldest go first``."""
    mine = [token for token in part if token.raw.lower() not in _PLAIN]
    for other in theirs:
        told = [token for token in other if token.raw.lower() not in _PLAIN]
        pairs = [(one, two) for one, two in zip(mine, told, strict=False) if one.key != two.key]
        if len(told) != len(mine) or len(pairs) != 1 or len(_telling(other)) < _TELLING:
            continue
        one, two = pairs[0]
        if one.key == lost == _DELETED and two.key == _GO:
            return True
    return False


def _origin_of_a_value(
    parts: Sequence[_Part], theirs: Sequence[_Part], lost: Collection[str]
) -> bool:
    """Whether all that is lost tells where an old value came from, and they tell that of it as past.

    "the offset is 0.14, measured against the reference", and "the 0.14 came from the drifting reference".
    """
    for before, part in pairwise(parts):
        value = before[-1]
        participle = part[0].raw.lower()
        past = participle.endswith("ed") or is_past(participle)
        if value.kind is not Kind.NUMBER or not past or participle in lexicon.BEING:
            continue
        more = any(token.kind is not Kind.WORD for token in part) or _JOINING & _said(part)
        if more or not lost or not set(lost) <= _keys(part) - _keys(before):
            continue
        fresh = any(
            token.kind is Kind.NUMBER and token.unit == value.unit and token.key != value.key
            for other in theirs
            for token in other
        )
        if fresh and any(
            _past_of(value, other) and _telling(other) & _telling(part) for other in theirs
        ):
            return True
    return False


def _past_of(value: Token, part: _Part) -> bool:
    """Whether a part is about a value and tells it as past."""
    first = next((token for token in part if is_item(token)), None)
    words = _said(part)
    if first is None or first.kind is not Kind.NUMBER or first.key != value.key:
        return False
    told = [word for word in words - lexicon.BEING if is_past(word)]
    negated = not lexicon.NEGATORS.isdisjoint(words)
    return not negated and _STILL.isdisjoint(words) and bool(told or words & _FORMER)


def _made_the_rule(parts: Sequence[_Part], texts: Sequence[str], lost: Collection[str]) -> bool:
    """Whether one of two cases, on both sides of one bound, is told of all: the other one is over.

    "Below 50 euros A, above B", and "All of them B, whatever the amount".
    """
    numbers = [
        token for part in parts for token in part if token.kind is Kind.NUMBER and token.unit
    ]
    if len(parts) != _CASES or len(numbers) != 1:
        return False
    bounded = next(part for part in parts if numbers[0] in part)
    other = next(part for part in parts if part is not bounded)
    if lexicon.BOUNDS.isdisjoint(_said(bounded)) or OTHERS.isdisjoint(_said(other)):
        return False
    subject = next((token.key for part in parts for token in part if is_item(token)), "")
    for text in texts:
        told = list(_parts(text))
        rule = told[0] if told else []
        words = {word for part in told for word in _said(part)}
        anyhow = not words.isdisjoint(_ANYHOW) or re.search(r"\bno matter\b", text.lower())
        if not anyhow or not words.isdisjoint(_BUT) or len(rule) < _TELLING:
            continue
        if rule[0].raw.lower() not in _EVERY or rule[1].key != subject:
            continue
        negated = not lexicon.NEGATORS.isdisjoint(_said(rule))
        for kept, over in ((bounded, other), (other, bounded)):
            others = {token.key for token in kept if token.raw.lower() in OTHERS}
            own = _telling(kept) - others - {numbers[0].key, subject}
            same = negated is not lexicon.NEGATORS.isdisjoint(_said(kept))
            alone = _telling(rule) - {subject} == own
            if own and alone and same and set(lost) <= _keys(over) | others | {numbers[0].key}:
                return True
    return False

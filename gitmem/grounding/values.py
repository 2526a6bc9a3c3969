"""The rules about values, names and words: nothing that no cited flag has (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.sources import span_of
from gitmem.grounding.spelling import dates_agree, unit_of
from gitmem.grounding.tokens import Kind, Token, inner
from gitmem.grounding.words import ALIKE, NEUTRAL, STOP, WEAK

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause, Item
    from gitmem.grounding.sources import Facts, Sources

_MANY_NEW = 3  # S1: so many new words ...
_NEW_SHARE = 0.34  # ... or so large a share of them
_OWN_CLAUSE = 2  # H15: so many new words, more than the others of their clause
_ONE = lexicon.words("a an single one 1 each every")
_NONE = "is in none of the cited flags"


def value_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H2 to H6 and S3, token by token."""
    facts = ground.facts
    for token in tokens:
        match token.kind:
            case Kind.DATE:
                if not any(dates_agree(token.key, known) for known in facts.dates):
                    yield Finding(Rule.H2, f"the date {token.raw} {_NONE}")
            case Kind.TIME:
                if token.key not in facts.times:
                    yield Finding(Rule.H2, f"the time {token.key} {_NONE}")
            case Kind.NUMBER:
                yield from _number(token, facts)
            case Kind.CODE:
                if not _known_identifier(token, ground):
                    yield Finding(Rule.H5, f"{token.raw[:60]} {_NONE}")
            case Kind.WORD:
                yield from _word(token, facts)
            case Kind.BREAK:
                pass


def _number(token: Token, facts: Facts) -> Iterator[Finding]:
    low = token.raw.lower().split()[0]
    if token.key not in facts.numbers:
        lenient = (low in {"one", "1"} and not _ONE.isdisjoint(facts.lower)) or low == "first"
        if not lenient:
            yield Finding(Rule.H3, f"the number {token.raw} {_NONE}")
    elif token.unit and token.unit not in facts.numbers[token.key]:
        bare = facts.numbers[token.key] == {""}
        if not (bare and token.unit in facts.units):
            yield Finding(Rule.H4, f"{token.raw} {_NONE}: the number has another unit there")


def _known_identifier(token: Token, ground: Sources) -> bool:
    known = ground.facts.identifiers
    if token.key in known or token.raw in known:
        return True
    if not any(sign in token.key for sign in "/_ ") and token.key.lower() in ground.facts.lower:
        return True
    if token.quoted and " " not in token.key:
        parts = inner(token)
        if len(parts) == 1 and parts[0].kind in {Kind.NUMBER, Kind.DATE, Kind.TIME}:
            return parts[0].key in {*ground.facts.numbers, *ground.facts.dates, *ground.facts.times}
    return any(_stands_in(token.key, flat) for flat in ground.flat)


def _stands_in(key: str, flat: str) -> bool:
    """Whether a text has the identifier as a whole, not as a part of a longer one."""
    at = flat.find(key)
    if at < 0:
        return False
    # A command is not the same without the option that follows.
    end = r"(?![\w/@-]|\.\w| --?\w)" if " " in key else r"(?![\w/@-]|\.\w)"
    return re.search(rf"(?<![\w./~$@#-]){re.escape(key)}{end}", flat) is not None


def _word(token: Token, facts: Facts) -> Iterator[Finding]:
    low = token.raw.lower()
    if low in lexicon.RELATIVE_DAYS and low not in facts.lower:
        yield Finding(Rule.H2, f"{token.raw} {_NONE}")
    elif token.key.startswith("weekday ") and token.key not in facts.stems:
        yield Finding(Rule.H2, f"the day {token.raw} {_NONE}")
    elif span_of(token) and span_of(token) not in facts.units:
        yield Finding(Rule.H4, f"{token.raw} {_NONE}")
    elif token.is_name and token.key not in facts.stems and low not in facts.lower:
        if token.initial and token.raw[1:] == token.raw[1:].lower():
            yield Finding(Rule.S3, f"{token.raw} {_NONE}; it may be a name")
        else:
            yield Finding(Rule.H6, f"the name {token.raw} {_NONE}")


def word_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H15, S1 and S4: words that no flag has."""
    known = ground.facts.stems
    words: dict[str, str] = {}
    new: dict[str, str] = {}
    for clause in told:
        own = {
            item.key: item.raw
            for item in clause.items
            if _says(item) and unit_of(item.raw) not in ground.facts.units
        }
        fresh = {
            key: raw for key, raw in own.items() if key not in known and not _meant(key, known)
        }
        if len(fresh) >= _OWN_CLAUSE and 2 * len(fresh) > len(own):
            yield Finding(Rule.H15, f'no cited flag says this: "{" ".join(clause.said)[:80]}"')
        words.update(own)
        new.update(fresh)
    named = ", ".join(word[:30] for word in list(new.values())[:5])
    if len(new) >= _MANY_NEW or len(new) > _NEW_SHARE * len(words):
        yield Finding(Rule.S1, f"much of it is in none of the cited flags: {named}")
    elif new:
        yield Finding(Rule.S4, f"in none of the cited flags: {named}")
    else:
        yield from _weak(told, ground)


def _weak(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """S4 for a word that asserts little and may have taken the place of one that asserts much."""
    for clause in told:
        weak = [item.raw for item in clause.items if _is_weak(item, ground.facts.stems)]
        nearest = ground.nearest(clause)[1] if weak else []
        if weak and all(_left_out(clause, other) for other in nearest):
            what = f'"{weak[0][:30]}" may stand for something else in the cited flags'
            yield Finding(Rule.S4, what)
            return


def _is_weak(item: Item, known: set[str]) -> bool:
    """Whether it is a word that asserts little, and that no flag has."""
    unsaid = item.key not in known and not _meant(item.key, known)
    return unsaid and item.token.kind is Kind.WORD and item.key in WEAK


def _left_out(clause: Clause, other: Clause) -> bool:
    return any(_says(item) and item.key not in clause.keys for item in other.items)


def _says(item: Item) -> bool:
    return item.token.kind is Kind.WORD and item.key not in NEUTRAL and item.key not in STOP


def _meant(key: str, known: set[str]) -> bool:
    """Whether the flags have a word that says the same."""
    return not known.isdisjoint(ALIKE.get(key, ()))

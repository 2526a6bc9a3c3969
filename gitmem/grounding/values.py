"""The rules about values, names and words: nothing that no cited flag has (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import Category, is_item
from gitmem.grounding.english.thesaurus import CLASSIFIERS, FILLER, LIGHT
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.sources import span_of
from gitmem.grounding.spelling import dates_agree, unit_of
from gitmem.grounding.tokens import Kind, Token, inner
from gitmem.grounding.words import NEUTRAL, STOP, WEAK, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from gitmem.grounding.clauses import Clause, Item
    from gitmem.grounding.sources import Facts, Sources

_MANY_NEW = 3  # S1: so many new words ...
_NEW_SHARE = 0.34  # ... or so large a share of them
_OWN_CLAUSE = 2  # H15: so many new words, more than the others of their clause
_ONE = lexicon.words("a an single one 1 each every")
_DOUBT = lexicon.HEDGES | lexicon.words("suspected unconfirmed unverified confirmed verified")
_LIGHT = frozenset(map(stem, LIGHT))
_LITTLE = FILLER | CLASSIFIERS | LIGHT | _DOUBT
_LEFT_OUT = frozenset({"x", "point"})
_MEASURED = lexicon.words("old long high wide tall deep large apart each ago away")
_NONE = "is in none of the cited flags"


def value_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H2 to H6 and S3, token by token."""
    facts = ground.facts
    for at, token in enumerate(tokens):
        after = tokens[at + 1] if at + 1 < len(tokens) else None
        match token.kind:
            case Kind.DATE:
                if not any(dates_agree(token.key, known) for known in facts.dates):
                    yield Finding(Rule.H2, f"the date {token.raw} {_NONE}")
            case Kind.TIME:
                if token.key not in facts.times:
                    yield Finding(Rule.H2, f"the time {token.key} {_NONE}")
            case Kind.NUMBER:
                if token.raw.lower() != "one" or (after and is_item(after)):
                    yield from _number(token, facts, {one.unit for one in tokens[at + 1 : at + 4]})
            case Kind.CODE:
                if not _known_identifier(token, ground):
                    yield Finding(Rule.H5, f"{token.raw[:60]} {_NONE}")
            case Kind.WORD:
                yield from _word(token, facts)
            case Kind.BREAK:
                pass


def _bare(units: AbstractSet[str]) -> bool:
    """Whether the units of a number are none that a line may leave out."""
    return "" not in units and units.isdisjoint(_LEFT_OUT)


def _number(token: Token, facts: Facts, units: AbstractSet[str]) -> Iterator[Finding]:
    low = token.raw.lower().split()[0]
    if token.key not in facts.numbers:
        lenient = (low in {"one", "1"} and not _ONE.isdisjoint(facts.lower)) or low == "first"
        if not lenient:
            yield Finding(Rule.H3, f"the number {token.raw} {_NONE}")
    elif token.unit and token.unit not in facts.numbers[token.key]:
        bare = facts.numbers[token.key] == {""}
        if not (bare and token.unit in facts.units):
            yield Finding(Rule.H4, f"{token.raw} {_NONE}: the number has another unit there")
    elif (
        not token.unit and not units & facts.numbers[token.key] and _bare(facts.numbers[token.key])
    ):
        yield Finding(Rule.H4, f"{token.raw} {_NONE}: the number has a unit there")


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
    if any(_stands_in(token.key, flat) for flat in ground.flat):
        return True
    # A command at the start of a sentence.
    small = " " in token.key and token.key == token.key.lower()
    return small and any(_stands_in(token.key, flat.lower()) for flat in ground.flat)


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
        if token.initial and low in _LITTLE:
            return
        if token.initial and token.raw[1:] == token.raw[1:].lower():
            yield Finding(Rule.S3, f"{token.raw} {_NONE}; it may be a name")
        else:
            yield Finding(Rule.H6, f"the name {token.raw} {_NONE}")


def word_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H15, S1 and S4: words that no flag has."""
    known = ground.facts.stems
    line = frozenset[str]().union(*(clause.keys for clause in told))
    words: dict[str, str] = {}
    new: dict[str, str] = {}
    for clause in told:
        own = {
            item.key: item.raw
            for item in clause.items
            if _says(item) and unit_of(item.raw) not in ground.facts.units
        }
        fresh = {
            item.key: item.raw
            for at, item in enumerate(clause.items)
            if item.key in own
            and item.key not in known
            and not _says_little(clause, at, line, ground)
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


def _loses(line: AbstractSet[str], other: Clause) -> bool:
    """Whether the line lacks a thing of a clause, in whose place a new word may stand."""
    return any(
        item.key not in line and item.key not in NEUTRAL | _LIGHT and item.raw.lower() not in FILLER
        for item in other.items
    )


def _replaces(beside: Item, line: AbstractSet[str], ground: Sources) -> bool:
    """Whether the flags have another word right beside an item, which the line has not."""
    for other in ground.holding(beside.key):
        for at, item in enumerate(other.items):
            near = [
                other.items[place] for place in (at - 1, at + 1) if 0 <= place < len(other.items)
            ]
            if item.key == beside.key and any(_says(one) and one.key not in line for one in near):
                return True
    return False


def _says_little(clause: Clause, at: int, line: AbstractSet[str], ground: Sources) -> bool:
    """Whether a new word asserts nothing: a filler, a doubt of the flags', a verb for ``is``, a kind of thing."""
    low = clause.items[at].raw.lower()
    before = clause.items[at - 1].category if at else None
    if low in _MEASURED and before is Category.NUMBER:
        return True
    if low in FILLER or low in LIGHT or low in lexicon.BOUNDS:
        return True
    if low in _DOUBT:
        return not _DOUBT.isdisjoint(ground.facts.lower) or any(
            phrase in flat.lower() for flat in ground.flat for phrase in lexicon.HEDGE_PHRASES
        )
    if low not in CLASSIFIERS or all(_loses(line, one) for one in ground.nearest(clause)[1]):
        return False
    beside = [clause.items[place] for place in (at - 1, at + 1) if 0 <= place < len(clause.items)]
    if at > 1 and clause.items[at - 1].raw.lower() in CLASSIFIERS:
        beside.append(clause.items[at - 2])  # LF line endings
    return not any(_replaces(one, line, ground) for one in beside) and any(
        one.key in ground.facts.stems or ground.facts.has(one.token) for one in beside
    )


def _weak(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """S4 for a word that asserts little and may have taken the place of one that asserts much."""
    line = {key for clause in told for key in clause.keys}
    line |= {
        part.key
        for clause in told
        for item in clause.items
        if item.token.quoted
        for part in inner(item.token)
    }
    for clause in told:
        weak = [item.raw for item in clause.items if _is_weak(item, ground.facts.stems)]
        nearest = ground.nearest(clause)[1] if weak else []
        if weak and all(_left_out(line, other) for other in nearest):
            what = f'"{weak[0][:30]}" may stand for something else in the cited flags'
            yield Finding(Rule.S4, what)
            return


def _is_weak(item: Item, known: set[str]) -> bool:
    """Whether it is a verb that asserts little, and that no flag has."""
    says_little = item.key in WEAK or item.raw.lower() in LIGHT
    return item.key not in known and item.token.kind is Kind.WORD and says_little


def _left_out(line: AbstractSet[str], other: Clause) -> bool:
    """Whether a clause of the flags has a word that the line has not and that may be its verb."""
    return any(
        _says(item)
        and item.key not in line
        and item.key not in _LIGHT
        and item.raw.lower() not in FILLER | CLASSIFIERS
        and not _named_as(other, at)
        for at, item in enumerate(other.items)
    )


def _named_as(clause: Clause, at: int) -> bool:
    """Whether a word is no verb, because its clause has a form of ``is`` that it does not stand behind."""
    word = clause.items[at].raw.lower()
    place = clause.said.index(word) if word in clause.said else -1
    if lexicon.BEING.isdisjoint(clause.said) or place < 0:
        return False
    return lexicon.BEING.isdisjoint(clause.said[max(0, place - 2) : place])


def _says(item: Item) -> bool:
    return item.token.kind is Kind.WORD and item.key not in NEUTRAL and item.key not in STOP

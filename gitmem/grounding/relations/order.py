"""What comes first, and what is a range (H12, H16) (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import is_item
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.relations.denied import CHANGED
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

_BEFORE, _AFTER = lexicon.words("before until"), lexicon.words("after once")
_ORDERED = lexicon.words("order sequence")
_THEN = lexicon.words("then next finally afterwards lastly")
_COMPARED = 16  # sequences of one text
_FUSED = 5
_WINDOW, _SIDE = 8, 3  # tokens, and things, beside a value
_VALUES = 32  # of one text
_TIMES = frozenset(["ns", "us", "ms", "s", "min", "h", "d", "week", "month", "quarter", "year"])
_RHYTHMS = lexicon.words(
    "interval period cadence cron schedule polls polling apart rotates rotate refresh"
)
#: A step in time: the things of the earlier and of the later part.
Ranks = dict[str, int]


def order_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H12: two things in the other order than the flags tell them in."""
    mine = _sequences(told, plain=False)
    if not mine:
        return
    for theirs in [
        *_sequences(ground.clauses, plain=True),
        *_sequences(ground.old_clauses, plain=True),
    ]:
        for ranks in mine:
            both = [key for key in ranks if key in theirs]
            earlier = {
                key
                for key in both
                for other in both
                if ranks[key] < ranks[other] and theirs[key] > theirs[other]
            }
            right = {
                key
                for key in both
                for other in both
                if ranks[key] < ranks[other] and theirs[key] < theirs[other]
            }
            if earlier and not right:
                yield Finding(Rule.H12, f"the cited flags have another order: {min(earlier)}")
                return
            if len(earlier) > len(right) or (earlier and max(theirs.values()) > 1):
                yield Finding(Rule.H12, f"the cited flags have another order: {min(earlier)}")
                return


def _sequences(told: Sequence[Clause], *, plain: bool) -> list[Ranks]:
    """The sequences of some clauses; with ``plain`` also those that only stand in an order: ``do A and do B``."""
    found: list[Ranks] = []
    for at, clause in enumerate(told):
        if len(found) >= _COMPARED:
            break
        near = [
            other
            for other in (
                told[at - 1] if at else None,
                told[at + 1] if at + 1 < len(told) else None,
            )
            if other and (other.origin, other.sentence) == (clause.origin, clause.sentence)
        ]
        found += _inside(clause, near)
        previous = told[at - 1] if at and told[at - 1].origin == clause.origin else None
        if (previous and (clause.opened in _THEN or _THEN & set(clause.said[:2]))) or (
            previous and plain and clause.opened == "and"
        ):
            found.append(_ranks(_keys(previous), _keys(clause)))
        if _ORDERED & set(clause.said) or clause.said[0] == "first":
            listed = [clause, *_rest(told, at)]
            keys = [item.key for one in listed for item in one.items if item.key not in NEUTRAL]
            found.append(_chain(keys))
    return [ranks for ranks in found if len(ranks) > 1]


def _inside(clause: Clause, near: Sequence[Clause]) -> Iterator[Ranks]:
    first = clause.said[0] if clause.said else ""
    if first in _BEFORE | _AFTER:
        for other in near:
            early, late = (other, clause) if first in _BEFORE else (clause, other)
            yield _ranks(_keys(early), _keys(late))
        if near:
            return
    for word, place in clause.arrows:
        if word not in _BEFORE | _AFTER:
            continue
        head = {item.key for item in clause.items[:place]}
        tail = {item.key for item in clause.items[place:]}
        if not head:
            # "After a change you must run it, ..." has both in one clause.
            for other in near if len(tail) < _FUSED else ():
                head = set(_keys(other))
                yield _ranks(head, tail) if word in _BEFORE else _ranks(tail, head)
            continue
        yield _ranks(head, tail) if word in _BEFORE else _ranks(tail, head)


def _rest(told: Sequence[Clause], at: int) -> list[Clause]:
    rest = []
    for other in told[at + 1 : at + 12]:
        if (other.origin, other.sentence) != (told[at].origin, told[at].sentence):
            break
        if other.opened not in {",", "and", "then", "before", ";"}:
            break
        rest.append(other)
    return rest


def _chain(keys: Sequence[str]) -> Ranks:
    ranks: Ranks = {}
    for key in keys:
        ranks.setdefault(key, len(ranks))
    return ranks


def _keys(clause: Clause) -> list[str]:
    return [item.key for item in clause.items]


def _ranks(early: Sequence[str] | set[str], late: Sequence[str] | set[str]) -> Ranks:
    both = set(early) & set(late)
    return {key: int(key in set(late)) for key in [*early, *late] if key not in both}


def range_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H16: ``from A to B`` for what moved from A to B, and ``A and B`` for what lies between them."""
    mine = list(_pairs(tokens))
    theirs = [pair for told in ground.tokens for pair in _pairs(told)]
    for low, high, kind in mine:
        known = {other for one, two, other in theirs if {one, two} == {low, high}}
        if not known:
            continue
        if kind not in known:
            yield Finding(Rule.H16, f"{low} and {high} are no {kind} in the cited flags")
            return


def partner_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H13: of two values with one unit, each stands beside what the other one belongs to."""
    mine = _partners(tokens)
    for told in ground.tokens:
        theirs = [] if _changes(told) else _partners(told)
        for value in mine:
            rival = _rival(value, theirs)
            if rival:
                yield Finding(Rule.H13, f"{value.key} stands where the cited flags have {rival}")
                return


def _rival(value: _Partners, theirs: Sequence[_Partners]) -> str:
    same = [one for one in theirs if one.key == value.key]
    rivals = [one for one in theirs if one.key != value.key and one.unit == value.unit]
    if not same or not rivals or _agrees(value, same, rivals):
        return ""
    left = {key for one in same for key in one.left}
    right = {key for one in same for key in one.right}
    return next(
        (
            rival.key
            for rival in rivals
            if (value.left & (rival.left - left) or value.right & (rival.right - right)) - NEUTRAL
        ),
        "",
    )


def settled_numbers(tokens: Sequence[Token], ground: Sources) -> frozenset[str]:
    """Return the numbers of a line that, of several in a flag, stand beside the same things as there."""
    mine = _partners(tokens)
    found = set()
    for told in ground.tokens:
        theirs = _partners(told)
        for value in mine:
            same = [one for one in theirs if one.key == value.key]
            rivals = [one for one in theirs if one.key != value.key and one.unit == value.unit]
            if same and rivals and _agrees(value, same, rivals):
                found.add(value.key.split(" ")[0])
    return frozenset(found)


def _changes(tokens: Sequence[Token]) -> bool:
    return any(token.raw.lower() in CHANGED for token in tokens)


def _agrees(value: _Partners, same: Sequence[_Partners], rivals: Sequence[_Partners]) -> bool:
    """Whether something that stands beside the value stands beside it in the flags, and not beside a rival."""
    theirs = {key for one in rivals for key in one.left | one.right}
    return any(
        (value.left | value.right) & ((one.left | one.right) - theirs) for one in same
    ) or any(value.left & one.left and value.right & one.right for one in same)


@dataclass(frozen=True, slots=True)
class _Partners:
    """A value with the things between it and the values before and behind it."""

    key: str
    unit: str
    left: frozenset[str]
    right: frozenset[str]


def _partners(tokens: Sequence[Token]) -> list[_Partners]:
    found = []
    for at, token in enumerate(tokens):
        if token.kind not in {Kind.NUMBER, Kind.TIME, Kind.DATE}:
            continue
        left = _side(tokens[:at][-_WINDOW:][::-1])
        right = _side(tokens[at + 1 : at + 1 + _WINDOW])
        family = "time" if token.unit in _TIMES else token.unit
        key = f"{token.key} {token.unit}".strip()
        found.append(_Partners(key, f"{token.kind} {family}", left, right))
    return found[:_VALUES]


def _side(tokens: Sequence[Token]) -> frozenset[str]:
    keys: set[str] = set()
    for token in tokens:
        if token.kind in {Kind.NUMBER, Kind.TIME, Kind.DATE} or len(keys) == _SIDE:
            break
        if token.kind is Kind.BREAK and token.raw != "(":
            break
        if is_item(token):
            keys.add(token.key)
    return frozenset(keys)


def counted_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H4: a number before another thing than in the flags, which the line has elsewhere."""
    theirs: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for told in ground.tokens:
        for number, noun in _counted(told):
            theirs.setdefault(number, set()).add(noun)
        for token, noun in _further(told):
            theirs.setdefault(token, set()).add(noun)
    said = {token.key for token in tokens}
    for number, noun in _counted(tokens):
        known = theirs.get(number, set())
        if (
            known
            and noun not in known
            and noun[1] in ground.facts.stems
            and {key for _, key in known} & said
        ):
            yield Finding(
                Rule.H4, f"the cited flags have {number} beside {min(known)[1]}, not {noun[1]}"
            )
            return


def _further(
    tokens: Sequence[Token],
) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """The second word behind a number: ``3 concurrent exports``."""
    for token, middle, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        if token.kind is Kind.NUMBER and middle.kind is after.kind is Kind.WORD:
            yield (token.key, "noun"), ("noun", after.key)


def _counted(tokens: Sequence[Token]) -> Iterator[tuple[tuple[str, str], tuple[str, str]]]:
    """Each number with what it counts right behind it, and with the name right before it."""
    for token, after in pairwise(tokens):
        if after.kind is Kind.NUMBER and token.is_name and is_item(token):
            yield (after.key, "name"), ("name", token.key)
        adverb = after.raw.endswith("ly")
        if token.kind is Kind.NUMBER and after.kind is Kind.WORD and is_item(after) and not adverb:
            yield (token.key, "noun"), ("noun", after.key)


def rhythm_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H4: ``every 15 minutes`` for what takes 15 minutes."""
    theirs = {key for told in ground.tokens for key in _rhythms(told)}
    words = {token.raw.lower() for told in ground.tokens for token in told}
    for key in _rhythms(tokens):
        if key in ground.facts.numbers and key not in theirs and not words & _RHYTHMS:
            yield Finding(Rule.H4, f"every {key} is no rhythm in the cited flags")
            return


def _rhythms(tokens: Sequence[Token]) -> Iterator[str]:
    for token, after in pairwise(tokens):
        if (
            after.kind is Kind.NUMBER
            and after.unit
            and token.raw.lower() in {"every", "each", "per"}
        ):
            yield after.key


def _pairs(tokens: Sequence[Token]) -> Iterator[tuple[str, str, str]]:
    """Two values beside each other, and what joins them: a ``range``, a ``change`` or a ``list``."""
    changes = _changes(tokens)
    values = (Kind.NUMBER, Kind.TIME, Kind.DATE)
    for at, token in enumerate(tokens):
        if token.kind not in values:
            continue
        for ahead in (1, 2):
            other = tokens[at + ahead] if at + ahead < len(tokens) else None
            if other is None or other.kind not in values or other.key == token.key:
                continue
            middle = tokens[at + 1].raw.lower() if ahead > 1 else "to"
            before = {one.raw.lower() for one in tokens[max(0, at - 3) : at]}
            if middle in {"to", "till", "until", "through"}:
                yield token.key, other.key, "change" if changes else "range"
            elif middle == "and":
                yield token.key, other.key, "range" if "between" in before else "list"

"""What is said under a condition, and what happens otherwise (pure).

``If A, B``, ``B unless A``, ``B without A``, ``A, otherwise B`` and ``A or B`` each connect a condition with
an outcome. A rewording may take another of these forms; it may not turn the condition round, nor the two
sides, nor leave the condition out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.words import NEUTRAL, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

_IF = lexicon.words("if when whenever provided")
_ELSE = lexicon.words("otherwise else or")
_ABSENT = lexicon.words("missing absent lacks lacking lack unset")
_BACK = lexicon.words("it them this that these those one")
#: What speaks of the other cases without a connective.
OTHERS = lexicon.words(
    """other others rest remaining smaller bigger larger fewer less more below above under over everything everywhere
    elsewhere never unless without otherwise else or if when only beyond lessthan morethan not no anything except"""
)
_LEADS = lexicon.words(
    "with without while during after before until on in at for under over below above whenever from to of by unless as"
)
#: What is a failure.
FAILING = frozenset(
    map(
        stem,
        lexicon.words("""fail error crash hang slow break timeout oom fulldisk flaky red wrong garbage lose drop reject blank
            corrupt leak diverge duplicate conflict clobber kill stall deadlock miss late delay stuck invalid
            degrade panic abort wipe flicker jump jitter lag noise click audible blurry spike overheat
            unreadable unreachable unavailable exclude throttle overflow lost red broken"""),
    )
)
_HALF = 0.5
_COMPARED = 16  # branches of one text


@dataclass(frozen=True, slots=True)
class Branch:
    """``outcome`` is said where ``condition`` ``holds``, or where it does not.

    ``clauses`` are the places of the clauses in their text, that of the condition first; ``marked``: the condition has a word of its own;
    ``denied``: the outcome has a word that denies.
    """

    condition: frozenset[str]
    holds: bool
    outcome: frozenset[str]
    clauses: tuple[int, ...]
    marked: bool
    denied: bool = False


def branches(told: Sequence[Clause]) -> list[Branch]:
    """Return the conditions of some clauses with their outcomes, in order."""
    found: list[Branch] = []
    for at, clause in enumerate(told):
        if len(found) == _COMPARED:
            break
        first = clause.said[0] if clause.said else ""
        before = told[at - 1] if at and told[at - 1].origin == clause.origin else None
        after = told[at + 1] if at + 1 < len(told) else None
        after = after if after and _together(clause, after) else None
        absent = not _ABSENT.isdisjoint(clause.said)
        if before and (clause.opened in _ELSE or first in _ELSE or _elsewhere(clause)):
            condition = _content(before)
            found.append(
                Branch(
                    condition,
                    before.negated,
                    _content(clause),
                    (at - 1, at),
                    False,
                    _denies(clause),
                )
            )
        elif first in _IF or first == "unless":
            holds = (first != "unless") is not (clause.negated is not absent)
            other = before if before and _together(before, clause) else after
            if other:
                place = at - 1 if other is before else at + 1
                found.append(
                    Branch(
                        _content(clause), holds, _content(other), (at, place), True, _denies(other)
                    )
                )
        elif first == "without":
            found.append(_without(told, at, before, after))
    return [one for one in found if one.condition and one.outcome]


def _without(
    told: Sequence[Clause], at: int, before: Clause | None, after: Clause | None
) -> Branch:
    clause = told[at]
    keys = [item.key for item in clause.items if item.key not in NEUTRAL]
    if len(clause.said) > 1 and clause.said[1] in _BACK and before:
        return Branch(_content(before), False, frozenset(keys), (at, at - 1), True, _denies(clause))
    rest = set(keys[2:])
    denied = any(_denies(other) for other in (before, after) if other and _together(other, clause))
    for other in (before, after):
        if other and _together(other, clause):
            rest |= _content(other)
    if not rest:
        rest = set(keys[1:])
    return Branch(frozenset(keys[:2]), False, frozenset(rest) - set(keys[:1]), (at,), True, denied)


def branch_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H7, H12 and H16: a condition turned round, exchanged with its outcome, or left out."""
    mine, theirs = branches(told), _theirs(ground)
    for one in mine:
        alike = [
            other
            for other in theirs
            if _match(one.condition, other.condition) and _match(one.outcome, other.outcome)
        ]
        if alike and all(other.holds is not one.holds for other in alike):
            yield Finding(Rule.H7, "a condition is turned round")
            return
        crossed = any(
            _match(one.condition - one.outcome, other.outcome - other.condition)
            and _match(one.outcome - one.condition, other.condition - other.outcome)
            for other in theirs
            if other.marked and one.marked
        )
        if crossed and not alike:
            yield Finding(Rule.H12, "a condition and what follows from it are exchanged")
            return
    yield from _otherwise(told, mine, ground)


def _otherwise(
    told: Sequence[Clause], mine: Sequence[Branch], ground: Sources
) -> Iterator[Finding]:
    """H16: what happens otherwise, told as what happens."""
    for other in branches(ground.clauses):
        if other.marked or other.holds:
            continue
        own = other.outcome - other.condition
        for clause in told:
            said = _content(clause)
            others = OTHERS.intersection(clause.said).difference(
                ground.clauses[other.clauses[0]].said
            )
            if not _match(own, said) or others or clause.negated:
                continue
            told_apart = clause.opened in {";", ".", ",", ""} and clause.said[0] not in {
                "then",
                "so",
            }
            if told_apart and any(
                _match(other.condition, _content(one)) for one in told if one is not clause
            ):
                continue
            if not any(said & one.outcome for one in mine):
                yield Finding(Rule.H16, "what happens otherwise is told as what happens")
                return


def condition_kept(flag: Sequence[Clause], line: Sequence[Clause]) -> bool:
    """Tell whether a line has what the conditions of a flag are about, in whichever form."""
    said = frozenset[str]().union(*(clause.keys for clause in line))
    words = {word for clause in line for word in clause.said}
    known = branches(flag)
    if not known or words.isdisjoint(_LEADS | OTHERS):
        return False
    return all(
        len(one.condition & said) >= 2 / 3 * len(one.condition)
        for one in known
        if one.marked and _match(one.outcome, said)
    )


def fails(outcome: frozenset[str]) -> bool:
    """Tell whether an outcome is a failure."""
    return not FAILING.isdisjoint(outcome)


def turned_down(told: Sequence[Clause], ground: Sources) -> set[int]:
    """Return the places of the line's clauses that only deny a condition that the flags deny in their way."""
    theirs = _theirs(ground)
    places: set[int] = set()
    for one in branches(told):
        clause = told[one.clauses[0]]
        if any(other.negated is clause.negated for other in ground.nearest(clause)[1]):
            continue  # told in the same form, so its denial is compared
        if any(
            (one.holds, one.denied) == (other.holds, other.denied)
            and _match(one.condition, other.condition)
            and (_match(one.outcome, other.outcome) or not one.outcome)
            for other in theirs
        ):
            places.add(one.clauses[0])
    return places


def _theirs(ground: Sources) -> list[Branch]:
    return [*branches(ground.clauses), *branches(ground.old_clauses)]


def _elsewhere(clause: Clause) -> bool:
    """Whether it speaks of the cases that the clause before it excludes: ``below that``."""
    return clause.said[:2] in {("below", "that"), ("above", "that"), ("with", "fewer")}


def _denies(clause: Clause) -> bool:
    return not lexicon.NEGATORS.isdisjoint(clause.said[1:] if clause.said else ()) or clause.said[
        :1
    ] in {("not",), ("never",), ("no",)}


def _together(one: Clause, other: Clause) -> bool:
    return (one.origin, one.sentence) == (other.origin, other.sentence)


def _content(clause: Clause) -> frozenset[str]:
    return clause.keys - NEUTRAL or clause.keys


def _match(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two sets have half of the smaller one in common."""
    if not one or not other:
        return False
    return len(one & other) >= max(1, _HALF * min(len(one), len(other)))

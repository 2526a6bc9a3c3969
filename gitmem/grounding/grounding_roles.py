"""The rule about who does what to whom (H12)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.grounding.clauses import Category, Clause
from gitmem.grounding.findings import Finding, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.sources import Ground

_TO_EXCHANGE = 2


def role_findings(told: Sequence[Clause], ground: Ground) -> Iterator[Finding]:
    """H12: the items on both sides of a word have changed places."""
    for clause in told:
        shared, nearest = ground.nearest(clause)
        if shared < _TO_EXCHANGE:
            continue
        turned = [_turned(clause, other) for other in nearest]
        if turned and all(turned):
            yield Finding(Rule.H12, f"the cited flag has it the other way round: {turned[0]}")
            continue
        moved = _moved(clause, ground)
        if moved:
            yield Finding(Rule.H12, f"the cited flag has it the other way round: {moved}")


def _turned(clause: Clause, other: Clause) -> str:
    """The words that changed places around a third; empty when none did or the voice changed too."""
    mine, theirs = _places(clause), _places(other)
    both = [key for key in mine if key in theirs]
    changed_voice = clause.passive != other.passive
    for pivot in both:
        if clause.item(pivot).category is not Category.WORD:
            continue
        left = [key for key in both if mine[key] < mine[pivot]]
        right = [key for key in both if mine[key] > mine[pivot]]
        out = {
            other.item(key).relation(theirs[pivot]): key
            for key in left
            if theirs[key] > theirs[pivot]
        }
        back = {
            clause.item(key).relation(mine[pivot]): key
            for key in right
            if theirs[key] < theirs[pivot]
        }
        # "It breaks with X" is "X breaks it": only what stands in the same relation has changed places.
        same = [led for led in out if led in back]
        if same and not changed_voice:
            return f"{clause.item(out[same[0]]).raw} and {clause.item(back[same[0]]).raw}"
        if changed_voice and _kept_places(clause, other, pivot, both):
            return clause.item(pivot).raw
    return ""


def _kept_places(clause: Clause, other: Clause, pivot: str, both: Sequence[str]) -> bool:
    """Whether the voice changed and subject and agent did not: ``A calls B``, ``A is called by B``."""
    mine, theirs = _places(clause), _places(other)
    passive, places = (clause, mine) if clause.passive else (other, theirs)
    subject = any(mine[key] < mine[pivot] and theirs[key] < theirs[pivot] for key in both)
    return subject and any(
        mine[key] > mine[pivot]
        and theirs[key] > theirs[pivot]
        and (passive.item(key).led, passive.item(key).led_at) == ("by", places[pivot] + 1)
        for key in both
    )


def _places(clause: Clause) -> dict[str, int]:
    """Where each item stands that stands there once."""
    keys = [item.key for item in clause.items]
    return {key: at for at, key in enumerate(keys) if keys.count(key) == 1}


def _moved(clause: Clause, ground: Ground) -> str:
    """What stands behind a preposition here and before the same one in the flags; empty for none."""
    for arrow, at in clause.arrows:
        if at >= len(clause.items):
            continue
        target = clause.items[at]
        behind = before = False
        for other in ground.holding(target.key):
            for known, place in other.arrows:
                if known == arrow:
                    keys = [item.key for item in other.items]
                    behind |= target.key in keys[place:]
                    before |= target.key in keys[:place]
        if before and not behind:
            return f"{arrow} {target.raw}"
    return ""

"""Denials that a line may bring in or leave out, because the flags say the same in another way (pure).

Three kinds: the line denies what only the replaced line says, and the flag says otherwise; it denies the
mistake that a snag tells of; it tells a condition in another form (`gitmem.grounding.relations.branches`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.relations.branches import branches, fails, turned_down
from gitmem.grounding.words import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

#: How a flag says that something took the place of something else.
CHANGED = lexicon.words("""
    moved switched migrated changed raised lowered reduced increased renamed went replaced replaces cut bumped
    upgraded downgraded upgrade downgrade migration decreased converted turned dropped doubled halved extended shortened grew
    """)
_TELLING = 2
_OVER = CHANGED | lexicon.words("""
    gone removed archived retired deleted stopped disabled abandoned killed dead deprecated ditched left ended
    """)


def allowed_denials(
    told: Sequence[Clause], ground: Sources, mistakes: Sequence[str] = ()
) -> frozenset[int]:
    """Return the places of the clauses of a line whose denial, or lack of one, is no finding."""
    places = turned_down(told, ground)
    over, known, fresh = gone(ground), branches(ground.clauses), fresh_in(ground)
    wrong, sound = mistaken(ground, mistakes)
    for at, clause in enumerate(told):
        if not clause.negated:
            continue
        said = {key for key in clause.scope if key not in NEUTRAL}
        own = said - fresh
        if clause.said[0] in {"do", "never", "dont"} and any(
            one.holds and one.marked and one.condition - NEUTRAL <= said and fails(one.outcome)
            for one in known
        ):
            places.add(at)  # "it fails if A": "do not A"
        ended = ground.old_clauses or clause.contrast or "anymore" in clause.said
        if (own and own <= over and ended) or (said - sound and said - sound <= wrong):
            places.add(at)
    return frozenset(places)


def mistaken(ground: Sources, mistakes: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Return what the ``mistakes`` say, and what the other sources say."""
    wrong = [
        keys for text, keys in zip(ground.sources, ground.texts, strict=False) if text in mistakes
    ]
    sound = [
        keys
        for text, keys in zip(ground.sources, ground.texts, strict=False)
        if text not in mistakes
    ]
    return frozenset[str]().union(*wrong), frozenset[str]().union(*sound)


def mistake_findings(
    told: Sequence[Clause], ground: Sources, mistakes: Sequence[str]
) -> Iterator[Finding]:
    """H9: the line tells to do what went wrong."""
    if not mistakes or not told:
        return
    wrong, sound = mistaken(ground, mistakes)
    keys = told[0].keys - NEUTRAL
    only = (keys & wrong) - sound
    if not told[0].negated and len(only) >= _TELLING and 2 * len(only) >= len(keys):
        yield Finding(Rule.H9, "it tells to do what the cited flag calls a mistake")


def fresh_in(ground: Sources) -> frozenset[str]:
    """Return what the flags say, and do not say is over."""
    said = frozenset[str]().union(*ground.texts[: len(ground.sources)])
    return said - left_behind(ground.clauses)


def gone(ground: Sources) -> frozenset[str]:
    """Return what the replaced lines say and the flags do not say any more."""
    if not ground.old_clauses or ground.merges:
        return left_behind(ground.clauses)
    old = frozenset[str]().union(*(clause.keys for clause in ground.old_clauses))
    return (old - fresh_in(ground)) | left_behind(ground.clauses)


def _ended(clause: Clause) -> list[str]:
    """What a clause says is over: what stands before that word (``Kaniko is gone``), or right behind it."""
    if clause.said[0] in _OVER:
        return [item.key for item in clause.items[1:2]]
    keys = []
    for item in clause.items:
        if item.raw.lower() in _OVER:
            break
        keys.append(item.key)
    return keys


def moved_from(told: Sequence[Clause]) -> frozenset[str]:
    """Return what stands behind ``from`` in a change, and not elsewhere."""
    found: set[str] = set()
    for clause in told:
        words = set(clause.said)
        if {"from", "to"} <= words and not CHANGED.isdisjoint(words):
            found.update(item.key for item in clause.items if item.led == "from")
    if not found:
        return frozenset()
    elsewhere = [item.key for clause in told for item in clause.items if item.led != "from"]
    return frozenset(found.difference(elsewhere))


def left_behind(told: Sequence[Clause]) -> frozenset[str]:
    """Return what the clauses say is over: what stands behind ``from`` in a change, or is called gone."""
    found: set[str] = set()
    for clause in told:
        words = set(clause.said)
        if "from" in words and not CHANGED.isdisjoint(words):
            found.update(item.key for item in clause.items if item.led == "from")
        elif not _OVER.isdisjoint(words) and "to" not in words:
            found.update(_ended(clause))
        if clause.negated and ({"anymore"} & words or clause.contrast):
            found.update(clause.scope)
    return frozenset(found)

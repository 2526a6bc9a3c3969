"""Causes: between what one flag connects, what it says side by side, or what two flags say of one thing (H11) (pure).

Side by side, only one direction makes sense: what one is to do follows from how things are, and a failure from
what hinders. Where that does not tell, no cause is accepted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.relations.branches import FAILING
from gitmem.grounding.tokens import Kind
from gitmem.grounding.words import CAUSES, NEUTRAL, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause
    from gitmem.grounding.sources import Sources

_NEAREST = 8
_JUDGED = 8  # causes of one line that are looked at
_LED = lexicon.words("so therefore hence thus which")
_LEADING = lexicon.words("causes caused causing cause leads led results lead result")
_NEEDED = frozenset(map(stem, lexicon.words("must need require")))
#: What tells a reader to do something.
_TO_DO = frozenset(
    map(
        stem,
        lexicon.words("""use run set call pin check wait keep restart flip save add avoid ask open put select choose prefer install
            build deploy flash compile rebase wrap disable enable increase commit bump edit change delete remove
            make close copy retry sort test skip exclude split ship quote escape mount pass import lock never
            should reissue rerun rotate upgrade downgrade bake warm clear decide pick chose went recalibrate
            switch move drop store order buy solder ground shield drain notify tell"""),
    )
)
_HINDERING = frozenset(
    map(
        stem,
        lexicon.words("""block lock limit only except missing lack old stale drift share single full large expire wait throttle
            overwrite leak too without no not never conflict disable broken race cold cache slow small short narrow
            weak overload same blocking mismatch corrupt differ different loose wet hot"""),
    )
)


def cause_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H11: a cause between two things that no flag connects."""
    marked = [(at, *_marker(clause)) for at, clause in enumerate(told)]
    marked = [entry for entry in marked if entry[1]]
    if not marked:
        return
    counts: dict[tuple[int, str], int] = {}
    for clause in told:
        for key in clause.keys:
            counts[clause.sentence, key] = counts.get((clause.sentence, key), 0) + 1
    known = [_Told(ground, origin) for origin in range(len(ground.tokens))]
    for at, marker, sure in marked[:_JUDGED]:
        clause = told[at]
        here = clause.keys
        there = frozenset(
            key
            for (sentence, key), count in counts.items()
            if sentence == clause.sentence and count > (key in here)
        )
        if not there:
            here, there = _cut(clause, marker)
        if _turned(told, at, marker, ground):
            yield Finding(Rule.H11, f'the cited flags give another cause ("{marker}")')
            return
        if any(one.connects(here, there, sure=sure) for one in known):
            continue
        if _follows(told, at, marker, ground):
            continue
        yield Finding(Rule.H11, f'no cited flag gives this cause ("{marker}")')
        return


def _turned(told: Sequence[Clause], at: int, marker: str, ground: Sources) -> bool:
    """Whether a flag connects cause and effect the other way round, or gives another effect to this cause."""
    cause, effect = _sides(told, at, marker)
    if cause is None or effect is None:
        return False
    pairs = [
        _sides(ground.clauses, place, other)
        for place, clause in enumerate(ground.clauses)
        if (other := _marker(clause)[0])
    ][:_NEAREST]
    known = [(one, two) for one, two in pairs if one is not None and two is not None]
    if any(_alike(cause, one) and _alike(effect, two) for one, two in known):
        return False
    return any(
        (_alike(cause, two) and _alike(effect, one)) or _same_marked(cause, effect, one, two)
        for one, two in known
    )


def _same_marked(cause: Clause, effect: Clause, one: Clause, two: Clause) -> bool:
    """Whether the cause, or purpose, is that of a flag, and the effect shares nothing with it."""
    return _alike(cause, one) and effect.keys.isdisjoint((two.keys | one.keys) - NEUTRAL)


def _alike(one: Clause, other: Clause) -> bool:
    mine, theirs = one.keys - NEUTRAL, other.keys - NEUTRAL
    return bool(mine & theirs) and 2 * len(mine & theirs) >= min(len(mine), len(theirs))


def _follows(told: Sequence[Clause], at: int, marker: str, ground: Sources) -> bool:
    """Whether the cause and the effect stand side by side in the flags, and the direction makes sense."""
    cause, effect = _sides(told, at, marker)
    if cause is None or effect is None:
        return False
    # What a replaced line says side by side is told by that line alone.
    return any(
        _makes_sense(one, other, ground)
        for old in (False, True)
        for one in ground.nearest(cause, old=old)[1][:_NEAREST]
        for other in _touching(effect, ground, old=old)
        if one is not other and (effect.keys & other.keys) - one.keys
        if not old or _side_by_side(one, other, cause, ground)
    )


def _side_by_side(one: Clause, other: Clause, cause: Clause, ground: Sources) -> bool:
    """Whether a replaced line has two clauses next to each other, and says all of the cause in the first."""
    near = abs(ground.place(one) - ground.place(other)) == 1
    return one.origin == other.origin and near and cause.keys - NEUTRAL <= one.keys


def _sides(told: Sequence[Clause], at: int, marker: str) -> tuple[Clause | None, Clause | None]:
    """The clause that gives the cause, and the one that it is a cause of."""
    clause = told[at]
    same = (clause.origin, clause.sentence)
    earlier = [
        one
        for one in told[max(0, at - 2) : at]
        if (one.origin, one.sentence) == same and not one.contrast
    ]
    before = earlier[-1] if earlier else None
    after = told[at + 1] if at + 1 < len(told) else None
    if after is not None and (after.origin, after.sentence) != same:
        after = None
    led = clause.said[0] in _LED or marker in _LEADING
    return (before, clause) if led else (clause, before or after)


def _touching(clause: Clause, ground: Sources, *, old: bool) -> list[Clause]:
    """The clauses that have something of a clause: of the cited flags, with ``old`` of the replaced lines."""
    found = {
        ground.place(one): one
        for key in clause.keys - NEUTRAL
        for one in ground.holding(key, new_only=not old)
        if old is (one.origin >= len(ground.sources))
    }
    return [found[place] for place in sorted(found)][:_NEAREST]


def _makes_sense(cause: Clause, effect: Clause, ground: Sources) -> bool:
    if cause.origin != effect.origin:
        said = [ground.spoken(origin) - NEUTRAL for origin in (cause.origin, effect.origin)]
        shared = said[0] & said[1]
        fails = not FAILING.isdisjoint(effect.keys) or _unable(effect)
        return bool(shared) and fails and _hinders(cause) and _weight(cause) <= _weight(effect)
    if abs(ground.place(cause) - ground.place(effect)) > _BESIDE:
        return False
    if _weight(effect) > _weight(cause):
        return True
    follows = ground.place(effect) > ground.place(cause)
    return follows and effect.opened in {"and", "then", "so"} and _hinders(cause)


_BESIDE = 2  # clauses apart


def _weight(clause: Clause) -> int:
    """How much a clause can only be an effect: something to do 2, a failure 1, anything else 0."""
    stems = {stem(word) for word in clause.said if word.isalpha()}
    opening = {item.key for item in clause.items[:2]}
    to_do = not _TO_DO.isdisjoint(opening) and clause.said[0] not in {"it", "they"}
    we = clause.said[0] in {"we", "never", "always", "please"} or clause.said[:2] == ("do", "not")
    if to_do or (we and not _unable(clause)) or not _NEEDED.isdisjoint(stems):
        return 2
    return int(not FAILING.isdisjoint(stems) or _unable(clause))


def _unable(clause: Clause) -> bool:
    return any(
        one in {"can", "could", "does", "do"} and two == "not"
        for one, two in zip(clause.said, clause.said[1:], strict=False)
    )


def _hinders(clause: Clause) -> bool:
    return clause.negated or any(
        stem(word) in _HINDERING | FAILING for word in clause.said if word.isalpha()
    )


def _marker(clause: Clause) -> tuple[str, bool]:
    """The word that makes a cause of the clause, and whether it can mean nothing else."""
    flat = f" {' '.join(clause.said)} "
    for word in clause.said:
        if word.isalpha() and stem(word) in CAUSES:
            return word, True
    for phrase in lexicon.CAUSE_PHRASES:
        if f" {phrase} " in flat:
            return phrase, True
    first = clause.said[0] if clause.said else ""
    if first in lexicon.MAYBE_CAUSES and clause.items:
        dated = clause.items[0].token.kind in {Kind.NUMBER, Kind.DATE, Kind.TIME, Kind.CODE}
        weekday = clause.items[0].key.startswith("weekday")
        return ("", False) if first == "since" and (dated or weekday) else (first, False)
    return "", False


def _cut(clause: Clause, marker: str) -> tuple[frozenset[str], frozenset[str]]:
    words = marker.split()
    at = clause.said.index(words[0])
    before = {stem(word) for word in clause.said[:at]}
    return clause.keys - before, clause.keys & before


class _Told:
    """What one flag speaks of, and whether it gives a cause for anything."""

    __slots__ = ("causal", "keys")

    def __init__(self, ground: Sources, origin: int) -> None:
        self.keys = ground.texts[origin]
        tokens = ground.tokens[origin]
        words = {token.raw.lower() for token in tokens if token.kind is Kind.WORD}
        small = f" {ground.flat[origin].lower()} "
        self.causal = (
            not words.isdisjoint(lexicon.MAYBE_CAUSES)
            or any(stem(word) in CAUSES for word in words)
            or any(f" {phrase} " in small for phrase in lexicon.CAUSE_PHRASES)
        )

    def connects(self, here: frozenset[str], there: frozenset[str], *, sure: bool) -> bool:
        """Whether it speaks of both sides, and (when the word is ``sure``) of a cause."""
        near, far = len(here & self.keys), len(there & self.keys)
        if self.causal and (near or not here) and (far or not there):
            return True
        return not sure and 2 * near > len(here) and 2 * far > len(there)

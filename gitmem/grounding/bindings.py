"""The rules about what belongs to what: values, facts merged, who does what to whom (H4, H12, H13, S2) (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import Category, Clause, Item
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.tokens import Kind
from gitmem.grounding.words import NEUTRAL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from gitmem.grounding.sources import Sources

_PAIRED = 16  # clauses of one line, and nearest clauses of each, that are compared pair by pair
_TO_EXCHANGE = 2
_TIMED = lexicon.words("before after")
_NEAR = 3  # things beside a name or an identifier
_NAMED = {Category.NAME, Category.CODE}
_COUNTED = frozenset({Category.NUMBER, Category.CODE})
_VALUES = frozenset({Category.NUMBER, Category.DATE, Category.CODE, Category.NAME})


def value_role_findings(
    told: Sequence[Clause], ground: Sources, settled: Collection[str] = ()
) -> Iterator[Finding]:
    """H13 and H4: a value beside something that the flags give another value of its kind.

    ``settled`` are numbers that stand beside what they stand beside in the flags.
    """
    for clause in told:
        values = [
            item for item in clause.items if item.category in _VALUES and item.key not in settled
        ]
        for value in values:
            rival = _rival(value, clause, ground)
            if rival:
                yield Finding(Rule.H13, rival)
                break
        yield from _neighbours(clause, ground, settled)


def _rival(value: Item, clause: Clause, ground: Sources) -> str:
    """Why the value does not belong into the clause; empty when it may."""
    holders = list(ground.holding(value.key))
    if not holders:
        return ""
    if value.category is Category.NUMBER and holders[0].items[0].key == value.key:
        return ""  # "batches of 16 work, 32 fails": of batches, too
    is_new = holders[0].origin < len(ground.sources)
    at = clause.items.index(value)
    near = 1 if value.category is Category.NUMBER else _NEAR
    for item in clause.items[max(0, at - near) : at + near + 1]:
        if item.key == value.key or item.key in NEUTRAL or _same_kind(item, value):
            continue
        if any(item.key in other.keys for other in holders):
            continue
        if value.category is not Category.NUMBER and not _owns(item, ground):
            continue
        rivals = {
            known.raw
            for other in ground.holding(item.key, new_only=is_new)
            for known in other.items
            if _same_kind(known, value) and known.key not in clause.keys and known.key != item.key
        }
        if rivals:
            return f"the cited flags give {item.raw} {min(rivals)}, not {value.raw}"
    return ""


def _owns(item: Item, ground: Sources) -> bool:
    """Whether a clause of the flags or the replaced lines is about an item."""
    return any(_opens(other, item.key) for other in ground.holding(item.key))


def _opens(clause: Clause, key: str) -> bool:
    first = next((item for item in clause.items if item.key not in NEUTRAL), None)
    return first is not None and first.key == key


def _same_kind(one: Item, other: Item) -> bool:
    return one.category is other.category or {one.category, other.category} == _NAMED


def _neighbours(clause: Clause, ground: Sources, settled: Collection[str]) -> Iterator[Finding]:
    """H4: a number beside a word that stands beside other numbers in the flags, on the same side."""
    for side in (1, -1):
        for at, item in enumerate(clause.items):
            beside = _at(clause, at + side)
            if (
                item.category is not Category.NUMBER
                or beside is None
                or beside.category in _COUNTED
                or beside.key in NEUTRAL
            ):
                continue
            if side == 1 and item.token.unit:
                continue
            among = ground.holding(beside.key, new_only=item.key in ground.new.numbers)
            counted = {
                number for other in among for number in _numbers_beside(other, beside.key, side)
            }
            if item.token.unit and _has_rival(item, ground):
                continue  # told by what stands on its other side
            if counted and item.key not in counted and item.key not in settled:
                what = f"{min(counted)} beside {beside.raw}, not {item.raw}"
                yield Finding(Rule.H4, f"the cited flags have {what}")


def _has_rival(item: Item, ground: Sources) -> bool:
    return any(
        number != item.key and item.token.unit in units
        for number, units in ground.facts.numbers.items()
    )


def _at(clause: Clause, place: int) -> Item | None:
    return clause.items[place] if 0 <= place < len(clause.items) else None


def _numbers_beside(clause: Clause, key: str, side: int) -> Iterator[str]:
    """The run of numbers right before (``side`` 1) or behind (-1) an item."""
    for at, item in enumerate(clause.items):
        if item.key != key:
            continue
        place = at - side
        number = _at(clause, place)
        while number is not None and number.category in _COUNTED:
            yield number.key
            place -= side
            number = _at(clause, place)


def crossing_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13: two clauses have each taken from the other's flag what their own had in its place."""
    fits: list[tuple[frozenset[str], frozenset[str]]] = []
    for clause in told[:_PAIRED]:
        mine = [
            (clause.keys - other.keys, other.keys - clause.keys)
            for other in ground.nearest(clause)[1]
        ]
        for more, less in mine:
            for other_more, other_less in fits:
                if more & other_less and other_more & less:
                    what = f"{min(more & other_less)} and {min(other_more & less)}"
                    yield Finding(Rule.H13, f"exchanged between two statements: {what}")
                    return
        fits.extend(mine[:_PAIRED])


_PRONOUNS = lexicon.words("one ones it they this that those these")


def substitution_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13: a clause is one of the flags' but for one item, which another clause of theirs is about."""
    for clause in told:
        shared, nearest = ground.nearest(clause)
        mine = [item.key for item in clause.items]
        if shared < _TO_EXCHANGE or shared != len(mine) - 1:
            continue
        for other in nearest:
            theirs = [item.key for item in other.items]
            changed = [pair for pair in zip(mine, theirs, strict=False) if pair[0] != pair[1]]
            if (
                len(mine) == len(theirs)
                and len(changed) == 1
                and any(ground.holding(changed[0][0]))
            ):
                new, old = (clause.item(changed[0][0]).raw, other.item(changed[0][1]).raw)
                if changed[0][0] not in NEUTRAL and old.lower() not in _PRONOUNS:
                    yield Finding(Rule.H13, f"it says of {new} what the cited flags say of {old}")
                    return


def stale_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13: a number of the replaced line kept although the flag gives a new one of its unit."""
    if not ground.old_clauses:
        return
    items = [item for clause in told if not clause.negated for item in clause.items]
    for kind in (Kind.TIME, Kind.WORD):
        said = {item.key for item in items if _timely(item, kind)}
        new = {i.key for c in ground.clauses for i in c.items if _timely(i, kind)}
        old = {i.key for c in ground.old_clauses for i in c.items if _timely(i, kind)}
        if said & (old - new) and new and not said & new:
            yield Finding(Rule.H13, f"the cited flag replaces {min(said & (old - new))}")
    mine = {
        item.key: item
        for clause in told
        for item in clause.items
        if item.category is Category.NUMBER
    }
    for key, item in mine.items():
        if key in ground.new.numbers or not item.token.unit:
            continue
        same = [value for value, units in ground.new.numbers.items() if item.token.unit in units]
        if same and not any(value in mine for value in same):
            yield Finding(Rule.H13, f"the cited flag replaces {item.raw} by {same[0]}")


def _timely(item: Item, kind: Kind) -> bool:
    """Whether an item is an hour, or with ``Kind.WORD`` a day of the week."""
    if kind is Kind.WORD:
        return item.key.startswith("weekday ")
    return item.token.kind is kind


def merge_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13 or S2: a clause put together from flags that have nothing in common; H13 for a value."""
    texts = ground.texts
    old = texts[len(ground.sources) :]
    spoken: dict[int, set[str]] = {}
    for clause in told:
        spoken.setdefault(clause.sentence, set()).update(clause.keys - NEUTRAL)
    for clause in told:
        known = {
            key for key in clause.keys if key not in NEUTRAL and any(key in text for text in texts)
        }
        best = max(texts, key=lambda text: len(known & text), default=frozenset[str]())
        rest = known - best
        if not rest:
            continue
        others = [text for text in texts if rest & text]
        # A replaced line is related by being replaced.
        related = any(
            text in old or best in old or spoken[clause.sentence] & best & text for text in others
        )
        if not related:
            named = ", ".join(sorted(rest)[:3])
            value = any(item.key in rest and item.category in _VALUES for item in clause.items)
            what = f"no single flag says this; from an unrelated one: {named}"
            yield Finding(Rule.H13 if value else Rule.S2, what)
            return


def role_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H12: the items on both sides of a word have changed places."""
    for clause in told:
        shared, nearest = ground.nearest(clause)
        if shared < _TO_EXCHANGE:
            continue
        if _TIMED.intersection(clause.said) or any(
            _TIMED.intersection(one.said) for one in nearest
        ):
            continue  # which `gitmem.grounding.relations.order` judges
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


def _moved(clause: Clause, ground: Sources) -> str:
    """What stands behind a preposition here and before the same one in the flags; empty for none."""
    for arrow, at in clause.arrows:
        if at >= len(clause.items):
            continue
        target = clause.items[at]
        if at + 1 < len(clause.items) and clause.items[at + 1].category is Category.NUMBER:
            target = clause.items[at + 1]  # from Postgres 14: from 14
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

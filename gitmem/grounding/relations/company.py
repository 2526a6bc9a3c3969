"""Each value stays with the words that it stands with in the flags (H13, H8) (pure).

A *cell* is a part of a sentence with one value of a kind and the things around it: ``6 px for
buttons``. A line may word a cell as it likes. It may not give a value the words of another value's cell.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from itertools import zip_longest
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import is_item
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.relations.branches import FAILING
from gitmem.grounding.relations.denied import CHANGED
from gitmem.grounding.tokens import Kind, Token
from gitmem.grounding.words import NEUTRAL, OPPOSITES, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.sources import Sources

_SPLITS = lexicon.words("and or but while whereas")
_NUMBERS = frozenset({Kind.NUMBER})
_CLOCKS = frozenset({Kind.DATE, Kind.TIME})
_CODES = frozenset({Kind.CODE})
_KINDS = (_NUMBERS, _CLOCKS, _CODES)
_MOST = 24  # cells of one text
_READ = 600  # tokens of one text
_COMPARED = 96  # cells of all the flags and replaced lines
_LITTLE = NEUTRAL | frozenset(
    map(stem, lexicon.words("now still also other rest remain go use at most least limit"))
)


@dataclass(frozen=True, slots=True)
class Cell:
    """A value and the things of its part of the sentence; ``core`` are those beside it.

    ``origin`` and ``place`` tell where it stands, ``stretch`` numbers what no comma or ``and`` divides.
    """

    value: str
    unit: str
    things: frozenset[str]
    core: frozenset[str]
    origin: int
    place: int
    stretch: int
    named: bool
    before: str


def company_findings(tokens: Sequence[Token], ground: Sources) -> Iterator[Finding]:
    """H13: a value among the words that the flags, or the replaced lines, have around another value.

    H8: among the opposite of a word that they have around it.
    """
    sources = len(ground.sources)
    changed = any(token.raw.lower() in CHANGED for told in ground.tokens for token in told)
    for kinds in _KINDS:
        mine = _cells(tokens, kinds, -1)
        if not mine:
            continue
        theirs = [
            cell for at, told in enumerate(ground.tokens) for cell in _cells(told, kinds, at)
        ][:_COMPARED]
        new = [cell for cell in theirs if cell.origin < sources]
        old = [] if ground.merges else [cell for cell in theirs if cell.origin >= sources]
        yield from _stale(mine, new, old)
        yield from _strayed(mine, theirs, sources, changed=changed)


def _strayed(
    mine: Sequence[Cell], theirs: Sequence[Cell], sources: int, *, changed: bool
) -> Iterator[Finding]:
    """H13 and H8 for a value that has left its words."""
    where = Counter(key for cell in theirs for key in cell.things)
    for cell in mine:
        same = [one for one in theirs if one.value == cell.value]
        fresh = [one for one in same if one.origin < sources]
        same = fresh or same
        if not same:
            continue
        own = frozenset[str]().union(*(one.things for one in same))
        rivals = [
            one
            for one in theirs
            if one.value != cell.value and _alike(one, cell) and not _partners(one, same)
        ]
        for one in same:
            turned = [
                key
                for key in cell.things - own
                if OPPOSITES.get(key, frozenset()) & (one.things - cell.things)
            ]
            if turned and len(same) == 1 and not changed:
                yield Finding(Rule.H8, f"{cell.value} stands with the opposite: {turned[0]}")
                return
        taken = frozenset[str]().union(*(one.things for one in rivals))
        exclusive = own - taken
        for rival in rivals:
            strange = {
                key for key in cell.things & rival.things if key not in own and where[key] == 1
            }
            if not strange:
                continue
            if (
                fresh
                and rival.origin >= sources
                and not _elsewhere(own, cell, rival, theirs, sources)
            ):
                continue  # what takes the place of a value takes its words
            there = any(one.value == rival.value for one in mine)
            apart = exclusive or own
            if (apart and cell.things.isdisjoint(apart)) or (
                # "6310 for cards, 6300 for the rest"
                there and own and not exclusive and own <= rival.core
            ):
                yield _finding(cell, strange, rival)
                return
            later = (rival.origin, rival.place) > (same[0].origin, same[0].place)
            if later and rival.origin == same[0].origin and len(same) == 1 and not there:
                yield _finding(cell, strange, rival)
                return
            if there and strange & FAILING and not own & FAILING:
                yield _finding(cell, strange, rival)
                return


def _elsewhere(
    own: frozenset[str], cell: Cell, rival: Cell, theirs: Sequence[Cell], sources: int
) -> bool:
    """Whether a new value belongs to another cell of the replaced lines than to the rival's."""
    return any(
        own & (other.things - cell.things - rival.things)
        for other in theirs
        if other.origin >= sources and other is not rival
    )


def _stale(mine: Sequence[Cell], new: Sequence[Cell], old: Sequence[Cell]) -> Iterator[Finding]:
    """H13 for a value of the replaced line where the flag has another one for the same thing."""
    fresh = {cell.value for cell in new}
    known = frozenset[str]().union(*(cell.things for cell in old))
    for flagged in new:
        alike = [cell for cell in old if _alike(cell, flagged)]
        ranked = sorted(((_nearness(cell, flagged), cell) for cell in alike), key=_by_nearness)
        if not ranked or ranked[0][1].value in fresh:
            continue
        nearness, best = ranked[0]
        about = best.core & flagged.core
        if not about or [one for one, _ in ranked].count(nearness) > 1:
            continue
        for cell in mine:
            if cell.value == best.value and cell.things & about:
                here = [one for one in mine if one.value == flagged.value]
                told = any(about <= one.things or one.things & flagged.core - known for one in here)
                if not told:
                    yield Finding(
                        Rule.H13,
                        f"the cited flag gives {min(about)} {flagged.value}, not {best.value}",
                    )
                    return


def _nearness(cell: Cell, flagged: Cell) -> tuple[bool, int]:
    """How like two cells are: what stands right before the value (``pnpm 9``) counts most."""
    return bool(cell.before) and cell.before == flagged.before, len(cell.core & flagged.core)


def _by_nearness(ranked: tuple[tuple[bool, int], Cell]) -> tuple[bool, int]:
    named, shared = ranked[0]
    return not named, -shared


def _finding(cell: Cell, strange: set[str], rival: Cell) -> Finding:
    what = f"the cited flags have {rival.value} with {min(strange)}, not {cell.value}"
    return Finding(Rule.H13, what)


def _alike(one: Cell, other: Cell) -> bool:
    return one.unit == other.unit or "" in {one.unit, other.unit}


def _partners(rival: Cell, same: Sequence[Cell]) -> bool:
    """Whether one thing is said of two identifiers: ``robots.txt blocks /internal``."""
    at = (rival.origin, rival.stretch)
    return rival.named and any((one.origin, one.stretch) == at for one in same)


def _cells(tokens: Sequence[Token], kinds: frozenset[Kind], origin: int) -> list[Cell]:
    """The cells of a text; what has no value belongs to the cell before it in its sentence."""
    found: list[Cell] = []
    value, things, unit = "", set[str](), ""
    waiting, stretch = False, 0
    last = before = ""

    def close() -> None:
        nonlocal value, things, unit
        if value:
            core = frozenset(things - _LITTLE)
            place = len(found)
            found.append(
                Cell(value, unit, core, core, origin, place, stretch, kinds is _CODES, before)
            )
        elif found and things and same:
            found[-1] = replace(found[-1], things=found[-1].things | (things - _LITTLE))
        value, things, unit = "", set(), ""

    same = False
    for token, ahead in zip_longest(tokens[:_READ], tokens[1:_READ]):
        after, last = last, token.key if is_item(token) else ""
        low = token.raw.lower()
        stops = token.kind is Kind.BREAK
        if stops or (token.kind is Kind.WORD and low in _SPLITS):
            waiting = True
            if stops and token.key == ".":
                close()
                same, waiting = False, False
                stretch += 1
            elif token.raw == "(" and ahead is not None and ahead.kind not in kinds:
                close()  # an aside has cells of its own
            continue
        if token.kind in kinds:
            if value:
                close()
                same = True
            stretch += waiting
            value, unit, waiting, before = token.key, token.unit, False, after
            same = True
        elif is_item(token) and token.kind is not Kind.BREAK:
            if waiting and value:
                close()
                same = True
            stretch += waiting
            waiting = False
            things.add(token.key)
    close()
    return found[:_MOST]

"""Statements run together: a clause with parts of two, and an old value beside the new one (H13) (pure)."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.grounding import lexicon
from gitmem.grounding.clauses import Category
from gitmem.grounding.findings import Finding, Rule
from gitmem.grounding.relations.denied import CHANGED, fresh_in, gone, moved_from
from gitmem.grounding.tokens import inner
from gitmem.grounding.words import LITTLE, NEUTRAL, OPPOSITES, stem

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.grounding.clauses import Clause, Item
    from gitmem.grounding.sources import Sources

_PLAIN = NEUTRAL - {"new", "old"}
_BACK = lexicon.words("it they them its their this that these those one ones he she which")
_ASIDE = lexicon.words("( if when whenever while unless until because since so which without")
_PLACES = lexicon.words("in on at for with under within during")
_JOINED = 3  # things in a clause with two subjects
_PAIRED = 8  # statements that one clause may touch
_FORMER = lexicon.words(
    "was were former formerly previously previous before replaces replaced not insteadof"
)
_JOINING = lexicon.words("and or plus also both then to")
_VALUES = frozenset({Category.NUMBER, Category.DATE, Category.CODE, Category.NAME})


class _Line:
    """The clauses of a line, and what of each statement of the flags stands in which."""

    def __init__(self, told: Sequence[Clause], among: Sequence[Clause]) -> None:
        self.among = among
        self.where = _places(among)
        self.leads = {
            at: next((item.key for item in clause.items if item.key not in _PLAIN), "")
            for at, clause in enumerate(among)
        }
        self.parts = [self._parts(clause) for clause in told]
        quoted = [item.token for clause in told for item in clause.items if item.token.quoted]
        self.keys = frozenset(part.key for token in quoted for part in inner(token)).union(
            *(clause.keys for clause in told)
        )
        self.denied = frozenset[str]().union(*(clause.scope for clause in told))

    def _parts(self, clause: Clause) -> dict[int, list[str]]:
        parts: dict[int, list[str]] = {}
        for item in clause.items:
            at = self.where.get(item.key, -1)
            if at >= 0:
                parts.setdefault(at, []).append(item.key)
        return parts

    def elsewhere(self, place: int, statement: int) -> set[str]:
        """What of a statement stands in other clauses than the one at ``place``."""
        return {
            key
            for at, parts in enumerate(self.parts)
            if at != place
            for key in parts.get(statement, ())
        }


def mixing_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13: a clause has parts of two statements that crossed, or only the subject of a statement is left."""
    among = [clause for clause in ground.clauses if clause.origin not in ground.mistakes]
    line = _Line(told, among)
    for at, parts in enumerate(line.parts):
        if told[at].contrast:
            continue
        statements = sorted(parts)[:_PAIRED]
        for one in statements:
            for other in statements:
                if one != other and _crossed(line, told[at], at, one, other):
                    what = f"{parts[one][0]} and {parts[other][0]}"
                    yield Finding(Rule.H13, f"parts of two statements are run together: {what}")
                    return
        subject = _without_its_own(line, told[at])
        if subject:
            yield Finding(Rule.H13, f"what the cited flag says of {subject} is told of another")
            return
    yield from _bare_subjects(line)


def _without_its_own(line: _Line, clause: Clause) -> str:
    """Of two joined subjects, the one of which is told what the flags say of the other only.

    "The reader and the writer round up", where the reader rounds down.
    """
    if len(clause.items) < _JOINED or clause.items[1].led:
        return ""
    first, second = clause.items[:2]
    for item, other in ((first, second), (second, first)):
        here, there = line.where.get(item.key, -1), line.where.get(other.key, -1)
        if -1 in {here, there} or here == there:
            continue
        mine, theirs = line.among[here], line.among[there]
        if line.leads[here] != item.key or line.leads[there] != other.key:
            continue
        own = _says(mine) - _says(theirs) - {item.key}
        others = _says(theirs) - _says(mine)
        said = _says(clause)
        alike = said & _says(mine) & _says(theirs)
        opposed = {word for one in own for word in OPPOSITES.get(one, ())}
        if alike and own.isdisjoint(said) and opposed & others & said:
            return item.raw
    return ""


def _says(clause: Clause) -> set[str]:
    return {stem(word) for word in clause.said} | clause.keys


def _crossed(line: _Line, clause: Clause, at: int, one: int, other: int) -> bool:
    """Whether what is said of ``one`` stands in a clause about ``other``."""
    mine, theirs = line.parts[at][one], line.parts[at][other]
    away = line.elsewhere(at, one)
    lead = line.leads[one]
    told = [key for key in mine if key != lead]
    about_other = line.leads[other] in theirs
    first, second = line.among[one], line.among[other]
    if _BACK.intersection(second.said) or _ASIDE & {
        first.opened,
        *first.said[:1],
        second.opened,
        *second.said[:1],
    }:
        return False
    told = [key for key in told if not _setting(first, second, key)]
    if about_other and told and lead in away and lead not in mine:
        return True
    # "The ledger and the invoices round to even": the second subject has nothing of its own behind it.
    places = [place for place, item in enumerate(clause.items) if item.key in theirs]
    joined = clause.items[0].key == lead and places[0] == 1 and not clause.items[1].led
    alone = all(item.key in theirs for item in clause.items[1 : places[-1] + 1])
    return joined and alone and bool(told) and about_other and _BACK.isdisjoint(first.said)


def _setting(first: Clause, second: Clause, key: str) -> bool:
    """Whether a thing is the place or the circumstance of a whole sentence: ``in the tests, ...``."""
    led = first.item(key).led
    return led in _PLACES and not any(item.led == led for item in second.items)


def _bare_subjects(line: _Line) -> Iterator[Finding]:
    for at, clause in enumerate(line.among):
        lead = line.leads[at]
        if line.where.get(lead) != at or lead not in line.keys or clause.negated:
            continue
        item = clause.item(lead)
        aside = item.led and (_BACK | lexicon.BEING).isdisjoint(clause.said)
        if aside or item.category in {Category.NUMBER, Category.DATE} or lead in line.denied:
            continue
        after = line.among[at + 1] if at + 1 < len(line.among) else None
        if after and after.origin == clause.origin and after.opened in {"and", "but"}:
            continue  # it may go on about the same thing
        rest = [
            item
            for item in clause.items
            if item.category is not Category.DATE
            and item.key not in LITTLE | {lead}
            and line.where.get(item.key) == at
        ]
        others = clause.keys - NEUTRAL - {lead}
        if rest and others.isdisjoint(line.keys):
            yield Finding(Rule.H13, f"what the cited flag says of {lead} is left out")
            return


def _places(among: Sequence[Clause]) -> dict[str, int]:
    """The clause that alone holds a thing, by the thing; -1 for what several hold."""
    where: dict[str, int] = {}
    for at, clause in enumerate(among):
        for key in clause.keys - _PLAIN:
            where[key] = at if key not in where else -1
    return where


def kept_findings(told: Sequence[Clause], ground: Sources) -> Iterator[Finding]:
    """H13: what the flag replaces stands beside what takes its place, or in its place."""
    plain = [clause for clause in told if not _former(clause)]
    behind = moved_from(ground.clauses)
    for clause in plain:
        for item in clause.items:
            if item.key in behind and CHANGED.isdisjoint(clause.said):
                yield Finding(Rule.H13, f"the cited flag says that {item.raw} is over")
                return
    if not ground.old_clauses or ground.merges:
        return
    over = gone(ground)
    old = {key for clause in ground.old_clauses for key in clause.keys}
    fresh = {key for key in fresh_in(ground) if key not in old}
    items = [item for clause in plain for item in clause.items if item.key not in NEUTRAL]
    for one, two in pairwise(items):
        for stale, new in ((one, two), (two, one)):
            if stale.key in over and new.key in fresh and _kind(stale) == _kind(new) != "":
                yield Finding(Rule.H13, f"{stale.raw} stands beside {new.raw}")
                return
    said = {item.key for item in items}
    aside = {item.key: item for clause in told if _former(clause) for item in clause.items}
    for key, item in aside.items():
        if key in fresh and key not in said and _kind(item):
            yield Finding(Rule.H13, f"{item.raw} is told as what was before")
            return


def _former(clause: Clause) -> bool:
    return clause.negated or not _FORMER.isdisjoint(clause.said)


def _kind(item: Item) -> str:
    if item.key.startswith("weekday "):
        return "weekday"
    if item.category is Category.NUMBER:
        return f"number {item.token.unit}"
    return item.category.value if item.category in _VALUES else ""

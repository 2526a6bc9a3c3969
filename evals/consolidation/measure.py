"""What closes make of the flags: what is stale, twice, worthless or settled must go, all else must stay."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from evals.consolidation import answers, project
from evals.consolidation.closes import sitting
from evals.consolidation.ending import Ending
from evals.consolidation.oracle import Oracle
from evals.rates import Rate
from gitmem.bootstrap.engines import handover
from gitmem.drain.verbatim import Verbatim

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from evals.consolidation.project import Label, Project
    from gitmem.drain.ports import Engine

FLOOR, ORACLE, REPLAYED = "floor", "oracle", "replayed"
_STALE, _TWICE, _WORTHLESS, _SETTLED = (
    "stale gone",
    "duplicates folded",
    "worthless dropped",
    "pending settled",
)
_LOST, _MADE_UP, _TOPICS, _DONE = (
    "atoms lost",
    "fabricated",
    "topics F1",
    "flags accounted for",
)
# What a careful model has to reach, and what the oracle has to.
_TARGETS: Mapping[str, Mapping[str, float]] = {
    REPLAYED: {
        _STALE: 7 / 8,
        _TWICE: 5 / 6,
        _WORTHLESS: 1.0,
        _SETTLED: 4 / 5,
        _LOST: 0.0,
        _MADE_UP: 0.0,
        _TOPICS: 0.60,
    },
    ORACLE: dict.fromkeys((_STALE, _TWICE, _WORTHLESS, _SETTLED, _TOPICS), 0.95)
    | {_LOST: 0.0, _MADE_UP: 0.0},
    FLOOR: {},
}
_LOW_IS_GOOD = frozenset({_LOST, _MADE_UP})
# A value or a name: it has a digit, a capital letter, or a sign that code and paths have.
_TOKEN = re.compile(r"[^\s,;()\[\]{}\"“”`*]+")
_SIGNS = re.compile(r"\d|[_/\\@#=<>~]|\w[.:]\w|[A-Z]")


@dataclass(frozen=True, kw_only=True)
class Count:
    """Cases of one measure that are there, of how many, and a sentence for each that is wrong."""

    count: int
    total: int
    misses: tuple[str, ...] = ()


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by name, and the cases that fail, one a line."""
    rates: dict[str, Rate] = {}
    misses: list[str] = []
    projects = [project.read(name) for name in project.NAMES]
    replays = [answers.replay(one, answers.recorded(one.name)) for one in projects]
    missing = [question for replay in replays for question in replay.open]
    asked = sum(replay.asked for replay in replays)
    rates[f"{REPLAYED}: not recorded"] = Rate(
        count=len(missing), total=asked, target=0.0, low_is_good=True, required=True
    )
    misses += [
        f"not recorded: {one['project']}, close {one['close']}, {one['work']}, key {one['key']}"
        for one in missing
    ]
    whole = [
        Ending(project=one, closes=replay.closes)
        for one, replay in zip(projects, replays, strict=True)
        if not replay.open
    ]
    endings = {
        REPLAYED: whole,
        FLOOR: [closed(one, Verbatim()) for one in projects],
        ORACLE: [closed(one, handover(Oracle(one), marked=False)) for one in projects],
    }
    for source, some in endings.items():
        found, told = measured(source, some)
        rates |= found
        misses += told if source != FLOOR else ()  # it judges nothing, so every case is one
    return rates, misses


def closed(one: Project, engine: Engine) -> Ending:
    """Return a project after all of its closes with an engine."""
    with sitting(one) as place:
        while place.next is not None:
            place.close(engine)
        return Ending(project=one, closes=place.done)


def measured(source: str, endings: Sequence[Ending]) -> tuple[dict[str, Rate], list[str]]:
    """Return the rates over some projects, and what is wrong in them."""
    rates: dict[str, Rate] = {}
    misses: list[str] = []
    for title, measure in MEASURES.items() if endings else ():
        counts = [measure(ending) for ending in endings]
        rates[f"{source}: {title}"] = Rate(
            count=sum(one.count for one in counts),
            total=sum(one.total for one in counts),
            target=_TARGETS[source].get(title),
            low_is_good=title in _LOW_IS_GOOD,
        )
        misses += [
            f"{source}, {ending.project.name}: {title}: {miss}"
            for ending, count in zip(endings, counts, strict=True)
            for miss in count.misses
        ]
    return rates, misses


def stale_gone(ending: Ending) -> Count:
    """Count what a later flag made wrong and no line says any more."""
    cases = []
    for label in ending.project.labels.values():
        for stale in label.supersedes:
            lines = [line.text for line in ending.lines if stale.is_in(line.text)]
            cases.append((not lines, f"{stale.id}, wrong by {label.id}, is still in {lines}"))
    return _count(cases)


def duplicates_folded(ending: Ending) -> Count:
    """Count the flags that said something again and, after their close, have no second line."""
    cases = []
    for label in ending.project.labels.values():
        if not (label.duplicate_of or label.instruction):
            continue
        close = ending.fates.get(label.id, (0, ""))[0]
        lines = ending.holds(label.id, close) if close else set()
        first = ending.holds(label.duplicate_of, close) if label.duplicate_of else set()
        most = 1 if label.duplicate_of else 0
        same = label.duplicate_of or "the instruction file"
        told = f"{label.id} says what {same} says, and has {sorted(lines) or 'no fate'}"
        cases.append((bool(close) and len(lines | first) <= most, told))
    return _count(cases)


def worthless_dropped(ending: Ending) -> Count:
    """Count the worthless flags that were dropped."""
    return _count(
        [
            (ending.accounted(label.id) and not ending.holds(label.id), f"{label.id} is kept")
            for label in ending.project.labels.values()
            if label.worthless
        ]
    )


def pending_settled(ending: Ending) -> Count:
    """Count the open items that a later flag settled, and that are open no more."""
    settled = [
        (ending.accounted(item) and not ending.holds(item), f"{item} is open after {label.id}")
        for label in ending.project.labels.values()
        for item in label.settles
    ]
    return _count(settled)


def atoms_lost(ending: Ending) -> Count:
    """Count what a flag said, no later flag made false, and no line of memory says any more."""
    labels = ending.project.labels
    settled = {item for label in labels.values() for item in label.settles}
    texts = [line.text for line in ending.lines]
    texts += [row for text in ending.project.instructions.values() for row in text.splitlines()]
    cases = [
        (not any(atom.phrase.is_in(text) for text in texts), f"{label.id}: {atom.phrase.words}")
        for label in labels.values()
        if label.id not in settled
        for atom in label.atoms
        if not atom.until
    ]
    lost = tuple(told for is_lost, told in cases if is_lost)
    return Count(count=len(lost), total=len(cases), misses=lost)


def fabricated(ending: Ending) -> Count:
    """Count the values and names in memory that no flag and no instruction has."""
    said = _plain(ending.project.words())
    tokens = [
        (token, line)
        for line in [*(line.text for line in ending.lines), *ending.descriptions()]
        for token in values_in(line)
    ]
    made_up = tuple(f"{token} in {line}" for token, line in tokens if _plain(token) not in said)
    return Count(count=len(made_up), total=len(tokens), misses=made_up)


def values_in(line: str) -> list[str]:
    """Return the values and names of a line: no plain word, and not the first word of a sentence."""
    found = []
    begins = True
    for token in _TOKEN.findall(line):
        plain = token.strip(".:!?'\N{RIGHT SINGLE QUOTATION MARK}")
        word = plain.isalpha() and plain[1:].islower()
        if plain and _SIGNS.search(plain) and not (begins and word):
            found.append(plain)
        begins = token.endswith((".", "!", "?", ":"))
    return found


def topics_f1(ending: Ending) -> Count:
    """Count pairs of lines that are together in a topic and belong together, twice, of both sums."""
    filed = [
        (line.topic, label.topics)
        for line in ending.lines
        if line.topic and (label := _label_of(ending, line.text))
    ]
    together = right = wanted = 0
    for (one, group), (other, others) in combinations(filed, 2):
        fits = bool(set(group) & set(others))
        together += one == other
        right += one == other and fits
        wanted += group[0] == others[0] or (one == other and fits)
    held: dict[str, Counter[str]] = {}
    for topic, group in filed:
        held.setdefault(topic, Counter())[group[0]] += 1
    misses = tuple(
        f"{topic} holds {', '.join(f'{number} of {group}' for group, number in groups.items())}"
        for topic, groups in held.items()
        if len(groups) > 1
    )
    return Count(count=2 * right, total=together + wanted, misses=misses)


def accounted(ending: Ending) -> Count:
    """Count the flags that the closes accounted for."""
    left = {
        ending.project.short[one.id]: one.reason
        for closed in ending.closes[-1:]
        for one in closed.result.left
    }
    return _count(
        [
            (ending.accounted(short), f"{short} is still queued: {left.get(short, 'no reason')}")
            for short in ending.project.labels
        ]
    )


MEASURES: Mapping[str, Callable[[Ending], Count]] = {
    _STALE: stale_gone,
    _TWICE: duplicates_folded,
    _WORTHLESS: worthless_dropped,
    _SETTLED: pending_settled,
    _LOST: atoms_lost,
    _MADE_UP: fabricated,
    _TOPICS: topics_f1,
    _DONE: accounted,
}


def _label_of(ending: Ending, text: str) -> Label | None:
    """Return the label with topics of the first flag that became a line."""
    for short in ending.by_line.get(text, ()):
        label = ending.project.labels[short]
        if label.topics:
            return label
    return None


def _count(cases: Iterable[tuple[bool, str]]) -> Count:
    every = list(cases)
    return Count(
        count=sum(good for good, _ in every),
        total=len(every),
        misses=tuple(told for good, told in every if not good),
    )


def _plain(text: str) -> str:
    """Return a text without what a value may be written with or without."""
    return re.sub(r"(?<=\d),(?=\d{3})|\s|[`*]", "", text).casefold()

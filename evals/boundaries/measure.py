"""Which facts a nudge comes soon enough for, which nudges have something new behind them, how many there are."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from evals.boundaries.replay import replay
from evals.boundaries.sessions import SETS, sessions
from evals.rates import Rate

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from evals.boundaries.replay import Replayed
    from evals.boundaries.sessions import Fact

HELD_OUT = frozenset({"B"})  # its cases are never printed, so that no one tunes on them
_SOON = 5  # requests from where a fact is known to the nudge
_CLOSE = 3  # requests between two nudges
_COVERED, _WORTH, _OFTEN = 0.75, 0.50, 0.09  # targets


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by name, and the facts of the tuned set that no nudge comes for, one a line."""
    sets = {name: replay(sessions(folder)) for folder, name in SETS.items()}
    rates: dict[str, Rate] = {}
    both = [one for replayed in sets.values() for one in replayed]
    for name, replayed in {"all": both, **sets}.items():
        rates |= rates_of(name, replayed)
    rates |= _detailed("all", both)
    misses = [
        miss
        for name, replayed in sets.items()
        if name not in HELD_OUT
        for miss in _misses(replayed)
    ]
    return rates, misses


def rates_of(name: str, replayed: Sequence[Replayed]) -> dict[str, Rate]:
    """Return the rates of sessions that were replayed, each named after ``name``."""
    facts = [(fact, _is_covered(fact, one)) for one in replayed for fact in one.session.facts]
    nudges = [found for one in replayed for found in _judged(one)]
    calls = sum(one.session.calls for one in replayed)
    return {
        f"{name}: facts with a nudge within {_SOON} requests": _share(
            (covered for _, covered in facts), _COVERED
        ),
        f"{name}: nudges with a new fact": _share((new for _, new, _ in nudges), _WORTH),
        f"{name}: nudges per call": Rate(
            count=len(nudges), total=calls, target=_OFTEN, low_is_good=True
        ),
        f"{name}: nudges within {_CLOSE} requests of the last": Rate(
            count=sum(near for _, _, near in nudges), total=len(nudges), low_is_good=True
        ),
    }


def _detailed(name: str, replayed: Sequence[Replayed]) -> dict[str, Rate]:
    """The facts by their channel, the nudges by the boundaries that they name."""
    by_channel: defaultdict[str, list[bool]] = defaultdict(list)
    by_kind: defaultdict[str, list[bool]] = defaultdict(list)
    for one in replayed:
        for fact in one.session.facts:
            by_channel[fact.channel].append(_is_covered(fact, one))
        for kinds, new, _ in _judged(one):
            for kind in kinds:
                by_kind[kind].append(new)
    return {
        **{f"{name}: facts by {one}": _share(found) for one, found in sorted(by_channel.items())},
        **{f"{name}: nudges after {one}": _share(found) for one, found in sorted(by_kind.items())},
    }


def _is_covered(fact: Fact, one: Replayed) -> bool:
    return any(fact.request <= nudge.request <= fact.request + _SOON for nudge in one.nudges)


def _judged(one: Replayed) -> list[tuple[tuple[str, ...], bool, bool]]:
    """Each nudge: its boundaries, whether a fact is new since the one before, whether that one is near."""
    if not one.nudges:
        return []
    judged = []
    before = [0, *[nudge.request for nudge in one.nudges]]
    for (last, now), nudge in zip(pairwise(before), one.nudges, strict=True):
        new = any(last < fact.request <= now for fact in one.session.facts)
        near = nudge is not one.nudges[0] and now - last <= _CLOSE
        judged.append((nudge.kinds, new, near))
    return judged


def _share(cases: Iterable[bool], target: float | None = None) -> Rate:
    found = list(cases)
    return Rate(count=sum(found), total=len(found), target=target)


def _misses(replayed: Sequence[Replayed]) -> list[str]:
    told = []
    for one in replayed:
        asked = [nudge.request for nudge in one.nudges]
        for fact in one.session.facts:
            if not _is_covered(fact, one):
                after = next((request for request in asked if request > fact.request), None)
                when = f"the next nudge is at {after}" if after else "no nudge comes"
                told.append(
                    f"{one.session.name} request {fact.request} of {one.session.requests}, by "
                    f"{fact.channel}: {fact.text!r}: {when}"
                )
    return told

"""Loops: which came back, where their next edit goes, and which earlier snags a new one resembles."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.boundaries import guards
from gitmem.boundaries.guarding import FIRED
from gitmem.core.errors import Refused
from gitmem.loops import every_flag as history
from gitmem.loops import rules
from gitmem.loops.rules import Loop, LoopState
from gitmem.memory import likeness as alike
from gitmem.memory import tree as base
from gitmem.memory.guard import FILE
from gitmem.memory.places import Climb, rung_of
from gitmem.records import in_review, snapshot, target
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.loops.every_flag import History
    from gitmem.memory.places import Places

CANDIDATES = 3  # earlier snags that one new snag is compared with
_BACK = (LoopState.RECURRED, LoopState.REOPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One loop as it is shown: where its fix is or goes, and how its guard fared.

    ``waits`` is why a close leaves its newest snag in the queue; empty where it does not.
    """

    loop: Loop
    target: str
    climb: Climb
    waits: str = ""
    fires: int = 0

    @property
    def queued(self) -> bool:
        """Whether its newest snag is in no record yet."""
        return self.loop.entries[-1].outcome is None

    @property
    def guarded(self) -> bool:
        """Whether the edit in force is a guard."""
        return bool(self.loop.edit) and self.loop.file == FILE

    @property
    def back(self) -> bool:
        """Whether it came back since its edit landed."""
        return self.loop.state in _BACK


def found(past: History) -> list[Loop]:
    """All loops of a history."""
    return rules.loops(past.entries, unmatched=past.unmatched, dropped=past.dropped)


def read(repo: Repository, configured: str, folder: str) -> list[Told]:
    """All loops as they stand now, those that came back first; writes nothing."""
    seen = snapshot.take(repo, configured)
    commit, _ = in_review.leading_commit(repo, seen.target)
    fired = _fires(repo)
    places = base.places(base.read(repo, commit, folder))
    loops = found(history.read(repo, seen))
    with fitting_skill(places) as fits:
        told = [replace(_told(loop, places, fits), fires=_fired_for(loop, fired)) for loop in loops]
    return sorted(told, key=lambda one: (not one.back, -len(one.loop.since) if one.back else 0))


def no_guards(repo: Repository, configured: str) -> list[str]:
    """A sentence on each line of the guards' file that is no guard: as landed, and in the work tree."""
    where = target.find(repo, configured)
    landed = guards.found(repo, where.local or where.upstream)
    return list(dict.fromkeys([*landed.flaws, *guards.beside(repo).flaws]))


def never_matched(repo: Repository, configured: str) -> list[str]:
    """The patterns of the guards in force that no call in this clone has matched, by its ledger.

    Of a guard that names no flag the ledger cannot tell; nor of one whose flag another guard names.
    """
    where = target.find(repo, configured)
    fired = set[str]().union(*_fires(repo))
    known = guards.found(repo, where.local or where.upstream).guards
    return [one.match for one in known if one.flags and fired.isdisjoint(one.flags)]


def _fired_for(loop: Loop, fired: Sequence[set[str]]) -> int:
    ids = {entry.flag.id for entry in loop.entries}
    return sum(not ids.isdisjoint(flags) for flags in fired)


def _fires(repo: Repository) -> list[set[str]]:
    """For each time that guards fired in this clone, the flags they came from."""
    return [
        set(str(line.get("did", "")).removeprefix(FIRED).split())
        for line in ledger.did(repo.folder, FIRED)
    ]


def _told(loop: Loop, places: Places, fits: Callable[[Sequence[Flag]], str]) -> Told:
    newest = loop.entries[-1]
    own, waits = _own(newest.flag, places)
    if loop.state in _BACK and not loop.proposal:
        climb = rules.climb(loop, places, fits=fits, present=own)
    else:
        proposed = loop.proposal.outcome if loop.proposal else None
        file = proposed.file if proposed else loop.file or own
        climb = Climb(file=file, rung=rung_of(file, places.folder), remark="")
    # A snag that climbs goes to its loop's next place, whatever it asked for.
    stays = newest.outcome is None and loop.state is LoopState.PROPOSED
    return Told(loop=loop, target=loop.file or own, climb=climb, waits=waits if stays else "")


def _own(flag: Flag, places: Places) -> tuple[str, str]:
    """Where a snag asks to go; the rules, and why, where it asks for what is not there."""
    try:
        return places.own_place(flag).file, ""
    except Refused as refused:
        return places.instructions, refused.message


def with_history(places: Places, past: History, flags: Sequence[Flag]) -> Places:
    """The places with what the history says of these flags: where they climb, what they resemble."""
    loops = found(past)
    by_id = {entry.flag.id: loop for loop in loops for entry in loop.entries}
    snags = [flag for flag in flags if flag.kind == "snag"]
    back = [
        (flag, by_id[flag.id])
        for flag in snags
        if flag.again and flag.id in by_id and by_id[flag.id].state in _BACK
    ]
    waiting = {flag.id for flag in flags}
    earlier = {
        entry.flag.id: entry.flag
        for loop in loops
        for entry in loop.entries
        if entry.flag.id not in waiting and entry.flag.kind == "snag" and loop.edit
    }
    near = _near([flag for flag in snags if not flag.again], list(earlier.values()), past)
    shown = {one.id for ones in near.values() for one in ones}
    with fitting_skill(places) as fits:
        climbs = {snag: rules.climb(by_id[snag], places, fits=fits) for snag in sorted(shown)}
        for flag, loop in back:
            own, _ = _own(flag, places)
            climbs[flag.id] = rules.climb(loop, places, fits=fits, present=own)
    return replace(places, climbs=climbs, earlier=near)


def _near(
    new: Sequence[Flag], earlier: Sequence[Flag], past: History
) -> Mapping[str, tuple[Flag, ...]]:
    """For each new snag the earlier ones it resembles most, without what a person took back."""
    if not new or not earlier:
        return {}
    with alike.Likeness([(one.text, one.better) for one in earlier]) as index:
        return {
            flag.id: tuple(
                earlier[place]
                for place in index.nearest(f"{flag.text} {flag.better}", most=CANDIDATES)
                if past.unmatched.get(flag.id) != earlier[place].id
            )
            for flag in new
        }


@contextmanager
def fitting_skill(places: Places) -> Iterator[Callable[[Sequence[Flag]], str]]:
    """Which skill's file suits some flags by its name and description; empty when none does."""
    files = sorted(places.about)
    told = [places.about[file].partition(": ") for file in files]
    with alike.Likeness([(name.replace("-", " "), about) for name, _, about in told]) as index:

        def fits(flags: Sequence[Flag]) -> str:
            text = " ".join(f"{flag.text} {flag.better}" for flag in flags)
            best = index.nearest(text, most=1)
            return files[best[0]] if best else ""

        yield fits


def came_back(past: History, flags: Sequence[Flag]) -> list[str]:
    """A sentence on each loop that one of these flags brought back, worst first."""
    ids = {flag.id for flag in flags}
    loops = [
        loop
        for loop in found(past)
        if loop.state in _BACK and any(entry.flag.id in ids for entry in loop.since)
    ]
    return sentences(loops)


def sentences(loops: Sequence[Loop]) -> list[str]:
    """What is said of loops that came back, at the top of a close and of a review."""
    worst = sorted(loops, key=lambda loop: -len(loop.since))
    return [f"{loop.opened[0].flag.text}: {rules.told(loop)}" for loop in worst]

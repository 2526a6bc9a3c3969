"""The loops of a repository: which came back, where the next edit goes, which earlier snags a new one resembles."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.boundaries import guard_tree
from gitmem.core.errors import Refused
from gitmem.loops import flag_history, recurrence
from gitmem.loops.recurrence import Loop, LoopState
from gitmem.memory import likeness, tree_reader
from gitmem.memory.guard import FILE
from gitmem.memory.places import Climb
from gitmem.records import snapshot, target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.loops.flag_history import Fire, FlagHistory
    from gitmem.memory.places import Places
    from gitmem.records.snapshot import Snapshot

CANDIDATES = 3  # earlier snags that one new snag is compared with
_BACK = (LoopState.RECURRED, LoopState.REOPENED)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopReport:
    """One loop as a command shows it: where its fix is or goes, how often its guard fired and held a call.

    ``waits`` is why a close leaves its newest snag in the queue; empty when it does not.
    """

    loop: Loop
    target: str
    climb: Climb
    waits: str = ""
    fires: int = 0
    holds: int = 0

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
        """Whether it came back after its edit landed."""
        return self.loop.state in _BACK


def loops_of(history: FlagHistory) -> list[Loop]:
    """Return all loops of a history."""
    return recurrence.find_loops(
        history.entries, unmatched=history.unmatched, dropped=history.dropped
    )


def read_loops(repo: Repository, configured: str, folder: str) -> list[LoopReport]:
    """Return all loops as they stand now, those that came back first; write nothing."""
    seen = snapshot.take(repo, configured)
    return loops_in(repo, seen, flag_history.read(repo, seen), folder)


def loops_in(
    repo: Repository, seen: Snapshot, history: FlagHistory, folder: str
) -> list[LoopReport]:
    """Return the same of a history that a snapshot sees."""
    commit, _ = target.leading_commit(repo, seen.target)
    places = tree_reader.places(tree_reader.read_tree(repo, commit, folder))
    with fitting_skill(places) as fits:
        reports = [_told(loop, places, fits, history.fires) for loop in loops_of(history)]
    return sorted(reports, key=lambda one: (not one.back, -len(one.loop.since) if one.back else 0))


def guard_flaws(repo: Repository, configured: str) -> list[str]:
    """Return a sentence on each line of the guard file that is not a guard, as landed and in the work tree."""
    where = target.find(repo, configured)
    landed = guard_tree.landed(repo, where.local or where.upstream)
    return list(dict.fromkeys([*landed.flaws, *guard_tree.in_work_tree(repo).flaws]))


def unmatched_guards(repo: Repository, configured: str) -> list[str]:
    """Return the patterns of guards in force that no call in this clone has matched, by its ledger.

    The ledger names flags, so it cannot tell for a guard without flags, nor for one of two guards that
    name the same flag.
    """
    where = target.find(repo, configured)
    fired = set[str]().union(*(fire.flags for fire in flag_history.fires(repo)))
    known = guard_tree.landed(repo, where.local or where.upstream).guards
    return [one.match for one in known if one.flags and fired.isdisjoint(one.flags)]


def _of_loop(loop: Loop, fires: Sequence[Fire]) -> list[Fire]:
    ids = {entry.flag.id for entry in loop.entries}
    return [fire for fire in fires if not ids.isdisjoint(fire.flags)]


def _was_said(loop: Loop, returns: Sequence[Flag], fires: Sequence[Fire]) -> bool:
    """Whether a guard of the loop spoke before one of these returns of it, in the session that it is from."""
    known = _of_loop(loop, fires)
    return any(
        fire.at <= flag.at and (not flag.session or fire.session == flag.session)
        for flag in returns
        for fire in known
    )


def _told(
    loop: Loop,
    places: Places,
    fits: Callable[[Sequence[Flag]], str],
    fires: Sequence[Fire],
) -> LoopReport:
    newest = loop.entries[-1]
    own, waits = _own(newest.flag, places)
    if loop.state in _BACK and not loop.proposal:
        said = _was_said(loop, [entry.flag for entry in loop.since], fires)
        climb = recurrence.climb(loop, places, fits=fits, own_file=own, said=said)
    else:
        proposed = loop.proposal.outcome if loop.proposal else None
        file = proposed.file if proposed else loop.file or own
        climb = Climb(file=file, rung=recurrence.rung_now(loop, file, places), remark="")
    # A snag that climbs goes to its loop's next place, whatever it asked for.
    stays = newest.outcome is None and loop.state is LoopState.PROPOSED
    known = _of_loop(loop, fires)
    return LoopReport(
        loop=loop,
        target=loop.file or own,
        climb=climb,
        waits=waits if stays else "",
        fires=len(known),
        holds=sum(fire.held for fire in known),
    )


def _own(flag: Flag, places: Places) -> tuple[str, str]:
    """Return where a snag asks to go; the instruction file, and why, when the place it asks for is missing."""
    try:
        return places.own_place(flag).file, ""
    except Refused as refused:
        return places.instructions, refused.message


def with_history(places: Places, history: FlagHistory, flags: Sequence[Flag]) -> Places:
    """Return the places with where these flags climb and which earlier snags they resemble."""
    loops = loops_of(history)
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
    near = _near([flag for flag in snags if not flag.again], list(earlier.values()), history)
    resembled: dict[str, list[Flag]] = {}
    for flag in snags:
        for one in near.get(flag.id, ()):
            resembled.setdefault(one.id, []).append(flag)
    with fitting_skill(places) as fits:
        climbs = {}
        for snag, returns in sorted(resembled.items()):
            said = _was_said(by_id[snag], returns, history.fires)
            climbs[snag] = recurrence.climb(by_id[snag], places, fits=fits, said=said)
        for flag, loop in back:
            own, _ = _own(flag, places)
            said = _was_said(loop, [entry.flag for entry in loop.since], history.fires)
            climbs[flag.id] = recurrence.climb(loop, places, fits=fits, own_file=own, said=said)
    return replace(places, climbs=climbs, earlier=near)


def _near(
    new: Sequence[Flag], earlier: Sequence[Flag], history: FlagHistory
) -> Mapping[str, tuple[Flag, ...]]:
    """Return, for each new snag, the earlier ones it resembles most, without matches taken back."""
    if not new or not earlier:
        return {}
    with likeness.Likeness([(one.text, one.better) for one in earlier]) as index:
        return {
            flag.id: tuple(
                earlier[place]
                for place in index.nearest(f"{flag.text} {flag.better}", most=CANDIDATES)
                if history.unmatched.get(flag.id) != earlier[place].id
            )
            for flag in new
        }


@contextmanager
def fitting_skill(places: Places) -> Iterator[Callable[[Sequence[Flag]], str]]:
    """Yield a function from flags to the file of the skill that suits them by name and description, or empty."""
    files = sorted(places.about)
    descriptions = [places.about[file].partition(": ") for file in files]
    with likeness.Likeness(
        [(name.replace("-", " "), about) for name, _, about in descriptions]
    ) as index:

        def fits(flags: Sequence[Flag]) -> str:
            text = " ".join(f"{flag.text} {flag.better}" for flag in flags)
            best = index.nearest(text, most=1)
            return files[best[0]] if best else ""

        yield fits


def came_back(history: FlagHistory, flags: Sequence[Flag]) -> list[str]:
    """Return a sentence on each loop that one of these flags brought back, worst first."""
    ids = {flag.id for flag in flags}
    loops = [
        loop
        for loop in loops_of(history)
        if loop.state in _BACK and any(entry.flag.id in ids for entry in loop.since)
    ]
    return sentences(loops)


def sentences(loops: Sequence[Loop]) -> list[str]:
    """Return the sentences on loops that came back, for the top of a close and of a review."""
    worst = sorted(loops, key=lambda loop: -len(loop.since))
    return [f"{loop.opened[0].flag.text}: {recurrence.recurrence_note(loop)}" for loop in worst]

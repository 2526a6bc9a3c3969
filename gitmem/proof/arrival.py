"""What of memory reaches sessions: what they load, what hooks showed, and whether its snags came back."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.loops import flag_history, loops
from gitmem.memory import tree_reader
from gitmem.memory.imports import imported_now
from gitmem.recall.idle import idle
from gitmem.recall.index import open_index
from gitmem.records import target
from gitmem.session import showings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.loops.recurrence import Loop
    from gitmem.memory.imports import Imports
    from gitmem.recall.line import LandedLine
    from gitmem.session.showings import LineShowings, Showings


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLine:
    """A landed line and its showings."""

    line: LandedLine
    shown: LineShowings


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownLoop:
    """A snag that came back after its line was shown: its first flag, those returns, the showings before."""

    snag: Flag
    again: tuple[Flag, ...]
    shown: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What reaches sessions.

    ``loaded`` of ``lines`` landed lines come with a session's first request. ``showings`` counts the
    hooks that showed lines, ``triggers`` the lines shown by each trigger, ``since`` is the time of the
    ledger's first line (empty: there is none). ``most`` are the lines that were shown, the most often
    first, ``recurred`` the snags that came back all the same, ``idle`` the lines of `gitmem.recall.idle`.
    """

    imports: Imports
    folder: str
    lines: int
    loaded: int
    showings: int
    triggers: Mapping[str, int]
    since: str
    most: tuple[ShownLine, ...]
    recurred: tuple[ShownLoop, ...]
    idle: tuple[LandedLine, ...]


def read(repo: Repository, configured: str, folder: str, now: float) -> Arrival:
    """Return what reaches sessions from the target's tree; ``now`` is seconds since 1970.

    Raises CannotTell, and TooLarge and Unreadable for a tree that cannot be read.
    """
    where = target.find(repo, configured)
    commit, _ = target.leading_commit(repo, where)
    tree = tree_reader.read_tree(repo, commit, folder)
    with closing(open_index(repo, commit, folder)) as index:
        lines = list(index.all())
    shown = showings.read(repo.folder)
    return Arrival(
        imports=imported_now(tree.texts, folder=folder, budget=tree.budget),
        folder=folder,
        lines=len(lines),
        loaded=sum(line.loaded for line in lines),
        showings=len(shown.all),
        triggers=_triggers(shown),
        since=shown.since,
        most=_most(lines, shown),
        recurred=_recurred(repo, configured, shown),
        idle=tuple(idle(lines, shown, now)),
    )


def _triggers(shown: Showings) -> Mapping[str, int]:
    """Trigger to the number of lines that it showed, the most first."""
    counter: Counter[str] = Counter()
    for one in shown.all:
        counter[one.trigger] += len(one.keys)
    return dict(counter.most_common())


def _most(lines: Sequence[LandedLine], shown: Showings) -> tuple[ShownLine, ...]:
    keys = shown.keys
    found = [
        ShownLine(line=line, shown=shown.of(line.keys))
        for line in lines
        if not keys.isdisjoint(line.keys)
    ]
    return tuple(sorted(found, key=lambda one: one.shown.count, reverse=True))


def _recurred(repo: Repository, configured: str, shown: Showings) -> tuple[ShownLoop, ...]:
    if not shown.all:
        return ()
    history = flag_history.take(repo, configured)
    found = [one for loop in loops.loops_of(history) if (one := _shown_loop(loop, shown))]
    return tuple(sorted(found, key=lambda one: len(one.again), reverse=True))


def _shown_loop(loop: Loop, shown: Showings) -> ShownLoop | None:
    """The returns of a loop that were flagged after one of its lines was first shown."""
    ids = {entry.flag.id for entry in loop.entries}
    times = [one.at for one in shown.all if not ids.isdisjoint(one.keys)]
    again = tuple(entry.flag for entry in loop.again if times and entry.flag.at >= min(times))
    if not again:
        return None
    before = sum(at <= again[-1].at for at in times)
    return ShownLoop(snag=loop.opened[0].flag, again=again, shown=before)

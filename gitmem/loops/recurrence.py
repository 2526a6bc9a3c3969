"""Loops as values: a snag, the edit that closed it, its returns, and the rung of the next fix (pure).

A later flag belongs to a loop when it names an earlier flag (``again``), when a drain matched the two
(`Outcome.again`), or when the earlier flag had already brought its line.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.loops.guard_proposal import propose_guard
from gitmem.memory import guard as guards
from gitmem.memory.places import Climb, Rung, rung_of, rungs_above
from gitmem.records.drain_record import Fate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.guard import Guard
    from gitmem.memory.places import Places
    from gitmem.records.drain_record import Outcome

_NO_GUARD = (
    "no guard could be made: no command or path is named that one could match (name it in "
    "backticks, or with --paths)"
)

_NOTHING_ABOVE = f"nothing stronger can be made, as no skill fits and {_NO_GUARD}"

_UNSAID = "no hook of this clone said the guard before it came back, so its pattern may not fit"
_ASKS = "there is nothing above a guard of mode ask"
_ABOVE_HOLD = "there is nothing above a hold; a person may set its mode to ask"


class LoopState(StrEnum):
    """Where a loop stands."""

    PROPOSED = "proposed"
    IN_REVIEW = "in_review"
    CLOSED = "closed"
    RECURRED = "recurred"
    REOPENED = "reopened"  # recurred, and the next edit is in review


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagEntry:
    """One flag in history: the flag, what a record says of it, and where that record is.

    ``commit`` added the record (empty: not recorded), ``landed`` says whether it is on the target.
    ``place`` orders entries: recorded flags in the order of their records, then queued flags.
    """

    flag: Flag
    place: int
    outcome: Outcome | None = None
    commit: str = ""
    landed: bool = False

    @property
    def edits(self) -> bool:
        """Whether its record says that a line was written."""
        return self.outcome is not None and bool(self.outcome.file)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """One loop: ``opened`` are its first snags, ``again`` its returns, each in order."""

    opened: tuple[FlagEntry, ...]
    again: tuple[FlagEntry, ...]

    @property
    def entries(self) -> tuple[FlagEntry, ...]:
        """All entries, in order."""
        return tuple(sorted((*self.opened, *self.again), key=lambda entry: entry.place))

    @property
    def edit(self) -> FlagEntry | None:
        """The newest edit that has landed; None when none has."""
        return _newest(entry for entry in self.entries if entry.edits and entry.landed)

    @property
    def proposal(self) -> FlagEntry | None:
        """The newest edit that is in review; None without one."""
        return _newest(entry for entry in self.entries if entry.edits and not entry.landed)

    @property
    def since(self) -> tuple[FlagEntry, ...]:
        """The returns after the newest edit landed."""
        edit = self.edit
        return tuple(one for one in self.again if edit is None or one.place > edit.place)

    @property
    def state(self) -> LoopState:
        """The state, from its entries."""
        if self.since:
            return LoopState.REOPENED if self.proposal else LoopState.RECURRED
        if self.edit:
            return LoopState.CLOSED
        if any(entry.outcome and not entry.landed for entry in self.opened):
            return LoopState.IN_REVIEW
        folded = any(entry.outcome and entry.landed for entry in self.opened)
        return LoopState.CLOSED if folded else LoopState.PROPOSED

    @property
    def file(self) -> str:
        """The file of the edit in force, else of the one in review; empty when there is none."""
        entry = self.edit or self.proposal
        return entry.outcome.file if entry and entry.outcome else ""


def find_loops(
    entries: Sequence[FlagEntry], *, unmatched: Mapping[str, str], dropped: Collection[str] = ()
) -> list[Loop]:
    """Return all loops in the order in which they were opened.

    ``unmatched`` are matches that a person took back (flag id to the id it was matched to),
    ``dropped`` the ids of flags that a person rejected.
    """
    known = {entry.flag.id: entry for entry in entries}
    lines = _lines(entries)
    parents = {
        entry.flag.id: parent
        for entry in entries
        if (parent := _parent(entry, lines, unmatched)) in known and parent != entry.flag.id
    }
    groups: dict[str, list[FlagEntry]] = {}
    for entry in entries:
        groups.setdefault(_root(entry.flag.id, parents), []).append(entry)
    made = []
    for root, group in groups.items():
        live = [entry for entry in group if not _rejected(entry, dropped)]
        snags = [entry for entry in live if entry.flag.kind == "snag"]
        if snags:
            made.append(_loop(root, live, parents))
    return made


def _loop(root: str, group: Sequence[FlagEntry], parents: Mapping[str, str]) -> Loop:
    again = tuple(one for one in group if one.flag.id in parents)
    opened = tuple(one for one in group if one.flag.id == root or one.flag.id not in parents)
    if not opened:  # the snag that it returned from was rejected, so the first one left opens it
        return Loop(opened=again[:1], again=again[1:])
    # Several snags that one edit answers, or that were queued together, open the loop together.
    return Loop(opened=opened, again=again)


def _rejected(entry: FlagEntry, dropped: Collection[str]) -> bool:
    if entry.outcome is not None:
        return entry.outcome.fate in {Fate.SKIPPED, Fate.FORGOTTEN}
    return entry.flag.id in dropped


def _lines(entries: Iterable[FlagEntry]) -> dict[str, str]:
    """Return a line, in the form of a duplicate's survivor, to the first flag that brought it."""
    flag_by_line: dict[str, str] = {}
    for entry in entries:
        if entry.edits and entry.outcome:
            flag_by_line.setdefault(f"{entry.outcome.file}: {entry.outcome.line}", entry.flag.id)
    return flag_by_line


def _parent(entry: FlagEntry, lines: Mapping[str, str], unmatched: Mapping[str, str]) -> str:
    """Return the id of the flag that this one returns from; empty for the first of its kind."""
    if entry.flag.again:
        return entry.flag.again
    outcome = entry.outcome
    if outcome is None:
        return ""
    matched = outcome.again
    if not matched and outcome.fate is Fate.DUPLICATE and entry.flag.kind == "snag":
        matched = lines.get(outcome.survivor, "")
    return "" if unmatched.get(entry.flag.id) == matched else matched


def _root(flag_id: str, parents: Mapping[str, str]) -> str:
    seen = {flag_id}
    while flag_id in parents and parents[flag_id] not in seen:
        flag_id = parents[flag_id]
        seen.add(flag_id)
    return flag_id


def _newest(entries: Iterable[FlagEntry]) -> FlagEntry | None:
    return max(entries, key=lambda entry: entry.place, default=None)


def recurrence_note(loop: Loop) -> str:
    """Return a sentence on a loop that came back, for the top of a close and of a review."""
    edit = loop.edit
    count = len(loop.since)
    if edit is None or edit.outcome is None:
        times_more = "once more" if count == 1 else f"{count} times more"
        return f"it snagged {times_more} before its edit landed"
    times = _ordinal(count) + " time"
    what = {Rung.SKILL: "step", Rung.GUARD: "guard", Rung.NOTE: "note"}
    name = what.get(rung_of(edit.outcome.file, "memory"), "rule")
    return f"{times} since the {name} landed in {edit.commit[:7]}; the {name} did not take"


def _ordinal(number: int) -> str:
    words = ("no", "first", "second", "third", "fourth", "fifth", "sixth", "seventh")
    return words[number] if number < len(words) else f"{number}th"


def rung_now(loop: Loop, file: str, places: Places) -> Rung:
    """Return the rung of a loop's line in this file."""
    rung = rung_of(file, places.folder)
    guard = _guard_of(loop, places) if rung is Rung.GUARD else None
    return Rung.HOLD if guard is not None and guard.mode == guards.ONCE else rung


def climb(
    loop: Loop,
    places: Places,
    *,
    fits: Callable[[Sequence[Flag]], str],
    own_file: str = "",
    said: bool = False,
) -> Climb:
    """Return where the next edit of a loop that came back goes.

    ``fits`` returns the file of the skill that suits some flags (empty: none). ``own_file`` is where
    the flag would go without the loop. ``said``: the loop's guard was said, and it came back all the same.
    """
    flags = [entry.flag for entry in loop.entries]
    edit = loop.edit.outcome if loop.edit else None
    now = rung_of(edit.file, places.folder) if edit else None
    root = loop.opened[0].flag.id
    if now is None:  # no edit has landed, so there is no rung to climb from
        file = own_file or places.instructions
        return Climb(file=file, rung=rung_of(file, places.folder), remark="", root=root)
    if now is Rung.GUARD:
        return _from_guard(loop, places, said=said)
    for rung in rungs_above(now):
        place = _at(rung, flags, places, fits)
        if place:
            file, tools, match = place
            remark = f"a rung up from {now.value} to {rung.value}"
            return Climb(
                file=file,
                rung=rung,
                remark=remark,
                tools=tools,
                match=match,
                root=root,
                higher=True,
            )
    return Climb(file=edit.file if edit else "", rung=now, remark=_NOTHING_ABOVE, root=root)


def _from_guard(loop: Loop, places: Places, *, said: bool) -> Climb:
    """Return where a loop goes whose edit in force is a guard: to a hold of the same calls once it was said.

    Else it stays a guard, for what the newest snag names.
    """
    root = loop.opened[0].flag.id
    known = _guard_of(loop, places)
    if known is not None and said and known.mode != guards.ASK:
        higher = not known.mode
        return Climb(
            file=guards.FILE,
            rung=Rung.HOLD,
            remark=f"a rung up from {Rung.GUARD.value} to {Rung.HOLD.value}"
            if higher
            else _ABOVE_HOLD,
            tools=known.tools,
            match=known.match,
            mode=guards.ONCE,
            root=root,
            higher=higher,
        )
    proposed = propose_guard([entry.flag for entry in loop.entries])
    tools, match = proposed or ((), "")
    remark = _ASKS if known is not None and known.mode == guards.ASK else _UNSAID
    return Climb(
        file=guards.FILE if proposed else places.instructions,
        rung=Rung.GUARD if proposed else Rung.RULE,
        remark=remark if proposed else f"{remark}; {_NO_GUARD}",
        tools=tools,
        match=match,
        root=root,
    )


def _guard_of(loop: Loop, places: Places) -> Guard | None:
    """Return the newest guard that came from a flag of the loop; None without one."""
    ids = {entry.flag.id for entry in loop.entries}
    mine = [one for one in places.guards if not ids.isdisjoint(one.flags)]
    return mine[-1] if mine else None


def _at(
    rung: Rung, flags: Sequence[Flag], places: Places, fits: Callable[[Sequence[Flag]], str]
) -> tuple[str, tuple[str, ...], str] | None:
    """Return file, tools and pattern on a rung; None when there is no place on it."""
    if rung is Rung.RULE:
        return places.instructions, (), ""
    if rung is Rung.SKILL:
        named = [places.skills[flag.skill] for flag in flags if flag.skill in places.skills]
        whole = [file for file in named if places.headed(file)]
        file = whole[-1] if whole else fits(flags)
        return (file, (), "") if file else None
    if rung is Rung.HOLD:
        return None  # from a guard only, that was said
    guard = propose_guard(flags)
    return (guards.FILE, *guard) if guard else None

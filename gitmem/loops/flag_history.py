"""The history of every flag: what the drain records say of it, where they are, and the queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.boundaries.guards import FIRED, HELD
from gitmem.core.errors import Refused
from gitmem.loops.recurrence import FlagEntry
from gitmem.queue import decisions
from gitmem.records import record_files, snapshot, target
from gitmem.records.drain_record import Fate, read_outcomes
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome
    from gitmem.records.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class Fire:
    """One time that guards spoke in this clone: the flags they came from, when and in which session.

    ``held``: the call was denied. ``at`` is as in a flag.
    """

    flags: frozenset[str]
    at: str
    session: str
    held: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagHistory:
    """All flags in order, first as recorded, then as queued; a person's decisions; and fires of guards.

    ``unmatched`` holds matches taken back (flag id to the id it was matched to), ``dropped`` the
    reasons of rejected flags by id.
    """

    entries: tuple[FlagEntry, ...]
    unmatched: Mapping[str, str]
    dropped: Mapping[str, str]
    fires: tuple[Fire, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Record:
    """One record file: its place in the order, the commit that added it, whether that has landed."""

    order: tuple[bool, int, str]
    commit: str
    landed: bool
    outcomes: tuple[Outcome, ...]


def read(repo: Repository, seen: Snapshot) -> FlagHistory:
    """Return the history that a snapshot sees; write nothing."""
    entries: dict[str, FlagEntry] = {}
    for record in _records(repo, seen):
        for outcome in record.outcomes:
            known = entries.get(outcome.flag.id)
            # A forgotten flag landed before, and what it brought no longer counts.
            gone = record.landed and outcome.fate is Fate.FORGOTTEN
            if known is None or gone or (record.landed and not known.landed):
                entries[outcome.flag.id] = FlagEntry(
                    flag=outcome.flag,
                    place=0,
                    outcome=outcome,
                    commit=record.commit,
                    landed=record.landed,
                )
    for flag in _queued(seen):
        entries.setdefault(flag.id, FlagEntry(flag=flag, place=0))
    return FlagHistory(
        entries=tuple(replace(entry, place=place) for place, entry in enumerate(entries.values())),
        unmatched=decisions.unmatched(repo),
        dropped=decisions.rejected(repo, seen.queue),
        fires=tuple(fires(repo)),
    )


def fires(repo: Repository) -> list[Fire]:
    """Return each time that guards spoke in this clone, as far back as its ledger goes."""
    return [
        Fire(
            flags=frozenset(str(line.get("did", "")).removeprefix(what).split()),
            at=str(line.get("at", "")),
            session=str(line.get("session", "")),
            held=what == HELD,
        )
        for what in (FIRED, HELD)
        for line in ledger.did(repo.folder, what)
    ]


def take(repo: Repository, configured: str) -> FlagHistory:
    """Return the history as it is now; raises what a snapshot raises."""
    return read(repo, snapshot.take(repo, configured))


def flag_by_id(repo: Repository, prefix: str) -> Flag:
    """Return the one flag, wherever it is, whose id starts with ``prefix``.

    Raises Refused when none or several do, and what a snapshot raises.
    """
    entries = take(repo, target.configured_name(repo)).entries
    flags = [entry.flag for entry in entries]
    return snapshot.flag_by_id(flags, prefix, what="flag", lister="gitmem loops", error=Refused)


def _queued(seen: Snapshot) -> list[Flag]:
    return [flag for flags in seen.state.by_state.values() for flag in flags]


def _records(repo: Repository, seen: Snapshot) -> list[_Record]:
    """Return the records on the target, then those in review, each in the order of their commits.

    Names do not give the order: they have the second, which two closes can share.
    """
    where = seen.target
    tips = [tip for tip in (where.deciding, where.local) if tip]
    known: set[str] = set()
    records: list[_Record] = []
    for landed, tip in [
        *((True, tip) for tip in tips),
        *((False, tip) for tip in seen.review_tips),
    ]:
        texts = record_files.newest_texts(repo, tip)
        new = sorted(texts.keys() - known)
        if not new:
            continue
        known |= set(new)
        commits = _brought(repo, tip)
        records += [
            _Record(
                order=(not landed, commits.get(name, ("", 0))[1], name),
                commit=commits.get(name, (tip, 0))[0],
                landed=landed,
                outcomes=tuple(read_outcomes(texts[name])),
            )
            for name in new
        ]
    return sorted(records, key=lambda record: record.order)


def _brought(repo: Repository, tip: str) -> dict[str, tuple[str, int]]:
    """Record file to the commit that brought it and that commit's place, as far as history tells."""
    done = repo.git(
        "log", "--reverse", "--no-show-signature", "--first-parent", "-m", "--diff-filter=A", "--name-only",
        "--format=%x00%H", tip, "--", *record_files.pathspecs(repo, tip),
    )  # fmt: skip
    found: dict[str, tuple[str, int]] = {}
    parts = done.out.decode("utf-8", "surrogateescape").split("\0")
    for place, part in enumerate(parts):
        commit, *names = part.split("\n")
        for name in names:
            if name:
                found[name] = commit, place
    return found

"""Undrop: a person takes a drop back, and the flag is queued again.

A flag that was dropped and not closed yet never left the queue: the decision is taken back. One whose drop
has landed is drained for good under its id, so its words come back as a new flag that replaces it.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.capture import capture, spooled
from gitmem.core import flag as flags
from gitmem.core.errors import Refused, UsageError
from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.queue import decisions
from gitmem.queue.fast_import import recorded_author
from gitmem.records import in_review, record_files, snapshot, target
from gitmem.records.drain_record import Fate
from gitmem.records.snapshot import flag_by_id
from gitmem.records.states import ACCEPTED, CARRIED, DRAINED
from gitmem.trace.filings import Filings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.filings import FiledOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Undropped:
    """One flag: whether it was dropped, and whether a review skips it now, or files it.

    ``fresh`` is the flag that brings its words back where the drop has landed; None where it is
    queued under its own id. ``since``: that one is there already. ``edited``: that one came by an edit.
    """

    flag: Flag
    dropped: bool
    in_review: bool = False
    filed: bool = False
    fresh: Flag | None = None
    since: bool = False
    edited: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class UndropResult:
    """What came of it, flag by flag, and what to say of the queue branch."""

    flags: tuple[Undropped, ...]
    notes: tuple[str, ...] = ()


def undrop(
    repo: Repository,
    prefixes: Sequence[str],
    *,
    configured: str,
    at: str,
    dry_run: bool = False,
) -> UndropResult:
    """Queue flags again, all or none. A flag that is not dropped stays as it is.

    Raises UsageError for an id that no one flag has and for a flag that has landed, Refused where a
    guard objects to a flag's words now, NotSaved, and what a snapshot raises.
    """
    seen = snapshot.take(repo, configured)
    filings = Filings(record_files.newest_texts(repo, target.leading_commit(repo, seen.target)[0]))
    known = _known(seen, filings)
    chosen = {
        flag.id: flag for flag in (flag_by_id(known.values(), one, what="flag") for one in prefixes)
    }
    dropped = decisions.drops(repo)
    skipped = _skipped(repo, seen)
    queued = {flag.replaces: flag for flag in known.values() if flag.replaces}
    found = [
        _judged(repo, seen, filings.of(flag.id), flag, dropped, queued.get(flag.id))
        for flag in chosen.values()
    ]
    found = [
        replace(one, in_review=True, filed=False) if one.filed and one.flag.id in skipped else one
        for one in found
    ]
    fresh = [one.fresh for one in found if one.fresh is not None and not one.since]
    restored = [one.flag for one in found if one.dropped and one.fresh is None]
    notes: list[str] = []
    if not dry_run and (fresh or restored):
        by = recorded_author(repo)
        if fresh:  # first, because this may fail with nothing saved
            saved = capture.save(repo, fresh, by, noted=False)
            notes = [*saved.notes, *([saved.reason] if saved.reason else [])]
        if restored:
            decisions.add_undrops(repo, restored, by=by, at=at)
    return UndropResult(flags=tuple(found), notes=tuple(notes))


def _known(seen: Snapshot, filings: Filings) -> dict[str, Flag]:
    """Return every flag of the queue, the archive and the records, by id."""
    recorded = {one.outcome.flag.id: one.outcome.flag for one in filings.all}
    return {**recorded, **seen.queue.flags}


def _skipped(repo: Repository, seen: Snapshot) -> frozenset[str]:
    """Return the ids that the review skips; a flag dropped and queued again since the close is filed in it."""
    tip = refs.resolve(repo, REVIEW) if seen.state.in_review else ""
    waiting = in_review.review_outcomes(repo, seen.target, tip)[1] if tip else ()
    return frozenset(one.flag.id for one in waiting if one.fate is Fate.SKIPPED)


def _judged(
    repo: Repository,
    seen: Snapshot,
    outcomes: Sequence[FiledOutcome],
    flag: Flag,
    dropped: Mapping[str, str],
    queued: Flag | None,
) -> Undropped:
    """Return what becomes of one flag. Raises UsageError and Refused."""
    state = seen.records.state(flag.id)
    last = outcomes[-1].outcome if outcomes else None
    if state in {DRAINED, ACCEPTED}:
        if last is None or last.fate is not Fate.SKIPPED:
            raise UsageError(
                f"{flag.id} has landed, so there is no drop to take back",
                hint=f"gitmem show {flag.id} says where; gitmem flag keeps something new",
            )
        if queued is not None:
            return Undropped(flag=flag, dropped=False, fresh=queued, since=True)
        _pass_guards(repo, flag)
        return Undropped(flag=flag, dropped=True, fresh=_again(flag))
    if flag.id not in dropped:
        edited = queued is not None
        return Undropped(flag=flag, dropped=False, fresh=queued, since=edited, edited=edited)
    if state == CARRIED:
        raise UsageError(
            f"the drop of {flag.id} is on a branch that gitmem close --here committed to",
            hint="land that branch first; then run gitmem undrop again",
        )
    _pass_guards(repo, flag)
    return Undropped(flag=flag, dropped=True, filed=flag in seen.state.in_review)


def _pass_guards(repo: Repository, flag: Flag) -> None:
    """Raise Refused where a guard of `flag` objects to a flag's words now."""
    try:
        spooled.fields_of(repo, flag)
    except Refused as refused:
        raise Refused(f"{flag.id}: {refused.message}", hint=refused.hint) from refused


def _again(flag: Flag) -> Flag:
    """Return a new flag that says and comes from what an earlier one does, and replaces it."""
    fresh = flags.new_id(os.urandom(flags.ID_LENGTH))
    return flags.changed(flag, {"id": fresh, "replaces": flag.id})

"""Tidy the queue before a command that may write: publish, heal, prune."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.git.objects import Unreadable
from gitmem.git.repository import HERE
from gitmem.queue import prune, publisher
from gitmem.queue.branch import forget_hint
from gitmem.queue.journal import Journal
from gitmem.records import record_files, snapshot, target
from gitmem.session import session_file

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot

_WAIT = 5.0  # seconds for another publisher: a person is waiting for an answer, not an agent


def publish(repo: Repository) -> list[str]:
    """Publish what the journal still holds; return sentences to say."""
    return _published(repo)[0]


def _published(repo: Repository) -> tuple[list[str], bool]:
    """Return what to say, and whether the whole journal was published."""
    journal = Journal(repo.folder)
    if not journal.exists():
        return [], True
    published = publisher.publish(repo, journal, wait=_WAIT)
    notes = list(published.notes)
    if published.reason and journal.read() and not publisher.up_to_date(repo, journal):
        notes.append(f"some flags are in the journal only: {published.reason}")
    return notes, not published.reason


def heal(repo: Repository, seen: Snapshot) -> list[str]:
    """Write pruned flags whose record is gone back to the journal; return sentences to say."""
    lines = [seen.queue.archive.flags[flag_id].line for flag_id in seen.state.healed]
    if not lines:
        return []
    Journal(repo.folder).append(lines)
    count = f"{len(lines)} flag" + ("s" if len(lines) > 1 else "")
    return [f"{count} came back: the landing was undone", *publish(repo)]


def settle(repo: Repository, configured: str) -> tuple[Snapshot, list[str]]:
    """Publish and heal; return a snapshot from after that, and what to say."""
    notes, done = _published(repo)
    try:
        seen = snapshot.take(repo, configured)
    except Unreadable:
        # Without its hint the publisher reads every object, sets broken ones aside and rebuilds.
        forget_hint(repo.folder)
        notes += publish(repo)
        seen = snapshot.take(repo, configured)
    if done and seen.state.journaled:
        forget_hint(repo.folder)  # they were taken off the branch, so the hint is wrong
        notes += publish(repo)
        seen = snapshot.take(repo, configured)
    healed = heal(repo, seen)
    if healed:
        seen = snapshot.take(repo, configured)
    return seen, notes + healed


def prune_drained(
    repo: Repository, configured: str, fresh: Snapshot | None = None
) -> tuple[Snapshot, list[str]]:
    """Take drained flags out of the queue; return a snapshot from after that, and what to say.

    ``fresh`` is a snapshot that was taken just now, if there is one.
    """
    seen = fresh or snapshot.take(repo, configured)
    _forget_marks(repo, seen)
    import calendar  # it costs a millisecond, and few commands prune

    session_file.forget_old(repo.folder, calendar.timegm(time.gmtime()))
    from gitmem.models.answer_store import AnswerStore  # only a close has asked anything

    AnswerStore(repo.folder).forget(seen.records.deciding)
    done = prune.prune(repo, seen.drained)
    if done.ids or done.branch_gone:
        seen = snapshot.take(repo, configured)
    reason = f"landed flags stay in the queue for now: {done.reason}"
    return seen, [reason] if done.reason else []


def _forget_marks(repo: Repository, seen: Snapshot) -> None:
    """Remove the marks of `close --here` from branches that are gone or have landed."""
    for mark, oid in refs.listed(repo, HERE).items():
        _, tip = target.carrier(repo, mark, oid)
        made = record_files.ids(repo, oid) | record_files.ids(repo, tip)
        if not tip or made.issubset(seen.records.deciding):
            refs.delete(repo, mark, oid, "gitmem: landed or gone")

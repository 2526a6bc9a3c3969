"""Bring the queue in order before a command that may write: publish, heal, prune."""

from __future__ import annotations

import calendar
import time
from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.git.objects import Unreadable
from gitmem.git.repository import HERE
from gitmem.models.answer_store import AnswerStore
from gitmem.queue import prune, publisher
from gitmem.queue.branch import forget_hint
from gitmem.queue.fast_import import current_author
from gitmem.queue.journal import Journal
from gitmem.records import in_tree as records
from gitmem.records import snapshot, target
from gitmem.session import sessions

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot

_WAIT = 5.0  # seconds for another publisher: a person is waiting for an answer, not an agent


def publish(repo: Repository) -> list[str]:
    """Publishes what the journal still holds; returns sentences to say."""
    return _published(repo)[0]


def _published(repo: Repository) -> tuple[list[str], bool]:
    """What to say, and whether the journal could be looked at to its end."""
    journal = Journal(repo.folder)
    if not journal.exists():
        return [], True
    published = publisher.publish(repo, journal, current_author(repo), wait=_WAIT)
    notes = list(published.notes)
    if published.reason and journal.read():
        notes.append(f"some flags are in the journal only: {published.reason}")
    return notes, not published.reason


def heal(repo: Repository, seen: Snapshot) -> list[str]:
    """Writes pruned flags whose record is gone back to the journal; returns sentences to say."""
    lines = [seen.queue.archive.flags[flag_id].line for flag_id in seen.state.healed]
    if not lines:
        return []
    Journal(repo.folder).append(lines)
    count = f"{len(lines)} flag" + ("s" if len(lines) > 1 else "")
    return [f"{count} came back: the landing was undone", *publish(repo)]


def settled(repo: Repository, configured: str) -> tuple[Snapshot, list[str]]:
    """A snapshot after publishing and healing, and what to say about both."""
    notes, done = _published(repo)
    try:
        seen = snapshot.take(repo, configured)
    except Unreadable:
        # Without its hint the publisher looks at every object, sets aside what is broken, rebuilds.
        forget_hint(repo.folder)
        notes += publish(repo)
        seen = snapshot.take(repo, configured)
    if done and seen.state.journaled:
        forget_hint(repo.folder)  # somebody took them off the branch; its own word is not believed
        notes += publish(repo)
        seen = snapshot.take(repo, configured)
    healed = heal(repo, seen)
    if healed:
        seen = snapshot.take(repo, configured)
    return seen, notes + healed


def pruned(
    repo: Repository, configured: str, looked: Snapshot | None = None
) -> tuple[Snapshot, list[str]]:
    """Takes what is drained out of the queue; a snapshot from after that, and what to say.

    ``looked`` is a snapshot that was taken just now.
    """
    seen = looked or snapshot.take(repo, configured)
    _forget_marks(repo, seen)
    sessions.forget_old(repo.folder, calendar.timegm(time.gmtime()))
    AnswerStore(repo.folder).forget(seen.records.deciding)
    done = prune.prune(repo, seen.drained)
    if done.ids or done.branch_gone:
        seen = snapshot.take(repo, configured)
    reason = f"landed flags stay in the queue for now: {done.reason}"
    return seen, [reason] if done.reason else []


def _forget_marks(repo: Repository, seen: Snapshot) -> None:
    """Removes the marks of `close --here` from branches that are gone or have landed."""
    for mark, oid in refs.listed(repo, HERE).items():
        _, tip = target.carrier(repo, mark, oid)
        made = records.ids(repo, oid) | records.ids(repo, tip)
        if not tip or made.issubset(seen.records.deciding):
            refs.delete(repo, mark, oid, "gitmem: landed or gone")

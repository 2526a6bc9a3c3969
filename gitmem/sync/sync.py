"""Sync: fetch the queue of the configured remote, unite it with the local one, push. Never by force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.boundaries.background import NOT_SYNCED
from gitmem.core.errors import GitmemError
from gitmem.core.failures import NoProgress
from gitmem.git import personal, refs, remotes, scratch
from gitmem.git.network import Talk
from gitmem.git.repository import BRANCH
from gitmem.queue import contents, publisher
from gitmem.records import snapshot, target
from gitmem.sync import disagreement, remote_queue, unite
from gitmem.sync.remote_queue import Exchange
from gitmem.sync.rounds import RewriteChoice, Rounds, SyncRequest, SyncResult, refuse_in_use

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

__all__ = ["RewriteChoice", "SyncRequest", "SyncResult", "automatic", "sync"]


def sync(repo: Repository, request: SyncRequest) -> SyncResult:
    """Exchange the queue with the configured remote; afterwards both hold every flag of both.

    Raises `remotes.NoRemote`, `network.NotReached` and `Declined` (5; nothing is lost, flags stay
    local), Rewritten (8) and NoProgress (7). The next sync finishes one that was killed.
    """
    remote = remotes.configured(repo)
    if request.dry_run:
        return _preview(repo, remote, request)
    busy = publisher.busy_gc(repo)
    if busy:
        raise NoProgress(busy, hint="run it again when that is done")
    refuse_in_use(repo)
    with Exchange(repo, remote, wait=0.0 if request.alone else None) as held:
        held.sweep()
        talk = Talk(request.hears, alone=request.alone)
        return Rounds(repo, held, request, talk).run()


def automatic(repo: Repository, configured: str) -> str:
    """Sync at a session's end where the person asked for it; return a sentence for the ledger.

    Does nothing and returns an empty sentence without `git config gitmem.sync auto`. Asks no question
    and raises nothing that a sync raises: the sentence says what failed, and the flags are where they
    were. For a detached process; it uses the network.
    """
    if personal.read(repo, "gitmem.sync").value.strip() != "auto":
        return ""
    try:
        done = sync(repo, SyncRequest(configured=configured, alone=True))
    except GitmemError as error:
        return f"{NOT_SYNCED} ({error.exit_code}): {error.message}"
    return f"synced with {done.remote}: {len(done.received)} received, {len(done.sent)} sent"


def _preview(repo: Repository, remote: str, request: SyncRequest) -> SyncResult:
    """Return what a sync would do, by a fetch that leaves nothing behind."""
    seen = remote_queue.seen_tips(repo, remote)
    with scratch.Scratch(repo, remote, Talk(request.hears)) as place:
        tip = place.fetch(BRANCH)
        theirs = unite.read_side(place.repo, tip)
        lost = [old for old in seen if not (tip and remote_queue.continues(place.repo, tip, old))]
    queues = disagreement.Comparison(
        remote=remote,
        ours=unite.read_side(repo, refs.resolve(repo, BRANCH)),
        theirs=theirs,
        seen=[] if lost else [unite.read_side(repo, old) for old in seen],
    )
    notes = ["the queue there was rewritten: a sync would stop"] if lost else []
    drained: set[str] = set()
    looked = None
    try:
        looked = snapshot.take(repo, request.configured)
        drained, found = looked.drained, looked.queue
        queues = replace(queues, main=looked.target.shared)
    except target.CannotTell as unknown:
        found = contents.read_queue(repo)
        notes.append(f"nothing would be pruned: {unknown.message}")
    apart = disagreement.compare(repo, looked, queues)
    notes += [f"a sync would stop: {apart.summary}"] if apart else []
    notes += apart.unsure
    here = {*found.branch.flags, *found.journal.flags}
    return SyncResult(
        remote=remote,
        received=tuple(theirs.ids - here - drained - {*found.archive.flags}),
        sent=tuple(here - theirs.ids - drained),
        pruned=tuple((here | theirs.ids) & drained),
        tip=tip,
        notes=tuple(notes),
        aside=tuple(theirs.aside),
    )

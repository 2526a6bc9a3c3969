"""Sync: fetch the queue of the configured remote, make one of both, publish it. Never by force."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.boundaries.background_words import NOT_SYNCED
from gitmem.core.errors import GitmemError, NoProgress
from gitmem.git import personal, refs, remotes, scratch
from gitmem.git.network import Talk
from gitmem.git.repository import BRANCH
from gitmem.queue import contents as queue
from gitmem.queue import publisher
from gitmem.records import snapshot, target
from gitmem.sync import disagreement, unite
from gitmem.sync import seen as exchange
from gitmem.sync.rounds import Choice, Rounds, Synced, Wanted, refuse_in_use
from gitmem.sync.seen import Exchange

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

__all__ = ["Choice", "Synced", "Wanted", "automatic", "sync"]


def sync(repo: Repository, wanted: Wanted) -> Synced:
    """Exchanges the queue with the configured remote; afterwards both hold every flag of both.

    Raises `remotes.NoRemote`, `network.NotReached` and `Declined` (5; nothing is lost, flags stay
    local), Rewritten (8) and NoProgress (7). A sync that was killed is finished by the next one.
    """
    remote = remotes.configured(repo)
    if wanted.dry_run:
        return _looked(repo, remote, wanted)
    busy = publisher.busy_gc(repo)
    if busy:
        raise NoProgress(busy, hint="run it again when that is done")
    refuse_in_use(repo)
    with Exchange(repo, remote, wait=0.0 if wanted.alone else None) as held:
        held.sweep()
        talk = Talk(wanted.hears, alone=wanted.alone)
        return Rounds(repo, held, wanted, talk).run()


def automatic(repo: Repository, configured: str) -> str:
    """The sync of a session's end, where the person asked for it; a sentence for the ledger.

    Does something only with `git config gitmem.sync auto`, and answers with an empty sentence
    otherwise. Asks nobody, and raises nothing that a sync raises: what failed is in the sentence,
    and the flags are where they were. For a detached process; it talks to the network.
    """
    if personal.read(repo, "gitmem.sync").value.strip() != "auto":
        return ""
    try:
        done = sync(repo, Wanted(configured=configured, alone=True))
    except GitmemError as error:
        return f"{NOT_SYNCED} ({error.exit_code}): {error.message}"
    return f"synced with {done.remote}: {len(done.received)} received, {len(done.sent)} sent"


def _looked(repo: Repository, remote: str, wanted: Wanted) -> Synced:
    """What a sync would do, by a fetch that leaves nothing behind."""
    seen = exchange.seen(repo, remote)
    with scratch.Scratch(repo, remote, Talk(wanted.hears)) as place:
        tip = place.fetch(BRANCH)
        theirs = unite.side(place.repo, tip)
        lost = [old for old in seen if not (tip and exchange.continues(place.repo, tip, old))]
    there = disagreement.Queues(
        remote=remote,
        ours=unite.side(repo, refs.resolve(repo, BRANCH)),
        theirs=theirs,
        seen=[] if lost else [unite.side(repo, old) for old in seen],
    )
    notes = ["the queue there was rewritten: a sync would stop"] if lost else []
    drained: set[str] = set()
    looked = None
    try:
        looked = snapshot.take(repo, wanted.configured)
        drained, found = looked.drained, looked.queue
        there = replace(there, main=looked.target.shared)
    except target.CannotTell as unknown:
        found = queue.read(repo)
        notes.append(f"nothing would be pruned: {unknown.message}")
    apart = disagreement.find(repo, looked, there)
    notes += [f"a sync would stop: {apart.told}"] if apart else []
    notes += apart.unsure
    here = {*found.branch.flags, *found.journal.flags}
    return Synced(
        remote=remote,
        received=tuple(theirs.ids - here - drained - {*found.archive.flags}),
        sent=tuple(here - theirs.ids - drained),
        pruned=tuple((here | theirs.ids) & drained),
        tip=tip,
        notes=tuple(notes),
        aside=tuple(theirs.aside),
    )

"""Sync: fetch the queue of the configured remote, make one of both, publish it. Never by force."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.domain.errors import GitmemError, NoProgress, Unreachable
from gitmem.engine import snapshot, tidy
from gitmem.engine.close_words import NOT_SYNCED
from gitmem.store import (
    exchange,
    network,
    prune,
    publisher,
    queue,
    refs,
    remotes,
    rewrite,
    scratch,
    target,
    unite,
)
from gitmem.store.branch import BRANCH
from gitmem.store.exchange import Exchange, Rewritten
from gitmem.store.fastimport import Guard
from gitmem.store.network import Declined, Talk
from gitmem.store.process import ANY

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from gitmem.engine.snapshot import Snapshot
    from gitmem.store.repository import Repository
    from gitmem.store.unite import Side

_TRIES = 24  # pushes that somebody else was faster than; a try is one fetch and one push
_DECLINES = 5  # pushes that the server declined: a hook that fails now and then is met
_PAUSE = 0.05  # seconds, times the number of the try, at most _LONGEST, times chance
_LONGEST = 1.0
_WAIT = 10.0  # seconds for a publisher; it never needs more than its git child does


class Choice(StrEnum):
    """What a person wants with a remote queue that was rewritten."""

    STOP = "stop"
    KEEP = "keep"
    TAKE = "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sync shall do.

    ``configured`` is the shared setting's target (or empty). ``hears`` gets git's own progress.
    ``alone``: no person is there to be asked, and another sync at work is left to it.
    """

    configured: str
    rewritten: Choice = Choice.STOP
    dry_run: bool = False
    alone: bool = False
    hears: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync came to.

    ``received`` and ``sent`` are ids that only the other side had; ``pruned`` ids that were taken
    out of the queue because they had landed. ``tip`` is the queue at the remote now (empty: it has
    none), ``tries`` how many pushes it took, ``backups`` refs that hold what was rewritten.
    """

    remote: str
    received: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    tip: str = ""
    tries: int = 0
    backups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


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
    with Exchange(repo, remote, wait=0.0 if wanted.alone else None) as held:
        held.sweep()
        talk = Talk(wanted.hears, alone=wanted.alone)
        return _Round(repo, held, wanted, talk).run()


def automatic(repo: Repository, configured: str) -> str:
    """The sync of a session's end, where the person asked for it; a sentence for the ledger.

    Does something only with `git config gitmem.sync auto`, and answers with an empty sentence
    otherwise. Asks nobody, and raises nothing that a sync raises: what failed is in the sentence,
    and the flags are where they were. For a detached process; it talks to the network.
    """
    if repo.git("config", "--get", "gitmem.sync", ok=(0, 1)).text.strip() != "auto":
        return ""
    try:
        done = sync(repo, Wanted(configured=configured, alone=True))
    except GitmemError as error:
        return f"{NOT_SYNCED} ({error.exit_code}): {error.message}"
    return f"synced with {done.remote}: {len(done.received)} received, {len(done.sent)} sent"


class _Round:
    """One sync under way."""

    def __init__(self, repo: Repository, held: Exchange, wanted: Wanted, talk: Talk) -> None:
        self._repo = repo
        self._held = held
        self._wanted = wanted
        self._talk = talk
        self._received: dict[str, None] = {}
        self._sent: dict[str, None] = {}
        self._pruned: dict[str, None] = {}
        self._backups: list[str] = []
        self._notes: dict[str, None] = {}

    def run(self) -> Synced:
        """Fetches, unites and pushes until nobody was faster."""
        self._say(tidy.publish(self._repo))
        declined = tries = 0
        while True:
            theirs, drained = self._meet()
            tip = refs.resolve(self._repo, BRANCH)
            if not tip or tip == theirs.tip:
                return self._finish(theirs.tip, drained, tries)
            tries += 1
            try:
                if network.push(self._repo, self._held.remote, tip, BRANCH, self._talk):
                    self._sent |= dict.fromkeys(unite.side(self._repo, tip).ids - theirs.ids)
                    return self._finish(tip, drained, tries)
            except Declined as error:
                declined += 1
                if error.lasting or declined == _DECLINES:
                    self._held.note(theirs.tip)
                    raise
            if tries == _TRIES:
                raise Unreachable(
                    f"others pushed to {self._held.remote} {tries} times while this sync did",
                    hint="nothing is lost; run gitmem sync again",
                )
            _pause(tries)

    def _meet(self) -> tuple[Side, set[str]]:
        """Fetches, and makes the local queue hold what the remote's does; the remote's side."""
        seen = exchange.seen(self._repo, self._held.remote)
        tip, notes = self._held.fetched(self._talk, _upstream(self._repo, self._wanted.configured))
        self._say(notes)
        theirs = unite.side(self._repo, tip)
        lost = [old for old in seen if not _continues(self._repo, self._held.remote, tip, old)]
        if lost:
            self._rewritten(theirs, lost)
        looked = self._settled()
        drained = set(looked.records.deciding) if looked else set()
        self._say(theirs.refused)
        self._received |= dict.fromkeys(theirs.ids - drained - self._known(looked))
        with _guarded(self._repo) as guard:
            unite.unite(self._repo, guard, theirs, drained)
        done = prune.prune(self._repo, drained, keep_branch=True)
        self._pruned |= dict.fromkeys(done.ids)
        if done.reason:
            self._say([f"landed flags stay in the queue for now: {done.reason}"])
        return theirs, drained

    def _settled(self) -> Snapshot | None:
        """The queue in order, and where each flag stands; None when the target is not here."""
        try:
            looked, notes = tidy.settled(self._repo, self._wanted.configured)
        except target.CannotTell as unknown:
            self._say([*tidy.publish(self._repo), f"nothing was pruned: {unknown.message}"])
            return None
        self._say(notes)
        return looked

    def _known(self, looked: Snapshot | None) -> set[str]:
        found = looked.queue if looked else queue.read(self._repo)
        return {*found.branch.flags, *found.journal.flags, *found.archive.flags}

    def _rewritten(self, theirs: Side, lost: list[str]) -> None:
        """Backs up what was seen; does what the person chose, or stops."""
        repo, held = self._repo, self._held
        mine = refs.resolve(repo, BRANCH)
        self._backups += exchange.back_up(repo, [*lost, mine] if mine else lost)
        if self._wanted.rewritten is Choice.STOP:
            what = "was rewritten" if theirs.tip else "is gone"
            raise Rewritten(
                f"the queue at {held.remote} {what}: it does not continue what this clone has seen "
                f"there, which is kept as {', '.join(self._backups)}",
                hint="ask who did it; then a person runs `gitmem sync --rewritten take` (what they "
                "took out goes here too) or `--rewritten keep` (it comes back there)",
            )
        with _guarded(repo) as guard:
            if self._wanted.rewritten is Choice.TAKE:
                gone = rewrite.taken_out(repo, theirs, lost)
                rewrite.take(repo, guard, theirs, gone)
            else:
                for tip in lost:
                    unite.unite(repo, guard, unite.side(repo, tip), ())
        held.note(theirs.tip)

    def _finish(self, tip: str, drained: set[str], tries: int) -> Synced:
        """Remembers what is at the remote now, and lets an empty local queue go."""
        self._held.note(tip)
        prune.prune(self._repo, drained)
        self._say(tidy.publish(self._repo))  # also makes the next flag cheap again
        return Synced(
            remote=self._held.remote,
            received=tuple(self._received),
            sent=tuple(self._sent),
            pruned=tuple(self._pruned),
            tip=tip,
            tries=tries,
            backups=tuple(self._backups),
            notes=tuple(self._notes),
        )

    def _say(self, notes: Iterable[str]) -> None:
        self._notes |= dict.fromkeys(notes)


@contextmanager
def _guarded(repo: Repository) -> Iterator[Guard]:
    """The publish lock. Raises NoProgress when another gitmem does not let go of it."""
    guard = Guard(repo)
    if not guard.attempt(_WAIT):
        raise NoProgress("another gitmem is publishing", hint="run it again after that one")
    try:
        yield guard
    finally:
        guard.release()


def _upstream(repo: Repository, configured: str) -> str:
    """The remote-tracking ref that decides what is drained; empty when there is none."""
    try:
        return target.find(repo, configured).upstream_ref
    except target.CannotTell:
        return ""


def _continues(repo: Repository, remote: str, tip: str, seen: str) -> bool:
    if not tip or exchange.continues(repo, tip, seen):
        return bool(tip)
    shallow = repo.git("rev-parse", "--is-shallow-repository", ok=ANY).text == "true"
    return shallow and scratch.continues(repo, remote, BRANCH, tip=tip, seen=seen)


def _pause(tries: int) -> None:
    """A random wait, so that clones which were refused together do not come back together."""
    chance = int.from_bytes(os.urandom(2), "big") / 65536
    time.sleep(min(_LONGEST, _PAUSE * tries) * (0.2 + chance))


def _looked(repo: Repository, remote: str, wanted: Wanted) -> Synced:
    """What a sync would do, by a fetch that leaves nothing behind."""
    seen = exchange.seen(repo, remote)
    with scratch.Scratch(repo, remote, Talk(wanted.hears)) as place:
        tip = place.fetch(BRANCH)
        theirs = unite.side(place.repo, tip)
        lost = [old for old in seen if not (tip and exchange.continues(place.repo, tip, old))]
    notes = ["the queue there was rewritten: a sync would stop"] if lost else []
    drained: set[str] = set()
    try:
        looked = snapshot.take(repo, wanted.configured)
        drained, found = set(looked.records.deciding), looked.queue
    except target.CannotTell as unknown:
        found = queue.read(repo)
        notes.append(f"nothing would be pruned: {unknown.message}")
    here = {*found.branch.flags, *found.journal.flags}
    return Synced(
        remote=remote,
        received=tuple(theirs.ids - here - drained - {*found.archive.flags}),
        sent=tuple(here - theirs.ids - drained),
        pruned=tuple((here | theirs.ids) & drained),
        tip=tip,
        notes=tuple(notes),
    )

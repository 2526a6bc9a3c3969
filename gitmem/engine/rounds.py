"""The rounds of a sync: fetch, unite, prune, push, until nobody was faster."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from gitmem.domain.errors import NoProgress, Unreachable
from gitmem.engine import tidy
from gitmem.engine.synced import Choice, Synced
from gitmem.store import exchange, network, prune, queue, refs, rewrite, scratch, target, unite
from gitmem.store.exchange import Rewritten
from gitmem.store.fastimport import Guard
from gitmem.store.network import Declined
from gitmem.store.process import ANY
from gitmem.store.repository import BRANCH

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitmem.engine.snapshot import Snapshot
    from gitmem.engine.synced import Wanted
    from gitmem.store.exchange import Exchange
    from gitmem.store.network import Talk
    from gitmem.store.repository import Repository
    from gitmem.store.target import Target
    from gitmem.store.unite import Side

_TRIES = 24  # pushes that somebody else was faster than; a try is one fetch and one push
_DECLINES = 5  # pushes that the server declined: a hook that fails now and then is met
_PAUSE = 0.05  # seconds, times the number of the try, at most _LONGEST, times chance
_LONGEST = 1.0
_WAIT = 10.0  # seconds for a publisher; it never needs more than its git child does


class Rounds:
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
        where = _target(self._repo, self._wanted.configured)
        names = (where.there, where.shared_ref) if where else ()
        tip, main = self._held.fetched(self._talk, *names)
        theirs = unite.side(self._repo, tip)
        lost = [old for old in seen if not _continues(self._repo, self._held.remote, tip, old)]
        if lost:
            self._rewritten(theirs, lost)
        looked = self._settled()
        # Nothing leaves the queue at a remote before its own target has the record.
        drained = set(looked.records.deciding) if looked and main else set()
        if where and not main:
            branch = where.there.removeprefix("refs/heads/")
            self._say([f"the target branch {branch} is not at {self._held.remote}"])
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
                self._say(
                    [f"taken out here as it was there: {flag_id}" for flag_id in sorted(gone)]
                )
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


def _target(repo: Repository, configured: str) -> Target | None:
    """The target, of which the remote's branch is asked for; None where it is not in this clone."""
    try:
        return target.find(repo, configured)
    except target.CannotTell:
        return None


def _continues(repo: Repository, remote: str, tip: str, seen: str) -> bool:
    if not tip or exchange.continues(repo, tip, seen):
        return bool(tip)
    shallow = repo.git("rev-parse", "--is-shallow-repository", ok=ANY).text == "true"
    return shallow and scratch.continues(repo, remote, BRANCH, tip=tip, seen=seen)


def _pause(tries: int) -> None:
    """A random wait, so that clones which were refused together do not come back together."""
    chance = int.from_bytes(os.urandom(2), "big") / 65536
    time.sleep(min(_LONGEST, _PAUSE * tries) * (0.2 + chance))

"""Sync: fetch, unite, prune and push the queue until no other clone was faster. Never by force."""

from __future__ import annotations

import os
import time
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.boundaries.background import NOT_SYNCED
from gitmem.core.errors import GitmemError
from gitmem.core.failures import NoProgress, Unreachable
from gitmem.git import network, personal, refs, remotes, scratch
from gitmem.git.network import Declined, Talk
from gitmem.git.process import ANY
from gitmem.git.repository import BRANCH, in_use
from gitmem.git.worktrees import InTheWay
from gitmem.queue import contents, prune, publisher
from gitmem.queue.fast_import import RefGuard
from gitmem.records import snapshot, target, tidy
from gitmem.sync import disagreement, remote_queue, unite
from gitmem.sync.remote_queue import Exchange, Rewritten

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.records.target import Target
    from gitmem.sync.disagreement import Disagreement
    from gitmem.sync.unite import Side

_TRIES = 24  # rounds in which another clone pushed first; a try is one fetch and one push
_DECLINES = 5  # pushes that the server declined: a hook there may fail now and then
_PAUSE = 0.05  # seconds, times the number of the try, at most _LONGEST, times chance
_LONGEST = 1.0
_HOW = (
    "ask who did it; then a person runs `gitmem sync --rewritten take` (what they took out goes here "
    "too, what they changed is changed here) or `--rewritten keep` (there it is again as it was here)"
)
_WAIT = 10.0  # seconds for a publisher; it never needs more than its git child does


class RewriteChoice(StrEnum):
    """What a person decides about a remote queue that was rewritten."""

    STOP = "stop"
    KEEP = "keep"
    TAKE = "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncRequest:
    """The request of a sync.

    ``configured`` is the shared setting's target (or empty). ``hears`` gets git's own progress.
    ``alone``: no person is present, so a sync at work already is not waited for.
    """

    configured: str
    rewritten: RewriteChoice = RewriteChoice.STOP
    dry_run: bool = False
    alone: bool = False
    hears: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SyncResult:
    """The result of a sync.

    ``received`` and ``sent`` are ids that only the other side had, ``pruned`` ids that left the queue
    because they had landed. ``tip`` is the queue at the remote now (empty: it has none), ``tries`` the
    number of pushes, ``backups`` the refs that hold what was rewritten. ``aside`` are sentences about
    what was not read of the remote's queue.
    """

    remote: str
    received: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    tip: str = ""
    tries: int = 0
    backups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


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
    _refuse_in_use(repo)
    with Exchange(repo, remote, wait=0.0 if request.alone else None) as held:
        held.sweep()
        talk = Talk(request.hears, alone=request.alone)
        return _Rounds(repo, held, request, talk).run()


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


class _Rounds:
    """One sync at work."""

    def __init__(self, repo: Repository, held: Exchange, request: SyncRequest, talk: Talk) -> None:
        self._repo = repo
        self._held = held
        self._request = request
        self._talk = talk
        self._received: dict[str, None] = {}
        self._sent: dict[str, None] = {}
        self._pruned: dict[str, None] = {}
        self._backups: list[str] = []
        self._notes: dict[str, None] = {}
        self._aside: Sequence[str] = ()

    def run(self) -> SyncResult:
        """Fetch, unite and push until no other clone was faster.

        Raises NotReached, Declined, Unreachable, Rewritten, NoProgress and InTheWay.
        """
        self._say(tidy.publish(self._repo))
        declined = tries = 0
        tips: set[str] = set()
        while True:
            theirs, drained = self._take_in()
            tips.add(theirs.tip)
            tip = refs.resolve(self._repo, BRANCH)
            if not tip or tip == theirs.tip:
                return self._finish(theirs.tip, drained, tries)
            tries += 1
            try:
                if network.push(self._repo, self._held.remote, tip, BRANCH, self._talk):
                    self._sent |= dict.fromkeys(unite.read_side(self._repo, tip).ids - theirs.ids)
                    return self._finish(tip, drained, tries)
            except Declined as error:
                declined += 1
                if error.lasting or declined == _DECLINES:
                    self._held.note(theirs.tip)
                    raise
            if tries == _TRIES and len(tips) == 1:
                raise Unreachable(
                    f"{self._held.remote} did not move gitmem/queue in {tries} tries, and no other "
                    "push did",
                    hint="a lock that a killed push left there is one reason "
                    "(refs/heads/gitmem/queue.lock); nothing is lost",
                )
            if tries == _TRIES:
                raise Unreachable(
                    f"others pushed to {self._held.remote} {tries} times while this sync did",
                    hint="nothing is lost; run gitmem sync again",
                )
            _pause(tries)

    def _take_in(self) -> tuple[Side, set[str]]:
        """Fetch, and add what the remote holds to the local queue; return the remote's side and what is drained."""
        repo, held = self._repo, self._held
        seen = remote_queue.seen_tips(repo, held.remote)
        where = _target(repo, self._request.configured)
        names = (where.there, where.shared_ref) if where else ()
        tip, main = held.fetch_tips(self._talk, *names)
        theirs = unite.read_side(repo, tip)
        lost = [old for old in seen if not _continues(repo, held.remote, tip, old)]
        if lost:
            self._rewritten(theirs, lost)
            seen = []
        looked = self._settled()
        if where and not main:
            branch = where.there.removeprefix("refs/heads/")
            self._say([f"the target branch {branch} is not at {held.remote}"])
        self._aside = theirs.aside
        found = disagreement.compare(repo, looked, self._queues(theirs, seen, main))
        self._say(found.unsure)
        if found:
            self._disagreed(theirs, seen, found)
            looked = self._settled()
        # A flag leaves the queue at a remote only after its own target has the record.
        drained = looked.drained if looked and main else set()
        self._received |= dict.fromkeys(theirs.ids - drained - self._known(looked))
        with _guarded(repo) as guard:
            unite.unite(repo, guard, theirs, drained | found.recorded, self._chosen(found))
        done = prune.prune(repo, drained, keep_branch=True)
        self._pruned |= dict.fromkeys(done.ids)
        if done.reason:
            self._say([f"landed flags stay in the queue for now: {done.reason}"])
        return theirs, drained

    def _queues(self, theirs: Side, seen: list[str], main: str) -> disagreement.Comparison:
        repo = self._repo
        return disagreement.Comparison(
            remote=self._held.remote,
            ours=unite.read_side(repo, refs.resolve(repo, BRANCH)),
            theirs=theirs,
            seen=[unite.read_side(repo, tip) for tip in seen if tip != theirs.tip],
            main=main,
        )

    def _chosen(self, found: Disagreement) -> dict[str, bytes]:
        return found.keeps if self._request.rewritten is RewriteChoice.KEEP else {}

    def _disagreed(self, theirs: Side, seen: list[str], found: Disagreement) -> None:
        """Back up both queues; do what the person chose, or stop. Raises Rewritten."""
        repo, held, choice = self._repo, self._held, self._request.rewritten
        tips = [*seen, theirs.tip, refs.resolve(repo, BRANCH)]
        self._backups += remote_queue.back_up(repo, [tip for tip in tips if tip])
        if choice is RewriteChoice.STOP:
            raise Rewritten(
                f"{found.summary}; both queues are kept as {', '.join(self._backups)}",
                hint=_HOW,
            )
        twice = {key for key in found.conflicts if len(theirs.lines.get(key, [])) > 1}
        if choice is RewriteChoice.KEEP:
            unclear = found.conflicts.keys() - found.keeps
        else:
            unclear = twice | found.recorded
        if unclear:
            raise Rewritten(
                f"this cannot be settled by {choice}: {found.summary}",
                hint="the clone that made the flag can: `gitmem sync --rewritten keep` there; or a "
                f"person takes the wrong line off the branch at {held.remote}, by a commit",
            )
        with _guarded(repo) as guard:
            if choice is RewriteChoice.TAKE:
                gone = unite.taken_out(repo, theirs, seen) if found.lost_there else set()
                unite.take_rewritten(repo, guard, theirs, gone | found.conflicts.keys())
                self._say([f"taken out here as it was there: {one}" for one in sorted(gone)])
            else:
                for tip in seen if found.lost_there else ():
                    unite.unite(
                        repo, guard, unite.read_side(repo, tip), found.recorded, found.keeps
                    )

    def _settled(self) -> Snapshot | None:
        """Put the queue in order and return where each flag stands; None when the target is not here."""
        try:
            looked, notes = tidy.settle(self._repo, self._request.configured)
        except target.CannotTell as unknown:
            self._say([*tidy.publish(self._repo), f"nothing was pruned: {unknown.message}"])
            return None
        self._say(notes)
        return looked

    def _known(self, looked: Snapshot | None) -> set[str]:
        queued = looked.queue if looked else contents.read_queue(self._repo)
        return {*queued.flags}

    def _rewritten(self, theirs: Side, lost: list[str]) -> None:
        """Back up what was seen; do what the person chose, or stop. Raises Rewritten."""
        repo, held = self._repo, self._held
        mine = refs.resolve(repo, BRANCH)
        self._backups += remote_queue.back_up(repo, [*lost, mine] if mine else lost)
        if self._request.rewritten is RewriteChoice.STOP:
            what = "was rewritten" if theirs.tip else "is gone"
            raise Rewritten(
                f"the queue at {held.remote} {what}: it does not continue what this clone has seen "
                f"there, which is kept as {', '.join(self._backups)}",
                hint=_HOW,
            )
        with _guarded(repo) as guard:
            if self._request.rewritten is RewriteChoice.TAKE:
                gone = unite.taken_out(repo, theirs, lost)
                unite.take_rewritten(repo, guard, theirs, gone)
                self._say(
                    [f"taken out here as it was there: {flag_id}" for flag_id in sorted(gone)]
                )
            else:
                for tip in lost:
                    unite.unite(repo, guard, unite.read_side(repo, tip), ())
        held.note(theirs.tip)

    def _finish(self, tip: str, drained: set[str], tries: int) -> SyncResult:
        """Remember what is at the remote now, remove an empty local queue, and return the result."""
        self._held.note(tip)
        prune.prune(self._repo, drained)
        self._say(tidy.publish(self._repo))  # also makes the next flag cheap again
        return SyncResult(
            remote=self._held.remote,
            received=tuple(self._received),
            sent=tuple(self._sent),
            pruned=tuple(self._pruned),
            tip=tip,
            tries=tries,
            backups=tuple(self._backups),
            notes=tuple(self._notes),
            aside=tuple(self._aside),
        )

    def _say(self, notes: Iterable[str]) -> None:
        self._notes |= dict.fromkeys(notes)


@contextmanager
def _guarded(repo: Repository) -> Iterator[RefGuard]:
    """Hold the publish lock. Raises NoProgress when another gitmem does not release it."""
    guard = RefGuard(repo)
    if not guard.attempt(_WAIT):
        raise NoProgress("another gitmem is publishing", hint="run it again after that one")
    try:
        _refuse_in_use(repo)
        yield guard
    finally:
        guard.release()


def _refuse_in_use(repo: Repository) -> None:
    """Raise InTheWay where a work tree has the queue branch checked out: a sync would move it underneath."""
    held = in_use(repo)
    if held:
        raise InTheWay(
            f"{held}, and a commit there would take back what a sync brings",
            hint="check out another branch there, then run it again; until then flags are safe in "
            "the journal",
        )


def _target(repo: Repository, configured: str) -> Target | None:
    """Return the target, whose branch at the remote is fetched too; None where this clone does not have it."""
    try:
        return target.find(repo, configured)
    except target.CannotTell:
        return None


def _continues(repo: Repository, remote: str, tip: str, seen: str) -> bool:
    if not tip or remote_queue.continues(repo, tip, seen):
        return bool(tip)
    shallow = repo.git("rev-parse", "--is-shallow-repository", ok=ANY).text == "true"
    return shallow and scratch.continues(repo, remote, BRANCH, tip=tip, seen=seen)


def _pause(tries: int) -> None:
    """Wait at random, so that clones which were refused together do not come back together."""
    chance = int.from_bytes(os.urandom(2), "big") / 65536
    time.sleep(min(_LONGEST, _PAUSE * tries) * (0.2 + chance))

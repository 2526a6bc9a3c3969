"""Check: is everything drained? Needs no key, no model and nothing of the checkout but its objects.

It looks at what this clone has, and asks the configured remote for the rest, into a scratch
repository: the queue, and only where that leaves something undrained, what the target there and the
review there record. The clone stays as it is, to the byte.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING

from gitmem.check import scope
from gitmem.check.remote_records import RemoteRecords
from gitmem.check.report import CheckRequest, CheckResult, RemoteQueue
from gitmem.check.scope import BuildKind, Scope
from gitmem.core.errors import NeedsPerson, Unreachable
from gitmem.git import refs, remotes, repository
from gitmem.git.repository import BRANCH, REVIEW
from gitmem.git.scratch import Scratch
from gitmem.queue import contents as queue
from gitmem.queue.lines import Lines
from gitmem.records import in_review, snapshot, target
from gitmem.records import in_tree as records
from gitmem.records.states import Records, State, derive
from gitmem.records.unpushed import unpushed

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.lines import Conflict
    from gitmem.records.snapshot import Snapshot


def check(repo: Repository, asked: CheckRequest) -> CheckResult:
    """Looks at everything and says where it stands; writes nothing, not even pending flags.

    Raises Usage for a scope that needs a branch's name where none is known.
    """
    try:
        return _check(repo, asked)
    except (Unreachable, NeedsPerson) as error:
        return CheckResult(cannot_tell=error.message, hint=error.hint)


def _check(repo: Repository, asked: CheckRequest) -> CheckResult:
    remote = _remote(repo, asked)
    with ExitStack() as stack:
        place = stack.enter_context(Scratch(repo, remote)) if remote else None
        look = _Look(repo, asked, place)
        state = look.state()
        if place and (_waits(look.narrowed(state)) or look.is_behind(place)):
            look.ask_for_records(place)
            state = look.state()
        return look.narrowed(state)


def _remote(repo: Repository, asked: CheckRequest) -> str:
    """The remote to ask; empty when nobody shall be asked, or a person's clone has none."""
    if asked.offline:
        return ""
    try:
        return remotes.configured(repo)
    except remotes.NoneAtAll:
        if asked.build.kind is not BuildKind.NONE:
            raise
        return ""


def _waits(found: CheckResult) -> bool:
    return bool(found.undrained or found.in_review or found.accepted or found.unreadable)


class _Look:
    """One check under way: what was read, and what the records say so far."""

    def __init__(self, repo: Repository, asked: CheckRequest, place: Scratch | None) -> None:
        self._repo = repo
        self._asked = asked
        wanted = scope.decide(
            asked.policy.scope,
            asked.build,
            asked.branch,
            asked.configured,
            moves_target=scope.moves_target(repo, asked.push, asked.configured),
        )
        self._view = scope.view(repo, wanted, asked.build, asked.branch, place, asked.push)
        self._remote = place.remote if place else ""
        tip = place.fetch(BRANCH, "--depth=1") if place else ""
        self._there = (
            (RemoteQueue.FOUND if tip else RemoteQueue.NONE) if place else RemoteQueue.NOT_ASKED
        )
        self._seen = self._snapshot(asking=bool(place))
        self._queue = self._seen.queue if self._seen else queue.read(repo, tracked=not place)
        self._theirs = (
            queue.fetched(place.repo, tip, f"{self._remote}:gitmem/queue") if place else Lines()
        )
        self._head = self._at_head()
        known = self._seen.records if self._seen else Records((), (), ())
        deciding = {*known.deciding, *self._head}
        self._records = Records(deciding, known.local, known.review, known.carried)
        lines = {flag.id: flag.line for flag in self._theirs.flags.values()}
        self._texts = records.Texts({**lines, **snapshot.known_lines(self._queue)})
        self._compare(known.deciding)

    def _compare(self, deciding: Collection[str]) -> None:
        """What is only at the remote, and has landed: is it the line that landed?"""
        here = {*self._queue.branch.flags, *self._queue.journal.flags}
        landed = (self._theirs.flags.keys() - here).intersection(deciding)
        if landed and self._seen:
            found = records.ids(self._repo, self._seen.target.deciding, self._texts)
            landed -= found
            self._records.deciding = set(self._records.deciding) - landed

    def _snapshot(self, *, asking: bool) -> Snapshot | None:
        """What this clone knows; None where it lacks the target and the remote can be asked."""
        self._unknown: target.CannotTell | None = None
        try:
            return snapshot.take(self._repo, self._asked.configured, tracked=not asking)
        except target.CannotTell as unknown:
            if not asking:
                raise
            self._unknown = unknown
            return None

    def _at_head(self) -> frozenset[str]:
        """Ids recorded in what is checked out, where that is what will be merged."""
        if self._asked.push:
            sent = self._asked.push.branches.values()
            return frozenset().union(*[records.ids(self._repo, oid) for oid in sent if oid])
        built = self._asked.build.kind is not BuildKind.NONE or self._view.scope is Scope.BRANCH
        if not built and (self._seen or self._is_on_target()):
            return frozenset()
        return records.ids(self._repo, refs.resolve(self._repo, "HEAD"))

    def _is_on_target(self) -> bool:
        """Whether the target's own branch is checked out: what the remote has of it decides then."""
        branch = repository.head(self._repo)[0]
        return branch != "" and branch == (
            self._asked.configured or target.default_name(self._repo)
        )

    def state(self) -> State:
        """Where every flag stands, as far as it is known now."""
        found = self._queue
        return derive(
            queue={**self._theirs.flags, **found.branch.flags},
            journal=found.journal.flags,
            archive=found.archive.flags,
            records=self._records,
            damaged=[*self._theirs.damaged, *found.branch.damaged, *found.journal.damaged],
            conflicts=self._conflicts(),
        )

    def _conflicts(self) -> dict[str, Conflict]:
        """Ids with two different lines, here, at the remote, or in a record."""
        decided = self._records.deciding
        at = (f"at {self._remote}", self._theirs)
        seen = self._seen.state.conflicts if self._seen else {}
        kept = {key: one for key, one in seen.items() if not (one.recorded and key in decided)}
        return {**snapshot.disagreeing(self._queue, decided, self._texts, at), **kept}

    def is_behind(self, place: Scratch) -> bool:
        """Whether the target at the remote is not the one by which something here is called drained.

        It may have been taken back there since this clone's last fetch.
        """
        seen = self._seen
        if not (seen and self._follows):
            return False
        if not (self._flags() - self._head).intersection(seen.records.deciding):
            return False
        return place.tip(self._target()) != seen.target.shared

    def ask_for_records(self, place: Scratch) -> None:
        """Takes the remote's word for what is on the target, on the base and in review there."""
        repo, here, seen = self._repo, self._records, self._seen
        commits = {refs.resolve(repo, "HEAD"), seen.target.shared if seen else ""}
        texts = self._texts
        known = {
            oid: ids for one in commits for oid, ids in records.by_object(repo, one, texts).items()
        }
        main, base = self._target(), "refs/heads/" + self._asked.build.base
        bases = [base] if self._asked.build.base and base != main else []
        there = RemoteRecords(place, [main, *bases, REVIEW], known, texts)
        if main not in there.tips and (not seen or (self._follows and seen.target.shared)):
            raise self._no_target(main)
        # What this clone last fetched of the target is old now; what it never pushed is not.
        stays = () if self._follows else here.deciding
        found = {*stays}.union(*[there.ids(ref) for ref in (main, *bases)])
        deciding = self._head | self._at_upstream(found)
        waits = self._flags() & there.ids(REVIEW) - deciding
        review = {*there.proposed(REVIEW, main)} if waits else set()
        if there.tips.get(REVIEW) != refs.resolve(repo, REVIEW):
            review.update(here.review)
        # What this clone had fetched of the target is no news of its own.
        local = {*here.local} - {*here.deciding} if self._follows else here.local
        self._records = Records(deciding, local, review, here.carried)

    def _at_upstream(self, found: set[str]) -> set[str]:
        """Those of the ids that are recorded, too, where the target follows another remote."""
        where = self._seen.target if self._seen else None
        if not (where and where.follows and where.upstream_ref != where.shared_ref):
            return found
        return found & records.ids(self._repo, where.upstream)

    def _no_target(self, main: str) -> target.CannotTell:
        if self._unknown and main == "HEAD":
            return self._unknown
        return target.CannotTell(
            f"the target branch {main.removeprefix('refs/heads/')} is not at {self._remote}",
            hint="`target:` in .gitmem/config.yaml names the branch that memory lives on",
        )

    def _flags(self) -> set[str]:
        """Ids of all flags that are known here or there."""
        found = self._queue
        here = {*found.branch.flags, *found.journal.flags, *found.archive.flags}
        return here | {*self._theirs.flags}

    @property
    def _follows(self) -> bool:
        """Whether the remote's target decides here, as of this clone's last fetch."""
        return bool(self._remote and self._seen and self._seen.target.remote == self._remote)

    def _target(self) -> str:
        """The target's ref at the remote; `HEAD`, its default branch, where no name is known."""
        seen, asked = self._seen, self._asked
        if seen and self._follows:
            return seen.target.there
        name = asked.configured or asked.build.default or (seen.target.name if seen else "")
        return "refs/heads/" + name if name else "HEAD"

    @cached_property
    def _forgotten(self) -> tuple[Flag, ...]:
        """The flags whose forgetting is in review here."""
        waiting = in_review.to_forget(self._repo, self._seen.target) if self._seen else []
        return tuple(flag for flag in waiting if self._view.has(flag))

    @cached_property
    def _unpushed(self) -> tuple[Flag, ...]:
        """The flags whose forgetting is accepted here and not pushed."""
        waiting = in_review.forgotten_here(self._repo, self._seen.target) if self._seen else []
        return tuple(flag for flag in waiting if self._view.has(flag))

    def narrowed(self, state: State) -> CheckResult:
        """The answer for the scope that was asked for."""
        seen, view = self._seen, self._view
        undrained, proposed, carried, accepted = (
            tuple(flag for flag in flags if view.has(flag))
            for flags in (state.undrained, state.proposed, state.carried, state.accepted)
        )
        flags = {**self._theirs.flags, **self._queue.branch.flags, **self._queue.journal.flags}
        clashes = tuple(
            one
            for key, one in state.conflicts.items()
            if view.scope is Scope.ALL or (key in flags and view.has(flags[key]))
        )
        fork = self._asked.build.fork and self._asked.policy.scope is Scope.AUTO
        return CheckResult(
            undrained=undrained,
            proposed=proposed,
            carried=carried,
            accepted=accepted,
            forgotten=self._forgotten,
            unpushed=self._unpushed,
            unreadable=tuple(state.unreadable) if view.scope is Scope.ALL else (),
            damaged=tuple(state.damaged),
            conflicts=clashes,
            aside=(*self._theirs.aside, *self._queue.branch.aside),
            known=bool(seen and seen.known) or self._there is RemoteQueue.FOUND,
            remote=self._remote,
            there=self._there,
            offline=self._asked.offline,
            pushing=self._asked.push is not None,
            to_push=unpushed(self._repo, seen).run if seen else "",
            view=replace(view, lenient=view.lenient or fork),
        )

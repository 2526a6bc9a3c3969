"""Check whether everything is drained. Needs no key, no model, and of the checkout only its objects.

It reads this clone and fetches the rest from the configured remote into a scratch repository: the
queue and, only if that leaves something undrained, the records of the target and of the review
there: trees first, then the new records, at depth 1. History is fetched only to compare a review with
its target, and only the target's commits since the review was made. The clone itself does not change
by a byte.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cached_property
from typing import TYPE_CHECKING

from gitmem.check import scope, spooled
from gitmem.check.report import CheckRequest, CheckResult
from gitmem.check.scope import BuildKind
from gitmem.check.spooled import Spooled
from gitmem.check.terms import RemoteQueue, Scope
from gitmem.core.failures import NeedsPerson, Unreachable
from gitmem.git import refs, remotes, repository
from gitmem.git.network import NotReached
from gitmem.git.repository import BRANCH, REVIEW
from gitmem.git.scratch import Scratch
from gitmem.queue import contents
from gitmem.queue.lines import Lines
from gitmem.records import forgetting, record_files, snapshot, target
from gitmem.records.states import Records, State, derive
from gitmem.records.unpushed import unpushed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.lines import Conflict
    from gitmem.records.snapshot import Snapshot

_WITHOUT_FILES = "--filter=blob:none"


def check(repo: Repository, request: CheckRequest) -> CheckResult:
    """Return where every flag stands; writes nothing, not even pending flags.

    Raises UsageError when the scope needs a branch name and none is known.
    """
    try:
        return _check(repo, request)
    except (Unreachable, NeedsPerson) as error:
        return CheckResult(cannot_tell=error.message, hint=error.hint)


def _check(repo: Repository, request: CheckRequest) -> CheckResult:
    remote = _remote(repo, request)
    with ExitStack() as stack:
        place = stack.enter_context(Scratch(repo, remote)) if remote else None
        survey = _Survey(repo, request, place)
        state = survey.state()
        if place and (_waits(survey.narrowed(state)) or survey.is_behind(place)):
            survey.ask_for_records(place)
            state = survey.state()
        return survey.narrowed(state)


def _remote(repo: Repository, request: CheckRequest) -> str:
    """Return the remote to ask; empty when offline, or when a person's clone has none."""
    if request.offline:
        return ""
    try:
        return remotes.configured(repo)
    except remotes.NoneAtAll:
        if request.build.kind is not BuildKind.NONE:
            raise
        return ""


def _waits(result: CheckResult) -> bool:
    return bool(result.undrained or result.in_review or result.accepted or result.unreadable)


class _Survey:
    """One check: what was read, and what the records say so far."""

    def __init__(self, repo: Repository, request: CheckRequest, place: Scratch | None) -> None:
        self._repo = repo
        self._request = request
        resolved = scope.decide(
            request.policy.scope,
            request.build,
            request.branch,
            request.configured,
            moves_target=scope.moves_target(repo, request.push, request.configured),
        )
        self._view = scope.view(repo, resolved, request.build, request.branch, place, request.push)
        self._remote = place.remote if place else ""
        tip = place.fetch(BRANCH, "--depth=1") if place else ""
        self._remote_queue = (
            (RemoteQueue.FOUND if tip else RemoteQueue.NONE) if place else RemoteQueue.NOT_ASKED
        )
        self._seen = self._snapshot(asking=bool(place))
        self._queue = (
            self._seen.queue if self._seen else contents.read_queue(repo, tracked=not place)
        )
        self._theirs = (
            contents.read_remote(place.repo, tip, f"{self._remote}:gitmem/queue")
            if place
            else Lines()
        )
        # A build machine has no spool of its own; a folder that its owner's sessions use is not the build's.
        there = request.build.kind is BuildKind.NONE
        self._spooled = spooled.look(repo.folder) if there else Spooled()
        self._head = self._at_head()
        known = self._seen.records if self._seen else Records((), (), ())
        deciding = {*known.deciding, *self._head}
        self._records = Records(deciding, known.local, known.review, known.carried)
        lines = {flag.id: flag.line for flag in self._theirs.flags.values()}
        self._texts = record_files.Texts({**lines, **snapshot.known_lines(self._queue)})
        self._compare(known.deciding)

    def _compare(self, deciding: Collection[str]) -> None:
        """Keep as landed only those of the remote's flags whose very line has landed."""
        local = {*self._queue.branch.flags, *self._queue.journal.flags}
        landed = (self._theirs.flags.keys() - local).intersection(deciding)
        if landed and self._seen:
            landed -= record_files.ids(self._repo, self._seen.target.deciding, self._texts)
            self._records.deciding = set(self._records.deciding) - landed

    def _snapshot(self, *, asking: bool) -> Snapshot | None:
        """Return what this clone knows; None when it lacks the target and the remote can be asked."""
        self._unknown: target.CannotTell | None = None
        try:
            return snapshot.take(self._repo, self._request.configured, tracked=not asking)
        except target.CannotTell as unknown:
            if not asking:
                raise
            self._unknown = unknown
            return None

    def _at_head(self) -> frozenset[str]:
        """Return the ids recorded in the checkout, where that is what will be merged."""
        if self._request.push:
            sent = self._request.push.branches.values()
            return frozenset().union(*[record_files.ids(self._repo, oid) for oid in sent if oid])
        built = self._request.build.kind is not BuildKind.NONE or self._view.scope is Scope.BRANCH
        if not built and (self._seen or self._is_on_target()):
            return frozenset()
        return record_files.ids(self._repo, refs.resolve(self._repo, "HEAD"))

    def _is_on_target(self) -> bool:
        """Return whether the target is checked out; then the remote's copy of it decides."""
        branch = repository.head(self._repo)[0]
        return branch != "" and branch == (
            self._request.configured or target.default_name(self._repo)
        )

    def state(self) -> State:
        """Return where every flag stands, as far as is known now."""
        queued = self._queue
        return derive(
            queue={**self._theirs.flags, **queued.branch.flags},
            journal=queued.journal.flags,
            archive=queued.archive.flags,
            records=self._records,
            damaged=[*self._theirs.damaged, *queued.branch.damaged, *queued.journal.damaged],
            conflicts=self._conflicts(),
        )

    def _conflicts(self) -> dict[str, Conflict]:
        """Return the ids with two different lines, here, at the remote, or in a record."""
        decided = self._records.deciding
        at = (f"at {self._remote}", self._theirs)
        seen = self._seen.state.conflicts if self._seen else {}
        kept = {key: one for key, one in seen.items() if not (one.recorded and key in decided)}
        return {**snapshot.disagreeing(self._queue, decided, self._texts, at), **kept}

    def is_behind(self, place: Scratch) -> bool:
        """Return whether flags count as drained by a target that the remote has moved since.

        Their records may have been reverted there since this clone's last fetch.
        """
        seen = self._seen
        if not (seen and self._follows):
            return False
        if not (self._flags() - self._head).intersection(seen.records.deciding):
            return False
        return place.remote_tip(self._target()) != seen.target.shared

    def ask_for_records(self, place: Scratch) -> None:
        """Read the remote's records of the target, the base and the review."""
        repo, local, seen = self._repo, self._records, self._seen
        commits = {refs.resolve(repo, "HEAD"), seen.target.shared if seen else ""}
        texts = self._texts
        known = {
            oid: ids
            for one in commits
            for oid, ids in record_files.by_object(repo, one, texts).items()
        }
        main, base = self._target(), "refs/heads/" + self._request.build.base
        bases = [base] if self._request.build.base and base != main else []
        remote = RemoteRecords(place, [main, *bases, REVIEW], known, texts)
        if main not in remote.tips and (not seen or (self._follows and seen.target.shared)):
            raise self._no_target(main)
        # What this clone last fetched of the target is outdated; what it never pushed is not.
        stays = () if self._follows else local.deciding
        landed = {*stays}.union(*[remote.ids(ref) for ref in (main, *bases)])
        deciding = self._head | self._at_upstream(landed)
        waits = self._flags() & remote.ids(REVIEW) - deciding
        review = {*remote.proposed(REVIEW, main)} if waits else set()
        if remote.tips.get(REVIEW) != refs.resolve(repo, REVIEW):
            review.update(local.review)
        # What this clone had fetched of the target is not its own work.
        own = {*local.local} - {*local.deciding} if self._follows else local.local
        self._records = Records(deciding, own, review, local.carried)

    def _at_upstream(self, ids: set[str]) -> set[str]:
        """Return the ids that the upstream records too, where it is at another remote."""
        where = self._seen.target if self._seen else None
        if not (where and where.follows and where.upstream_ref != where.shared_ref):
            return ids
        return ids & record_files.ids(self._repo, where.upstream)

    def _no_target(self, main: str) -> target.CannotTell:
        if self._unknown and main == "HEAD":
            return self._unknown
        return target.CannotTell(
            f"the target branch {main.removeprefix('refs/heads/')} is not at {self._remote}",
            hint="`target:` in .gitmem/config.yaml names the branch that memory lives on",
        )

    def _flags(self) -> set[str]:
        """Return the ids of all flags that are known here or at the remote."""
        return {*self._queue.flags, *self._theirs.flags}

    @property
    def _follows(self) -> bool:
        """Return whether the remote's target decides here, as of this clone's last fetch."""
        return bool(self._remote and self._seen and self._seen.target.remote == self._remote)

    def _target(self) -> str:
        """Return the target's ref at the remote; `HEAD`, its default branch, without a name."""
        seen, request = self._seen, self._request
        if seen and self._follows:
            return seen.target.there
        name = request.configured or request.build.default or (seen.target.name if seen else "")
        return "refs/heads/" + name if name else "HEAD"

    @cached_property
    def _forgotten(self) -> tuple[Flag, ...]:
        """Return the flags that the review here forgets."""
        waiting = forgetting.to_forget(self._repo, self._seen.target) if self._seen else []
        return tuple(flag for flag in waiting if self._view.has(flag))

    @cached_property
    def _unpushed(self) -> tuple[Flag, ...]:
        """Return the flags that are forgotten here; the remote does not know yet."""
        waiting = forgetting.forgotten_here(self._repo, self._seen.target) if self._seen else []
        return tuple(flag for flag in waiting if self._view.has(flag))

    def _unsaved(self) -> tuple[Flag, ...]:
        """Return the checked flags that are in the spool only."""
        records = self._records
        recorded = (records.deciding, records.local, records.review, records.carried)
        known = self._flags().union(*recorded)
        waiting = self._spooled.flags
        return tuple(flag for flag in waiting if flag.id not in known and self._view.has(flag))

    def narrowed(self, state: State) -> CheckResult:
        """Return the answer for the requested scope."""
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
        fork = self._request.build.fork and self._request.policy.scope is Scope.AUTO
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
            known=bool(seen and seen.known) or self._remote_queue is RemoteQueue.FOUND,
            remote=self._remote,
            remote_queue=self._remote_queue,
            offline=self._request.offline,
            pushing=self._request.push is not None,
            spooled=self._unsaved(),
            spooled_odd=self._spooled.odd,
            to_push=unpushed(self._repo, seen).run if seen else "",
            view=view._replace(lenient=view.lenient or fork),
        )


class RemoteRecords:
    """The records at refs of a remote; ``tips`` are the commits of the refs that exist there.

    ``known`` are records that were read elsewhere, object name to the ids in it; ``texts`` as for
    `gitmem.records.in_tree.ids`. Only the trees of the tips and unknown records are fetched, where
    the server supports `--filter`. Raises `network.NotReached` and `objects.Unreadable`.
    """

    __slots__ = ("_files", "_place", "_read", "tips")

    def __init__(
        self,
        place: Scratch,
        wanted: Sequence[str],
        known: Mapping[str, frozenset[str]],
        texts: record_files.Texts | None = None,
    ) -> None:
        self._place = place
        self.tips = place.fetch_tips(wanted, "--depth=1", _WITHOUT_FILES)
        self._files = {ref: record_files.at(place.repo, tip) for ref, tip in self.tips.items()}
        oids = dict.fromkeys(oid for files in self._files.values() for oid in files.values())
        new = [oid for oid in oids if oid not in known]
        place.fetch_objects(new, _WITHOUT_FILES)
        self._read = {oid: known[oid] for oid in oids if oid in known}
        paths = {oid: path for files in self._files.values() for path, oid in files.items()}

        def note(path: str, content: bytes) -> None:
            self._read[named[path]] = record_files.ids_in([content], texts)

        named = {f"{paths[oid]} ({oid[:12]})": oid for oid in new}
        record_files.read_each(place.repo, named, note)

    def ids(self, ref: str) -> frozenset[str]:
        """Return the ids of all records at a ref; none where it is absent."""
        return self._ids(self._files.get(ref, {}).values())

    def proposed(self, review: str, target: str) -> frozenset[str]:
        """Return the ids of the records at a review that the target neither has nor once had.

        As in `gitmem.records.in_tree.proposed`: what landed and was reverted is not proposed any more.
        """
        landed = self._files.get(target, {})
        files = {
            path: oid for path, oid in self._files.get(review, {}).items() if path not in landed
        }
        if files and target in self.tips and self._moved(review, target):
            repo = self._place.repo
            once = record_files.touched(repo, [self.tips[target]], self.tips[review])
            for oid in self._place.fetch_parents(self.tips[target], _WITHOUT_FILES):
                once |= record_files.at(repo, oid).keys()
            files = {path: oid for path, oid in files.items() if path not in once}
        return self._ids(files.values())

    def _moved(self, review: str, target: str) -> bool:
        """Fetch what the target has and the review lacks; return whether there is anything."""
        if self._is_base(review, target):
            return False
        try:
            self._place.fetch_tips([target], f"--shallow-exclude={review}", _WITHOUT_FILES)
        except NotReached:
            # A server also hangs up when it has nothing to send: then the review is on the target.
            self._place.fetch_tips([review], f"--shallow-exclude={target}", _WITHOUT_FILES)
            if self._is_base(review, target):
                return False
            raise
        return True

    def _is_base(self, review: str, target: str) -> bool:
        """Return whether the review's fetched commits start at the target's tip."""
        return self.tips[target] in self._place.cut_parents(self.tips[review])

    def _ids(self, oids: Iterable[str]) -> frozenset[str]:
        return frozenset[str]().union(*[self._read[oid] for oid in oids])

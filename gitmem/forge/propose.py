"""Close and propose: push the review branch and keep one pull request for it on the forge."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.close import judgement
from gitmem.close.close import close as run_close
from gitmem.core.errors import GitmemError
from gitmem.core.failures import Internal, NoProgress
from gitmem.drain.gate import instructing
from gitmem.forge import remote_review
from gitmem.forge.deliver import Delivery, ForgeSettings, Method, deliver, method_for, run_program
from gitmem.forge.programs import PullRequest
from gitmem.forge.pull_request import ReviewFacts, body, title
from gitmem.forge.remote_review import RemoteReview
from gitmem.git import refs, remotes
from gitmem.git.repository import REVIEW
from gitmem.loops import flag_history, loops
from gitmem.records import in_review, target
from gitmem.records.drain_record import Fate, is_forget
from gitmem.sync import sync
from gitmem.trace import stale

if TYPE_CHECKING:
    from gitmem.close.base import Rework
    from gitmem.close.close import CloseRequest, CloseResult
    from gitmem.drain.gate import QueuedFlag
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target

_TRIES = 4  # pushes of the review while others push faster
BRANCH = REVIEW.removeprefix("refs/heads/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeResult:
    """The result. ``commit`` is in review at the remote (empty: nothing is, or it failed).

    ``pushed``: it was not there before. ``url``: where the pull request is, or where to open it, if
    known. ``problem`` and ``hint``: what failed; the close still stands.
    """

    remote: str = ""
    method: Method = Method.PLAIN
    commit: str = ""
    pushed: bool = False
    url: str = ""
    title: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


def propose(
    repo: Repository, wanted: CloseRequest, settings: ForgeSettings, talk: Talk
) -> tuple[CloseResult, ProposeResult]:
    """Close, and propose what is in review; a failed proposal does not fail the close.

    Shares the queue, takes in the review at the remote, closes, pushes with a lease on what it took
    in, and starts over, a bounded number of times, when another push was faster. Raises what a close
    raises.
    """
    proposed = ProposeResult()
    try:
        remote = remotes.configured(repo)
        proposed = ProposeResult(remote=remote, method=method_for(repo, settings, remote))
        proposed = _shared(repo, proposed, wanted, talk)
    except GitmemError as error:
        return run_close(repo, wanted), _failed(proposed, error)
    return _Rounds(repo, wanted, settings, talk, proposed).run()


def preview(
    repo: Repository, wanted: CloseRequest, settings: ForgeSettings, closed: CloseResult
) -> tuple[ProposeResult, str]:
    """Return, for a dry run, the method, the title and the text of the request; writes nothing.

    Both texts are empty when there is nothing to propose. Raises `gitmem.git.remotes.NoRemote`.
    """
    remote = remotes.configured(repo)
    facts = with_closed(review_facts(repo, wanted, closed.left), closed)
    done = ProposeResult(remote=remote, method=method_for(repo, settings, remote))
    if not facts.outcomes and not facts.forgotten:
        return done, ""
    done = replace(done, title=title(facts, wanted.style))
    return done, body(settings.template, facts)


def _shared(
    repo: Repository, proposed: ProposeResult, wanted: CloseRequest, talk: Talk
) -> ProposeResult:
    """Share the queue first, so that two clones that drain the same flags know of each other."""
    try:
        done = sync.sync(repo, sync.SyncRequest(configured=wanted.configured, hears=talk.hears))
    except Internal:
        raise
    except GitmemError as error:
        problem = f"the queue was not shared: {error.message}"
        return replace(proposed, notes=(problem, *([f"hint: {error.hint}"] if error.hint else [])))
    return replace(proposed, notes=done.notes)


class _Rounds:
    """A proposal: take in, close, push, until no other push was faster."""

    def __init__(
        self,
        repo: Repository,
        wanted: CloseRequest,
        settings: ForgeSettings,
        talk: Talk,
        proposed: ProposeResult,
    ) -> None:
        self._repo = repo
        self._wanted = wanted
        self._settings = settings
        self._talk = talk
        self._proposed = proposed
        self._closed: CloseResult | None = None

    def run(self) -> tuple[CloseResult, ProposeResult]:
        """Return the results of the close and of the proposal."""
        for _ in range(_TRIES):
            try:
                theirs = self._take_in()
            except GitmemError as error:
                return self._closed or self._close(()), _failed(self._proposed, error)
            self._note(*theirs.notes)
            closed = self._close(theirs.again)
            if closed.outdated:
                return closed, _failed(self._proposed, _outdated(closed))
            try:
                if self._deliver(closed.left, theirs):
                    return closed, self._proposed
            except GitmemError as error:
                return closed, _failed(self._proposed, error)
        late = NoProgress(
            f"others pushed to {BRANCH} at {self._proposed.remote} first, {_TRIES} times in a row",
            hint="nothing is lost; run gitmem close --pr again",
        )
        return self._closed or self._close(()), _failed(self._proposed, late)

    def _take_in(self) -> RemoteReview:
        if self._proposed.method is Method.AGIT:
            return RemoteReview()  # no branch at the remote, so no other push to it
        return remote_review.take_in(
            self._repo,
            self._proposed.remote,
            configured=self._wanted.configured,
            folder=self._wanted.folder,
            style=self._wanted.style,
            talk=self._talk,
        )

    def _close(self, again: tuple[Rework, ...]) -> CloseResult:
        """Close; of several rounds, the last one that committed something counts."""
        now = run_close(self._repo, replace(self._wanted, again=again))
        if now.commit or self._closed is None:
            self._closed = now
        return self._closed

    def _deliver(self, left: tuple[QueuedFlag, ...], theirs: RemoteReview) -> bool:
        """Push what waits and update the request; return False when another push was faster."""
        repo, remote = self._repo, self._proposed.remote
        tip = refs.resolve(repo, REVIEW)
        where = target.find(repo, self._wanted.configured)
        if not remote_review.waiting(repo, where, tip):
            return True
        facts = review_facts(repo, self._wanted, left)
        request = PullRequest(
            remote=remote,
            branch=BRANCH,
            target=facts.target,
            title=title(facts, self._wanted.style),
            body=body(self._settings.template, facts),
        )
        delivery = Delivery(
            repo=repo,
            talk=self._talk,
            tip=tip,
            expected=theirs.commit,
            pull_request=request,
            facts=facts,
        )
        self._proposed = replace(self._proposed, title=request.title)
        done = deliver(delivery, self._proposed.method)
        if done is None:
            return False
        remote_review.note(repo, remote, tip)
        self._note(*([done.note] if done.note else []))
        self._proposed = replace(
            self._proposed, method=done.method, commit=tip, pushed=done.pushed, url=done.url
        )
        url = run_program(repo, self._settings, done.method, request)
        self._proposed = replace(self._proposed, url=url or done.url)
        return True

    def _note(self, *notes: str) -> None:
        self._proposed = replace(self._proposed, notes=(*self._proposed.notes, *notes))


def _outdated(closed: CloseResult) -> NoProgress:
    return NoProgress(
        f"it should not land: {closed.outdated}",
        hint="gitmem close --pr rebuilds it once its flags are judged; gitmem discard takes it back",
    )


def _failed(proposed: ProposeResult, error: GitmemError) -> ProposeResult:
    if isinstance(error, Internal):
        raise error
    return replace(proposed, problem=error.message, hint=error.hint)


def review_facts(
    repo: Repository, wanted: CloseRequest, left: tuple[QueuedFlag, ...]
) -> ReviewFacts:
    """Return everything in review, from its records; only ``left`` when nothing waits there."""
    where = target.find(repo, wanted.configured)
    start, _ = target.leading_commit(repo, where)
    tip = refs.resolve(repo, REVIEW)
    if not remote_review.waiting(repo, where, tip):
        return ReviewFacts(outcomes=(), left=left, target=_at_remote(where))
    made = in_review.records_between(repo, start, tip)
    outcomes = [item for record in made if not is_forget(record) for item in record]
    beside = [item for record in made if is_forget(record) for item in record]
    engine, model = judgement.judges(repo, start, tip)
    becoming = instructing(outcomes, folder=wanted.folder)
    past = flag_history.take(repo, wanted.configured)
    return ReviewFacts(
        outcomes=outcomes,
        left=left,
        target=_at_remote(where),
        engine=engine,
        model=model,
        instructing=frozenset(outcome.flag.id for outcome in becoming),
        forgotten=[item for item in beside if item.fate is Fate.FORGOTTEN],
        restored=[item for item in beside if item.fate is not Fate.FORGOTTEN],
        recurred=loops.came_back(past, [item.flag for item in outcomes]),
        stale=[one.told for one in stale.stale_in_review(repo, tip, folder=wanted.folder)],
        changes=in_review.changes_between(repo, start, tip),
    )


def with_closed(facts: ReviewFacts, closed: CloseResult) -> ReviewFacts:
    """Return the facts after a dry close, with what it would file."""
    waiting = {outcome.flag.id for outcome in closed.outcomes}
    earlier = [outcome for outcome in facts.outcomes if outcome.flag.id not in waiting]
    return replace(
        facts,
        outcomes=(*earlier, *closed.outcomes),
        changes=tuple(dict.fromkeys((*facts.changes, *closed.changes))),
        left=closed.left,
        engine=facts.engine or closed.run.engine,
        model=facts.model if facts.engine else closed.run.model,
        recurred=tuple(dict.fromkeys((*closed.recurred, *facts.recurred))),
        stale=[one.told for one in closed.stale] if closed.outcomes else facts.stale,
    )


def _at_remote(where: Target) -> str:
    """Return the target's name at its remote."""
    return where.there.removeprefix("refs/heads/")

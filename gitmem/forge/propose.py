"""Propose: push the review branch and keep one request for it on the forge. A close that also asks."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.close.close import close as run_close
from gitmem.core.errors import GitmemError
from gitmem.core.failures import Internal, NoProgress
from gitmem.forge import facts as proposing
from gitmem.forge import pull_request as proposal
from gitmem.forge import remote_review as meet
from gitmem.forge.deliver import Delivery, ForgeSettings, Method, asked, deliver, method_for
from gitmem.forge.programs import PullRequest
from gitmem.forge.remote_review import RemoteReview
from gitmem.git import refs, remotes
from gitmem.git.repository import REVIEW
from gitmem.records import target
from gitmem.sync import sync

if TYPE_CHECKING:
    from gitmem.close.base import Rework
    from gitmem.close.close import CloseRequest, CloseResult
    from gitmem.drain.gate import QueuedFlag
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository

_TRIES = 4  # pushes of the review that somebody else was faster than
BRANCH = REVIEW.removeprefix("refs/heads/")


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeResult:
    """What came of it. ``commit`` is in review at the remote (empty: nothing is, or it failed).

    ``pushed``: it was not there before. ``url``: where the request is, or where to open it, when
    anybody said. ``problem`` and ``hint``: what failed; the close stands all the same.
    """

    remote: str = ""
    way: Method = Method.PLAIN
    commit: str = ""
    pushed: bool = False
    url: str = ""
    title: str = ""
    notes: tuple[str, ...] = ()
    problem: str = ""
    hint: str = ""


def propose(
    repo: Repository, wanted: CloseRequest, terms: ForgeSettings, talk: Talk
) -> tuple[CloseResult, ProposeResult]:
    """Closes, and proposes what is in review; the close never fails because of that.

    Shares the queue, takes in the review at the remote, closes, pushes with a lease on what it took
    in, and starts over, a bounded number of times, when somebody was faster. Raises what a close
    raises.
    """
    proposed = ProposeResult()
    try:
        remote = remotes.configured(repo)
        proposed = ProposeResult(remote=remote, way=method_for(repo, terms, remote))
        proposed = _shared(repo, proposed, wanted, talk)
    except GitmemError as error:
        return run_close(repo, wanted), _failed(proposed, error)
    return _Rounds(repo, wanted, terms, talk, proposed).run()


def preview(
    repo: Repository, wanted: CloseRequest, terms: ForgeSettings, closed: CloseResult
) -> tuple[ProposeResult, str]:
    """For a dry run: the way it would take, its title, and the text of the request. Looks only.

    Both texts are empty when there would be nothing to propose. Raises `gitmem.git.remotes.NoRemote`.
    """
    remote = remotes.configured(repo)
    facts = proposing.with_closed(proposing.facts(repo, wanted, closed.left), closed)
    done = ProposeResult(remote=remote, way=method_for(repo, terms, remote))
    if not facts.outcomes and not facts.forgotten:
        return done, ""
    done = replace(done, title=proposal.title(facts, wanted.style))
    return done, proposal.body(terms.template, facts)


def _shared(
    repo: Repository, proposed: ProposeResult, wanted: CloseRequest, talk: Talk
) -> ProposeResult:
    """Shares the queue first: two clones that drain the same flags should know of each other."""
    try:
        done = sync.sync(repo, sync.SyncRequest(configured=wanted.configured, hears=talk.hears))
    except Internal:
        raise
    except GitmemError as error:
        told = f"the queue was not shared: {error.message}"
        return replace(proposed, notes=(told, *([f"hint: {error.hint}"] if error.hint else [])))
    return replace(proposed, notes=done.notes)


class _Rounds:
    """A proposal under way: take in, close, push, until nobody was faster."""

    def __init__(
        self,
        repo: Repository,
        wanted: CloseRequest,
        terms: ForgeSettings,
        talk: Talk,
        proposed: ProposeResult,
    ) -> None:
        self._repo = repo
        self._wanted = wanted
        self._terms = terms
        self._talk = talk
        self._proposed = proposed
        self._closed: CloseResult | None = None

    def run(self) -> tuple[CloseResult, ProposeResult]:
        """What the close came to, and the proposal."""
        for _ in range(_TRIES):
            try:
                met = self._met()
            except GitmemError as error:
                return self._closed or self._close(()), _failed(self._proposed, error)
            self._note(*met.notes)
            closed = self._close(met.again)
            if closed.outdated:
                return closed, _failed(self._proposed, _outdated(closed))
            try:
                if self._delivered(closed.left, met):
                    return closed, self._proposed
            except GitmemError as error:
                return closed, _failed(self._proposed, error)
        late = NoProgress(
            f"others pushed to {BRANCH} at {self._proposed.remote} {_TRIES} times meanwhile",
            hint="nothing is lost; run gitmem close --pr again",
        )
        return self._closed or self._close(()), _failed(self._proposed, late)

    def _met(self) -> RemoteReview:
        if self._proposed.way is Method.AGIT:
            return RemoteReview()  # there is no branch at the remote, so nobody else can push to it
        return meet.meet(
            self._repo,
            self._proposed.remote,
            configured=self._wanted.configured,
            folder=self._wanted.folder,
            style=self._wanted.style,
            talk=self._talk,
        )

    def _close(self, again: tuple[Rework, ...]) -> CloseResult:
        """Closes; of several rounds the last one that committed something counts."""
        now = run_close(self._repo, replace(self._wanted, again=again))
        if now.commit or self._closed is None:
            self._closed = now
        return self._closed

    def _delivered(self, left: tuple[QueuedFlag, ...], met: RemoteReview) -> bool:
        """Pushes what waits and brings the request up to date; False when somebody was faster."""
        repo, remote = self._repo, self._proposed.remote
        tip = refs.resolve(repo, REVIEW)
        where = target.find(repo, self._wanted.configured)
        if not meet.waiting(repo, where, tip):
            return True
        facts = proposing.facts(repo, self._wanted, left)
        wish = PullRequest(
            remote=remote,
            branch=BRANCH,
            target=facts.target,
            title=proposal.title(facts, self._wanted.style),
            body=proposal.body(self._terms.template, facts),
        )
        parcel = Delivery(
            repo=repo, talk=self._talk, tip=tip, expected=met.theirs, wish=wish, facts=facts
        )
        self._proposed = replace(self._proposed, title=wish.title)
        done = deliver(parcel, self._proposed.way)
        if done is None:
            return False
        meet.note(repo, remote, tip)
        self._note(*([done.note] if done.note else []))
        self._proposed = replace(
            self._proposed, way=done.way, commit=tip, pushed=done.pushed, url=done.url
        )
        url = asked(repo, self._terms, done.way, wish)
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

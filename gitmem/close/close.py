"""Close: gather, plan, run, gate, assemble, commit. Nothing moves until all is decided."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.close import base, commit, judgement
from gitmem.close import message as letter
from gitmem.close.judgement import split
from gitmem.drain import assemble, drain
from gitmem.drain.gate import QueuedFlag
from gitmem.drain.plan import make_plan
from gitmem.drain.taint import held_back
from gitmem.git import refs
from gitmem.git.claim import Claim
from gitmem.git.repository import HERE, REVIEW
from gitmem.loops import flag_history, loops
from gitmem.memory import tree
from gitmem.models.answer_store import AnswerStore
from gitmem.records import in_review, snapshot, tidy
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.sync.remote_queue import unknown_queue
from gitmem.trace import stale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitmem.close.base import Base, Rework
    from gitmem.drain.assemble import AssembledTree
    from gitmem.drain.plan import Plan, Request
    from gitmem.drain.ports import Answer, Engine
    from gitmem.git.repository import Repository
    from gitmem.memory.memory_tree import MemoryTree
    from gitmem.queue.lines import Conflict
    from gitmem.records.drain_record import Outcome, Run
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.stale import StaleLine

_TRIES = 3  # when somebody else moves the branch meanwhile
_NAMED = 5  # ids in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """What a close shall do: which engine, onto what, and whether to write at all.

    ``configured`` is the shared setting's target (or empty), ``folder`` the memory folder. ``everything``:
    ``here`` takes flags of other branches, too. ``again`` are other reviews, whose judgement of what is undrained now is used. ``style`` is that
    of the review's commit. Without
    ``ask`` nobody is asked and only the plan is made. ``begin`` hears the plan before anybody is
    asked, ``watch`` every answer as it comes.
    """

    engine: Engine
    configured: str
    folder: str
    here: bool = False
    everything: bool = False
    again: tuple[Rework, ...] = ()
    style: CommitStyle = PLAIN
    dry_run: bool = False
    ask: bool = True
    workers: int = 8
    begin: Callable[[Plan], None] = lambda _: None
    watch: Callable[[Answer], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseResult:
    """What a close came to. ``commit`` is empty when there was nothing to commit.

    ``drain`` names its record. ``queue_gone``: nothing is queued and the queue branch is not there.
    ``files`` are the new texts (also for a dry run), ``base`` the commit they build on, ``branch``
    where the commit is. ``in_review`` and ``to_forget`` count what the review branch held before.
    ``recurred`` has a sentence on each loop that came back, ``stale`` are the lines of memory, with
    the new ones, that cite what is not there. ``outdated``: why what is in review should not land as
    it is, when nothing could be put in its place. ``conflicts``: ids with two different lines, which
    only a person can settle. ``aside``: sentences about what was not read.
    """

    branch: str
    base: str
    commit: str
    run: Run
    outcomes: tuple[Outcome, ...]
    left: tuple[QueuedFlag, ...]
    files: Mapping[str, str]
    notes: tuple[str, ...]
    in_review: int
    to_forget: int = 0
    queue_gone: bool = False
    drain: str = ""
    recurred: tuple[str, ...] = ()
    stale: tuple[StaleLine, ...] = ()
    outdated: str = ""
    conflicts: tuple[Conflict, ...] = ()
    aside: tuple[str, ...] = ()

    @property
    def flags(self) -> int:
        """How many flags were accounted for."""
        return len(self.outcomes)


def close(repo: Repository, wanted: CloseRequest) -> CloseResult:
    """Drains what is undrained into one commit on the review branch (or, ``here``, on this branch).

    Closing twice is a no-op. Raises Refused, NeedsPerson and what a snapshot raises; no branch has
    been moved then.
    """
    for _ in range(_TRIES - 1):
        try:
            return _close(repo, wanted)
        except refs.Moved:
            continue
    return _close(repo, wanted)


def _close(repo: Repository, wanted: CloseRequest) -> CloseResult:
    proposed = refs.resolve(repo, REVIEW)
    seen, notes = _gather(repo, wanted)
    start = (
        base.for_here(repo, seen, everything=wanted.everything)
        if wanted.here
        else base.for_review(repo, seen, wanted.again)
    )
    if not wanted.here and start.tip != proposed:  # another close got there after we had looked
        raise refs.Moved("the review branch moved meanwhile")
    found = tree.read(repo, start.commit, wanted.folder)
    past = flag_history.read(repo, seen)
    places = loops.with_history(tree.places(found), past, start.flags)
    plan = make_plan(start.flags, places, past.dropped)
    plan = replace(plan, recurred=tuple(loops.came_back(past, start.flags)))
    # What a person has not looked at apart must not become an instruction of this very branch.
    plan, held = held_back(plan) if wanted.here else (plan, ())
    plan = _prepared(repo, wanted, start, plan, found)
    wanted.begin(plan)
    drained = drain.drain(
        plan if wanted.ask else replace(plan, requests=()),
        wanted.engine,
        found,
        workers=wanted.workers,
        clock=time.monotonic,
        watch=wanted.watch,
    )
    # An answer that led nowhere at all must not be the answer to the same question again.
    if not wanted.dry_run:
        AnswerStore(repo.folder).forget([one.id for one in drained.left])
    made = assemble.assemble(found, drained.operations, plan.flags)
    cited = _cited(repo, start, found, made, wanted) if made.outcomes else ()
    closed = CloseResult(
        stale=cited,
        branch=start.ref.removeprefix("refs/heads/"),
        base=start.commit,
        commit="",
        run=drained.run,
        outcomes=made.outcomes,
        left=(*held, *_disputed(seen), *drained.left),
        conflicts=tuple(seen.state.conflicts.values()),
        files=made.files,
        recurred=plan.recurred,
        aside=(*seen.aside, *tree.aside(found)),
        outdated="" if made.outcomes or wanted.dry_run else start.outdated,
        notes=(*notes, *start.notes, *_anew(start, made.outcomes, dry_run=wanted.dry_run)),
        in_review=len(seen.state.proposed),
        to_forget=len(in_review.to_forget(repo, seen.target)),
        queue_gone=seen.known and not seen.queue.tip and not seen.state.open,
    )
    if not made.outcomes or wanted.dry_run:
        return closed
    with Claim(repo) as claim:
        tip, name = commit.make(
            repo, claim, _draft(closed, seen, wanted.style), folder=wanted.folder
        )
        _mark_here(repo, claim, start, tip, wanted)
        commit.move(repo, claim, start, tip, folder=wanted.folder)
    return replace(closed, commit=tip, drain=name)


def _anew(start: Base, outcomes: tuple[Outcome, ...], *, dry_run: bool) -> tuple[str, ...]:
    """What becomes of a review that should not land as it is."""
    if not start.outdated:
        return ()
    told = f"{start.outdated} (it was {start.tip[:12]})"
    if dry_run:
        return (f"the review would be made anew: {told}",)
    if outcomes:
        return (f"the review is made anew: {told}",)
    return (
        f"nothing is there to make the review anew of, so it should not land: {start.outdated}",
    )


def _draft(closed: CloseResult, seen: Snapshot, style: CommitStyle) -> commit.Draft:
    return commit.Draft(
        base=closed.base,
        files=closed.files,
        run=closed.run,
        outcomes=closed.outcomes,
        queue=seen.queue.tip,
        message=lambda drain, tree: letter.message(
            letter.MessageParts(
                drain=drain,
                tree=tree,
                run=closed.run,
                outcomes=closed.outcomes,
                left=closed.left,
                recurred=closed.recurred,
                stale=[one.told for one in closed.stale],
                style=style,
            )
        ),
    )


def _cited(
    repo: Repository, start: Base, found: MemoryTree, made: AssembledTree, wanted: CloseRequest
) -> tuple[StaleLine, ...]:
    """What memory will cite that neither the target nor the branch that is checked out has."""
    texts = {**found.texts, **made.files}
    commits = [start.commit, refs.resolve(repo, "HEAD")]
    new = [outcome.line for outcome in made.outcomes]
    return stale.stale_lines(repo, texts, commits, folder=wanted.folder, new=new)


def _prepared(
    repo: Repository, wanted: CloseRequest, start: Base, plan: Plan, found: MemoryTree
) -> Plan:
    """The plan as the engine wants it; what an earlier close judged, and still holds, asks nobody."""
    told: list[Request] = []
    for again in start.again:
        plan, known = split(plan, judgement.read(repo, again, found))
        told += known
    asked = wanted.engine.prepared(plan)
    return replace(asked, requests=(*told, *asked.requests))


def _gather(repo: Repository, wanted: CloseRequest) -> tuple[Snapshot, list[str]]:
    """Queue and target, in order and looked at; a dry run only looks."""
    notes: list[str] = []
    if wanted.dry_run:
        seen = snapshot.take(repo, wanted.configured)
    else:
        looked, healed = tidy.settle(repo, wanted.configured)
        seen, pruned = tidy.prune_drained(repo, wanted.configured, looked)
        notes += healed + pruned
    hidden = unknown_queue(repo, seen.target) if not seen.state.open else ""
    notes += [hidden] if hidden else []
    if seen.state.unreadable:
        ids = ", ".join(seen.state.unreadable[:_NAMED])
        notes.append(f"{len(seen.state.unreadable)} queued lines cannot be read and stay: {ids}")
    notes += [str(one) for one in list(seen.state.conflicts.values())[:_NAMED]]
    return seen, notes


def _disputed(seen: Snapshot) -> list[QueuedFlag]:
    """Flags with two different lines, of which this clone wrote neither."""
    why = "two different lines have this id; gitmem sync says what to do"
    return [
        QueuedFlag(id=flag.id, reason=why)
        for flag in seen.state.undrained
        if flag.id in seen.state.disputed
    ]


def _mark_here(
    repo: Repository, claim: Claim, start: Base, commit: str, wanted: CloseRequest
) -> None:
    """Before the branch moves, so that a kill in between leaves a mark without a commit."""
    if not wanted.here:
        return
    mark = HERE + start.ref.removeprefix("refs/heads/")
    claim.clear(f"{repo.common}/{mark}.lock")
    old = refs.listed(repo, mark).get(mark, "")
    refs.update(repo, mark, commit, old, "gitmem: close --here")

"""A close: gather, plan, ask, gate, assemble, commit. No branch moves until everything is decided."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING

from gitmem.close import base, commit, judgement, message
from gitmem.close.judgement import split
from gitmem.close.movable import movable
from gitmem.core.quantities import count
from gitmem.drain import assemble, drain
from gitmem.drain.gate import QueuedFlag, held_back
from gitmem.drain.plan import make_plan
from gitmem.git import refs
from gitmem.git.claim import Claim
from gitmem.git.repository import HERE, REVIEW
from gitmem.loops import flag_history, loops
from gitmem.memory import tree_reader
from gitmem.models.answer_store import AnswerStore
from gitmem.records import drain_record, forgetting, record_files, snapshot, tidy
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.session.close_entry import LONGEST, entry
from gitmem.sync.remote_queue import unknown_queue
from gitmem.trace import stale

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.close.base import Base, Rework
    from gitmem.core.flag import Flag
    from gitmem.drain.assemble import AssembledTree
    from gitmem.drain.plan import Plan, Request
    from gitmem.drain.ports import Answer, Engine
    from gitmem.git.repository import Repository
    from gitmem.loops.flag_history import FlagHistory
    from gitmem.memory.imports import Imports
    from gitmem.memory.places import Places
    from gitmem.memory.tree import MemoryTree
    from gitmem.queue.lines import Conflict
    from gitmem.records.drain_record import LineChange, Outcome, Run
    from gitmem.records.snapshot import Snapshot
    from gitmem.session.close_entry import CloseSettings
    from gitmem.trace.stale import StaleLine

_TRIES = 3  # when another process moves the branch meanwhile
_NAMED = 5  # ids in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseRequest:
    """What a close is to do: which engine, onto what, and whether to write at all.

    ``configured`` is the shared setting's target (or empty), ``folder`` the memory folder. With
    ``everything``, ``here`` also takes flags of other branches. ``first`` are flags (ids) that have been asked about
    already: while one of them is undrained, the others wait. ``again`` lists other reviews whose
    judgement of undrained flags is used. ``style`` is that of the review's commit. Without ``ask``
    only the plan is made. ``at`` is the time of the record, in seconds since the epoch (None: now).
    ``begin`` receives the plan before any question is asked, ``watch`` every
    answer as it comes.
    """

    engine: Engine
    configured: str
    folder: str
    here: bool = False
    everything: bool = False
    first: frozenset[str] = frozenset()
    again: tuple[Rework, ...] = ()
    style: CommitStyle = PLAIN
    dry_run: bool = False
    ask: bool = True
    workers: int = 8
    at: float | None = None
    begin: Callable[[Plan], None] = lambda _: None
    watch: Callable[[Answer], None] = lambda _: None


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseResult:
    """The result of a close. ``commit`` is empty when there was nothing to commit.

    ``drain`` names its record. ``queue_gone``: nothing is queued and there is no queue branch.
    ``files`` are the new texts (also for a dry run), ``base`` the commit they build on, ``branch``
    where the commit is. ``in_review`` and ``to_forget`` count what the review branch held before.
    ``recurred`` has a sentence for each loop that came back, ``stale`` the lines of memory, old and
    new, that cite what the repository does not have. ``outdated`` says why the review should not
    land as it is, when nothing replaces it. ``conflicts`` are ids with two different lines, which
    only a person can settle. ``aside`` has sentences about what was not read. ``imports`` is what the
    index imports then; None where no file of memory changes. ``changes`` are the open items that are
    settled and the lines that are in another file now.
    """

    branch: str
    base: str
    commit: str
    run: Run
    outcomes: tuple[Outcome, ...]
    left: tuple[QueuedFlag, ...]
    files: Mapping[str, str | None]
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
    imports: Imports | None = None
    changes: tuple[LineChange, ...] = ()

    @property
    def flags(self) -> int:
        """The number of flags that the close accounted for."""
        return len(self.outcomes)


def close(repo: Repository, request: CloseRequest) -> CloseResult:
    """Drain the undrained flags into one commit on the review branch (``here``: on this branch).

    A second close does nothing. Raises Refused, NeedsPerson and what a snapshot raises; then no
    branch has moved.
    """
    for _ in range(_TRIES - 1):
        try:
            return _close(repo, request)
        except refs.Moved:
            continue
    return _close(repo, request)


def _close(repo: Repository, request: CloseRequest) -> CloseResult:
    proposed = refs.resolve(repo, REVIEW)
    seen, notes = _gather(repo, request)
    start = (
        base.for_here(repo, seen, everything=request.everything)
        if request.here
        else base.for_review(repo, seen, request.again)
    )
    if not request.here and start.tip != proposed:  # another close was faster
        raise refs.Moved("the review branch moved meanwhile")
    start = base.with_first(seen, start, request.first)
    past = flag_history.read(repo, seen)
    memory, places = grounds(repo, start.commit, start.flags, past, request.folder)
    plan = make_plan(start.flags, places, past.dropped)
    plan = replace(plan, recurred=tuple(loops.came_back(past, start.flags)))
    # Without a review of its own, a tainted line must not become an instruction of this branch.
    plan, held = held_back(plan) if request.here else (plan, ())
    plan = _prepared(repo, request, start, plan, memory)
    request.begin(plan)
    drained = drain.drain(
        plan if request.ask else replace(plan, requests=()),
        request.engine,
        memory,
        workers=request.workers,
        clock=time.monotonic,
        watch=request.watch,
    )
    # An answer that led nowhere must not answer the same question again.
    if not request.dry_run:
        AnswerStore(repo.folder).forget([one.id for one in drained.left])
    made = assemble.assemble(memory, drained.operations, plan.flags)
    cited = newly_cited(repo, start.commit, memory, made) if made.outcomes else ()
    closed = CloseResult(
        stale=cited,
        branch=start.ref.removeprefix("refs/heads/"),
        base=start.commit,
        commit="",
        run=drained.run,
        outcomes=made.outcomes,
        imports=made.imports,
        changes=made.changes,
        left=(*held, *_disputed(seen), *drained.left),
        conflicts=tuple(seen.state.conflicts.values()),
        files=made.files,
        recurred=plan.recurred,
        aside=(*seen.aside, *tree_reader.left_aside(memory)),
        outdated="" if made.outcomes or request.dry_run else start.outdated,
        notes=(*notes, *start.notes, *_rebuilt(start, made.outcomes, dry_run=request.dry_run)),
        in_review=len(seen.state.proposed),
        to_forget=len(forgetting.to_forget(repo, seen.target)),
        queue_gone=seen.known and not seen.queue.tip and not seen.state.open,
    )
    if not made.outcomes or request.dry_run:
        return closed
    parts = message.MessageParts(
        run=closed.run,
        outcomes=closed.outcomes,
        changes=closed.changes,
        left=closed.left,
        recurred=closed.recurred,
        stale=[one.told for one in closed.stale],
        style=request.style,
    )
    with Claim(repo) as claim:
        tip, name = commit.make(
            repo,
            claim,
            draft(start.commit, made.files, seen.queue.tip, parts),
            folder=request.folder,
            at=request.at,
        )
        _mark_here(repo, claim, start, tip, request)
        commit.move(repo, claim, start, tip, folder=request.folder)
    return replace(closed, commit=tip, drain=name)


def _rebuilt(start: Base, outcomes: tuple[Outcome, ...], *, dry_run: bool) -> tuple[str, ...]:
    """Say what becomes of a review that should not land as it is."""
    if not start.outdated:
        return ()
    why = f"{start.outdated} (it was {start.tip[:12]})"
    if dry_run:
        return (f"the review would be rebuilt: {why}",)
    if outcomes:
        return (f"the review is rebuilt: {why}",)
    return (
        f"the review should not land, and nothing is left to rebuild it from: {start.outdated}",
    )


def draft(
    onto: str, files: Mapping[str, str | None], queue: str, parts: message.MessageParts
) -> commit.Draft:
    """Return the commit on ``onto`` with these files, and what its record and message say; ``queue`` is the tip."""
    return commit.Draft(
        base=onto,
        files=files,
        run=parts.run,
        outcomes=tuple(parts.outcomes),
        changes=tuple(parts.changes),
        queue=queue,
        message=partial(message.message, parts),
    )


def grounds(
    repo: Repository, commit: str, flags: Sequence[Flag], past: FlagHistory, folder: str
) -> tuple[MemoryTree, Places]:
    """Return the memory at a commit, and the places that it has for these flags."""
    records = record_files.newest_texts(repo, commit)
    memory = replace(
        tree_reader.read_tree(repo, commit, folder), newest=drain_record.newest_by_file(records)
    )
    places = loops.with_history(tree_reader.places(memory), past, flags)
    known = [line.text for line in (*places.lines, *places.rule_lines)]
    places = replace(
        places,
        days=drain_record.filed_days(records, known),
        movable=movable(records, places.lines),
    )
    return memory, places


def newly_cited(
    repo: Repository, base: str, memory: MemoryTree, made: AssembledTree
) -> tuple[StaleLine, ...]:
    """Return what memory will cite that neither the target nor the checked-out branch has."""
    every = {**memory.texts, **made.files}
    texts = {path: text for path, text in every.items() if text is not None}
    commits = [base, refs.resolve(repo, "HEAD")]
    new = [outcome.line for outcome in made.outcomes]
    return stale.stale_lines(repo, texts, commits, folder=memory.folder, new=new)


def _prepared(
    repo: Repository, request: CloseRequest, start: Base, plan: Plan, memory: MemoryTree
) -> Plan:
    """Return the plan as the engine wants it; judgement of an earlier close that holds is not asked again."""
    told: list[Request] = []
    for again in start.again:
        plan, known = split(plan, judgement.read(repo, again, memory))
        told += known
    prepared = request.engine.prepared(plan)
    return replace(prepared, requests=(*told, *prepared.requests))


def _gather(repo: Repository, request: CloseRequest) -> tuple[Snapshot, list[str]]:
    """Return the snapshot and its notes, after queue and target were put in order (not by a dry run)."""
    notes: list[str] = []
    if request.dry_run:
        seen = snapshot.take(repo, request.configured)
    else:
        looked, healed = tidy.settle(repo, request.configured)
        seen, pruned = tidy.prune_drained(repo, request.configured, looked)
        notes += healed + pruned
    hidden = unknown_queue(repo, seen.target) if not seen.state.open else ""
    notes += [hidden] if hidden else []
    if seen.state.unreadable:
        ids = ", ".join(seen.state.unreadable[:_NAMED])
        said = count(len(seen.state.unreadable), "flag")
        notes.append(f"left in the queue, because this version cannot read it: {said} ({ids})")
    notes += [str(one) for one in list(seen.state.conflicts.values())[:_NAMED]]
    return seen, notes


def _disputed(seen: Snapshot) -> list[QueuedFlag]:
    """Return the flags with two different lines that this clone did not write."""
    why = "two different lines have this id; gitmem sync says what to do"
    return [
        QueuedFlag(id=flag.id, reason=why)
        for flag in seen.state.undrained
        if flag.id in seen.state.disputed
    ]


def _mark_here(
    repo: Repository, claim: Claim, start: Base, commit: str, request: CloseRequest
) -> None:
    """Set the mark of a close on a feature branch, before that branch moves.

    A kill in between then leaves a mark without a commit, not a commit without a mark.
    """
    if not request.here:
        return
    mark = HERE + start.ref.removeprefix("refs/heads/")
    claim.clear(f"{repo.common}/{mark}.lock")
    old = refs.listed(repo, mark).get(mark, "")
    refs.update(repo, mark, commit, old, "gitmem: close --here")


def closed_entry(settings: CloseSettings, closed: CloseResult, seconds: float) -> dict[str, object]:
    """Return the fields of the line; ``seconds`` is how long the close took."""
    run = closed.run
    did = f"drained {closed.flags}" if closed.commit else "drained nothing"
    ran: dict[str, object] = {
        "engine": run.engine,
        "model": run.model,
        "asked": run.asked,
        "workers": run.workers,
        "in_flight": run.in_flight,
        "questions": run.questions,
    }
    left: dict[str, object] = {"left": len(closed.left)} if closed.left else {}
    if closed.left:
        left["reason"] = closed.left[0].reason[:LONGEST]
    where = {"drain": closed.drain, "branch": closed.branch} if closed.commit else {}
    return entry(settings, did, seconds, {**ran, "flags": closed.flags, **where, **left})

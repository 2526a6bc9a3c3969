"""Accept: land the review branch on the local target, then prune what landed from the queue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.close.commit import merger
from gitmem.core.errors import Refused
from gitmem.core.failures import Internal, NeedsPerson
from gitmem.drain.gate import instructing
from gitmem.git import objects, refs, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import BRANCH, REVIEW
from gitmem.git.worktrees import InTheWay, Move
from gitmem.memory.passages import find
from gitmem.queue import decisions
from gitmem.queue.journal import Journal
from gitmem.queue.lines import Conflict, Lines
from gitmem.records import forgetting, in_review, record_files, target, tidy
from gitmem.records.snapshot import JOURNAL
from gitmem.records.unpushed import unpushed
from gitmem.review import rebuild, review
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome
    from gitmem.records.target import Target

_TRIES = 3  # when another process moves the target meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptResult:
    """What landed: the target's name and new tip, and the ids that it records or forgets now.

    ``rebuilt``: the target had moved, so the review was rebuilt on it. ``queue_gone``: the queue
    branch is gone. ``waiting``: how many flags are still undrained. ``pushed`` is false while a
    deciding branch at a remote lacks the result; ``lacks`` names that branch, ``run`` the remedy.
    """

    target: str
    commit: str
    flags: tuple[str, ...]
    rebuilt: bool
    forgotten: tuple[str, ...] = ()
    queue_gone: bool = False
    waiting: int = 0
    pushed: bool = True
    lacks: tuple[str, ...] = ()
    run: str = ""
    notes: tuple[str, ...] = ()


def accept(
    repo: Repository,
    *,
    configured: str,
    folder: str,
    dry_run: bool = False,
    tainted: bool = False,
) -> AcceptResult:
    """Land the review branch locally; a rerun after a kill finishes what was begun.

    ``tainted``: a person has read the tainted lines that would become instructions and wants them.
    Raises Refused when there are such lines and ``tainted`` is false, NoProgress when nothing is in
    review, NeedsPerson when the review is out of date (a flag was dropped, landed otherwise, or
    folds into a line that is gone), `trees.ReplayConflict` and `worktrees.InTheWay`.
    """
    if not dry_run and not refs.resolve(repo, REVIEW):
        tidy.prune_drained(repo, configured)  # a push or a forge may have landed it
    tip = review.tip_of(repo)
    where = target.find(repo, configured)
    base, outcomes = in_review.review_outcomes(repo, where, tip)
    _refuse_dropped(repo, where, tip, outcomes)
    _refuse_undropped(repo, where, outcomes)
    _refuse_told_twice(repo, where, tip)
    _refuse_orphans(repo, where, base, outcomes)
    _refuse_other_line(repo, where, tip)
    if not tainted:
        _refuse_tainted(repo, where, tip, folder)
    if dry_run:
        with Claim(repo) as claim:
            return _accepted(repo, where, tip, _landing(repo, claim, where, tip, folder))
    notes = tidy.publish(repo)
    with Claim(repo) as claim:
        landing = _land(repo, claim, configured, tip, folder)
        seen, more = tidy.prune_drained(repo, configured)
        notes += more + tidy.heal(repo, seen)
        # Last, so that a rerun after a kill finds it and finishes.
        notes += _forget_review(repo, claim, tip)
    done = _accepted(repo, where, tip, landing)
    waits = unpushed(repo, seen)
    here = {flag.id for flag in (*waits.flags, *waits.forgotten)}
    return replace(
        done,
        queue_gone=not refs.resolve(repo, BRANCH),
        waiting=len(seen.state.undrained),
        pushed=here.isdisjoint([*done.flags, *done.forgotten]),
        lacks=waits.lacks,
        run=waits.run,
        notes=tuple(notes),
    )


def _refuse_tainted(repo: Repository, where: Target, tip: str, folder: str) -> None:
    start, diverged = target.leading_commit(repo, where)
    start = where.local if diverged else start
    tainted = instructing(in_review.outcomes_between(repo, start, tip), folder=folder)
    if tainted:
        rows = [_tainted_row(item) for item in tainted]
        raise Refused(
            "tainted flags would become instructions (their sessions had read untrusted text): "
            + "; ".join(rows),
            hint="read these lines, then run gitmem accept --tainted; to leave one out: "
            "gitmem drop ID --reason '…', then gitmem close",
        )


def _tainted_row(item: Outcome) -> str:
    if item.brings_body:
        return f"{item.flag.id} -> the body below {visible(item.survivor)}"
    return f"{item.flag.id} -> {item.file}: {visible(item.line)}"


def _refuse_dropped(repo: Repository, where: Target, tip: str, outcomes: Sequence[Outcome]) -> None:
    """Refuse a review that still files a flag which a person has dropped or edited since."""
    drops = decisions.drops(repo)
    reasons = {*drops, *in_review.edited(repo, outcomes)}
    landed = record_files.ids(repo, where.local)
    dropped = [
        item
        for item in outcomes
        if item.flag.id in reasons and item.flag.id not in landed
        if item.line or item.brings_body
    ]
    texts = objects.files(repo, tip, *{item.file for item in dropped} - {""}) if dropped else {}
    contents = {file: content.decode("utf-8", "replace") for file, content in texts.items()}
    kept = [
        item
        for item in dropped
        if item.brings_body or find(item.file, contents.get(item.file, ""), item.line)
    ]
    since = {"dropped" if item.flag.id in drops else "edited" for item in kept}
    if kept:
        raise NeedsPerson(
            f"the review files flags that were {' or '.join(sorted(since))} since: "
            + ", ".join(item.flag.id for item in kept),
            hint="gitmem close rebuilds the review without them; if a person edited the review, "
            "remove the lines there, or run gitmem discard and close again",
        )


def _refuse_undropped(repo: Repository, where: Target, outcomes: Sequence[Outcome]) -> None:
    """Refuse a review that skips a flag which a person has queued again since."""
    again = in_review.taken_back(repo, outcomes)
    landed = record_files.ids(repo, where.local) if again else frozenset()
    if again - landed:
        raise NeedsPerson(
            "the review skips flags that were queued again since: "
            + ", ".join(sorted(again - landed)),
            hint="gitmem close rebuilds the review with them; if a person edited the review, "
            "run gitmem discard and close again",
        )


def _refuse_told_twice(repo: Repository, where: Target, tip: str) -> None:
    """Refuse a flag that has landed in other words since."""
    start, diverged = target.leading_commit(repo, where)
    start = where.local if diverged else start
    if not start or refs.contains(repo, start, tip):
        return
    mine = in_review.outcomes_between(repo, start, tip)
    base = refs.merge_base(repo, start, tip)
    theirs = {item.flag.id: item for item in in_review.outcomes_between(repo, base, start)}
    twice = [
        item.flag.id
        for item in mine
        if item.line and item.flag.id in theirs and theirs[item.flag.id].line != item.line
    ]
    if twice:
        raise NeedsPerson(
            "the review files flags that landed in other words since: " + ", ".join(sorted(twice)),
            hint="gitmem close rebuilds the review without them; if a person edited the review, "
            "run gitmem discard and close again",
        )


def _refuse_orphans(
    repo: Repository, where: Target, base: str, outcomes: Sequence[Outcome]
) -> None:
    """Refuse a review that folds flags into a line which the target has lost since."""
    start, diverged = target.leading_commit(repo, where)
    orphans = in_review.orphans(repo, base, where.local if diverged else start, outcomes)
    if orphans:
        raise NeedsPerson(
            "the review folds these flags into a line that is gone from the target: "
            + ", ".join(orphans),
            hint="gitmem close rebuilds the review; if a person edited the review, write what the "
            "flags say there, or run gitmem discard and close again",
        )


def _refuse_other_line(repo: Repository, where: Target, tip: str) -> None:
    """Refuse a review that has another line under the id of a flag made here."""
    lines = Lines()
    lines.read(Journal(repo.folder).read(), JOURNAL)
    texts = record_files.Texts({flag_id: flag.line for flag_id, flag in lines.flags.items()})
    targets = {where.local, where.upstream, where.shared} - {""}
    matching = record_files.proposed(repo, tip, targets, texts)
    clashes = [
        str(Conflict(key, (texts.lines[key], JOURNAL), (line, "in review")))
        for key, line in texts.other.items()
        if key not in matching
    ]
    if clashes:
        raise NeedsPerson(
            "the review has another line than the one that was flagged here: " + "; ".join(clashes),
            hint="gitmem close rebuilds the review; if a person edited the review, run gitmem "
            "discard and close again",
        )


def _accepted(repo: Repository, where: Target, tip: str, landing: str) -> AcceptResult:
    reviewed = record_files.ids(repo, tip) & record_files.ids(repo, landing)
    new = sorted(reviewed - record_files.ids(repo, where.local))
    forgotten = tuple(flag.id for flag in forgetting.newly_forgotten(repo, (where.local,), tip))
    return AcceptResult(
        target=where.name,
        commit=landing,
        flags=tuple(new),
        rebuilt=bool(new or forgotten) and landing != tip,
        forgotten=forgotten,
    )


def _land(repo: Repository, claim: Claim, configured: str, tip: str, folder: str) -> str:
    """Move the target; start over, a bounded number of times, when another process moved it."""
    for attempt in range(1, _TRIES + 1):
        where = target.find(repo, configured)
        landing = _landing(repo, claim, where, tip, folder)
        if landing == where.local:
            return landing
        if where.upstream and not where.local:
            _follow_upstream(repo, where)
        move = Move(ref=where.ref, old=where.local, new=landing, reason="gitmem: accept")
        try:
            worktrees.land(repo, claim, move, merger(folder))
        except refs.Moved:
            if attempt == _TRIES:
                raise
        else:
            return landing
    raise Internal("unreachable: the last try returns or raises")


def _landing(repo: Repository, claim: Claim, where: Target, tip: str, folder: str) -> str:
    """Return the commit to move the target to: the review's tip, or the review rebuilt.

    It is rebuilt on the target, or on the upstream when the local target is only behind it. What
    has landed already stays.
    """
    start, diverged = target.leading_commit(repo, where)
    start = where.local if diverged else start
    if not start or refs.contains(repo, tip, start):
        return tip
    if not refs.contains(repo, start, tip):
        known = tuple(commit for commit in (where.local, where.upstream) if commit)
        proposed = rebuild.ReviewTip(tip=tip, known=known)
        landing = rebuild.rebuilt(repo, claim, proposed, onto=start, folder=folder)
        if landing != start:
            return landing
    return where.local or start


def _follow_upstream(repo: Repository, where: Target) -> None:
    """Make the local branch, before it exists, follow its upstream, as `git switch` does."""
    remote, there = where.remote, where.there
    if not remote:
        remote, _, name = where.upstream_ref.removeprefix("refs/remotes/").partition("/")
        there = f"refs/heads/{name}"
    repo.git("config", f"branch.{where.name}.remote", remote)
    repo.git("config", f"branch.{where.name}.merge", there)


def _forget_review(repo: Repository, claim: Claim, tip: str) -> list[str]:
    move = Move(ref=REVIEW, old=tip, new="", reason="gitmem: accept")
    try:
        worktrees.remove(repo, claim, move)
    except (InTheWay, refs.Moved) as error:
        return [f"the review branch stays: {error.message}"]
    return []

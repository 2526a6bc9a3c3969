"""Read the review branch, discard it, or undo a match in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.failures import NoProgress
from gitmem.git import refs, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import REVIEW
from gitmem.git.worktrees import Move
from gitmem.models.answer_store import AnswerStore
from gitmem.queue import decisions
from gitmem.queue.fast_import import recorded_author
from gitmem.records import forgetting, in_review, record_files, target
from gitmem.records.snapshot import flag_by_id

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import LineChange, Outcome
    from gitmem.records.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The review branch: its tip, the commit it starts from (empty: none), and every outcome.

    ``changes`` are the items that it settles, and the lines that it moves.
    """

    tip: str
    base: str
    outcomes: tuple[Outcome, ...]
    changes: tuple[LineChange, ...] = ()

    @property
    def matched(self) -> tuple[Outcome, ...]:
        """The outcomes that a drain matched to an earlier flag; the flags themselves name none."""
        return tuple(item for item in self.outcomes if item.again and not item.flag.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardResult:
    """The former tip of the review branch, and the ids that are undrained again.

    ``kept``: ids of landed flags that the review would have forgotten.
    """

    tip: str
    flags: tuple[str, ...]
    kept: tuple[str, ...] = ()


def read(repo: Repository, configured: str) -> Review:
    """Return what is in review; raises NoProgress when nothing is."""
    tip = tip_of(repo)
    where = target.find(repo, configured)
    current = read_at(repo, where, tip)
    if (
        current.outcomes
        and not forgetting.to_forget(repo, where, tip)
        and _landed(repo, where).issuperset(item.flag.id for item in current.outcomes)
    ):
        raise NoProgress(
            "what was in review has landed", hint="gitmem accept removes the review branch"
        )
    return current


def read_at(repo: Repository, where: Target, tip: str) -> Review:
    """Return the review that has its tip at a commit."""
    base, outcomes = in_review.review_outcomes(repo, where, tip)
    changes = tuple(in_review.changes_between(repo, base, tip))
    return Review(tip=tip, base=base, outcomes=tuple(outcomes), changes=changes)


def tip_of(repo: Repository) -> str:
    """Return the commit in review; raises NoProgress when there is none."""
    tip = refs.resolve(repo, REVIEW)
    if not tip:
        carriers = ", ".join(target.carriers(repo))
        hint = f"{carriers} carries flags; they land with it" if carriers else ""
        raise NoProgress("nothing is in review", hint=hint or "gitmem close prepares a review")
    return tip


def discard(repo: Repository, configured: str, *, dry_run: bool = False) -> DiscardResult:
    """Remove the review branch; its flags are undrained again.

    Raises NoProgress when there is none, and InTheWay when a work tree has it checked out.
    """
    tip = tip_of(repo)
    where = target.find(repo, configured)
    landed = _landed(repo, where)
    kept = tuple(flag.id for flag in forgetting.to_forget(repo, where, tip))
    flags = tuple(sorted(record_files.ids(repo, tip) - landed))
    if not dry_run:
        move = Move(ref=REVIEW, old=tip, new="", reason="gitmem: discard")
        with Claim(repo) as claim:
            worktrees.remove(repo, claim, move)
        # A rejected answer must not be reused for the same question.
        AnswerStore(repo.folder).forget(flags)
    return DiscardResult(tip=tip, flags=flags, kept=kept)


def unmatch(repo: Repository, configured: str, prefix: str, *, at: str, dry_run: bool) -> Outcome:
    """Record that a flag in review is not a return of the flag it was matched to.

    The next close rebuilds the review without the match. Raises NoProgress when nothing is in
    review, and UsageError for an id without a match.
    """
    current = read(repo, configured)
    flag = flag_by_id([item.flag for item in current.matched], prefix, what="match in review")
    item = next(item for item in current.matched if item.flag.id == flag.id)
    if not dry_run:
        by = recorded_author(repo)
        decisions.add_unmatch(repo, {"id": flag.id, "again": item.again, "at": at, "by": by})
    return item


def _landed(repo: Repository, where: Target) -> frozenset[str]:
    return record_files.ids(repo, where.local) | record_files.ids(repo, where.deciding)

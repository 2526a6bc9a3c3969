"""Review and discard: what the review branch would change, flag by flag; and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import NoProgress
from gitmem.git import refs, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import REVIEW
from gitmem.git.worktrees import Move
from gitmem.models.answer_store import AnswerStore
from gitmem.queue import decisions
from gitmem.queue.fast_import import current_author
from gitmem.records import in_review, target
from gitmem.records import in_tree as records
from gitmem.records.snapshot import flag_by_id

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome
    from gitmem.records.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """The review branch: its tip, the commit it started from (empty: a root), and every outcome."""

    tip: str
    base: str
    outcomes: tuple[Outcome, ...]

    @property
    def matched(self) -> tuple[Outcome, ...]:
        """Those that a drain took for a return of an earlier flag which they do not name."""
        return tuple(item for item in self.outcomes if item.again and not item.flag.again)


@dataclass(frozen=True, slots=True, kw_only=True)
class DiscardResult:
    """The commit that was the review branch's tip, and the ids that are undrained again.

    ``kept`` are the ids of landed flags that the review would have forgotten.
    """

    tip: str
    flags: tuple[str, ...]
    kept: tuple[str, ...] = ()


def read(repo: Repository, configured: str) -> Review:
    """What is in review now; raises NoProgress when nothing is."""
    tip = tip_of(repo)
    where = target.find(repo, configured)
    base, found = in_review.reviewed(repo, where, tip)
    if (
        found
        and not in_review.to_forget(repo, where, tip)
        and _landed(repo, where).issuperset(item.flag.id for item in found)
    ):
        raise NoProgress("what was in review has landed", hint="gitmem accept tidies up")
    return Review(tip=tip, base=base, outcomes=tuple(found))


def tip_of(repo: Repository) -> str:
    """The commit in review; raises NoProgress when there is none."""
    tip = refs.resolve(repo, REVIEW)
    if not tip:
        carriers = ", ".join(target.carriers(repo))
        hint = f"flags are carried by {carriers}: they land with it" if carriers else ""
        raise NoProgress("nothing is in review", hint=hint or "gitmem close makes a review")
    return tip


def discard(repo: Repository, configured: str, *, dry_run: bool = False) -> DiscardResult:
    """Takes the review branch back; its flags are undrained again.

    Raises NoProgress when there is none, and InTheWay when somebody has it checked out.
    """
    tip = tip_of(repo)
    where = target.find(repo, configured)
    landed = _landed(repo, where)
    kept = tuple(flag.id for flag in in_review.to_forget(repo, where, tip))
    flags = tuple(sorted(records.ids(repo, tip) - landed))
    if not dry_run:
        move = Move(ref=REVIEW, old=tip, new="", reason="gitmem: discard")
        with Claim(repo) as claim:
            worktrees.remove(repo, claim, move)
        # What a person sent back must not be the answer to the same question again.
        AnswerStore(repo.folder).forget(flags)
    return DiscardResult(tip=tip, flags=flags, kept=kept)


def unmatch(repo: Repository, configured: str, prefix: str, *, at: str, dry_run: bool) -> Outcome:
    """Records that a flag in review is no return of the one it was matched to.

    The next close makes the review anew without the match. Raises NoProgress when nothing is in
    review, and Usage for an id that no match in it has.
    """
    found = read(repo, configured)
    flag = flag_by_id([item.flag for item in found.matched], prefix, what="match in review")
    item = next(item for item in found.matched if item.flag.id == flag.id)
    if not dry_run:
        by = current_author(repo).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
        decisions.add_unmatch(repo, {"id": flag.id, "again": item.again, "at": at, "by": by})
    return item


def _landed(repo: Repository, where: Target) -> frozenset[str]:
    return records.ids(repo, where.local) | records.ids(repo, where.deciding)

"""The facts that a pull request tells, read from the records of the review."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.close import judgement
from gitmem.drain.taint import instructing
from gitmem.forge import remote_review
from gitmem.forge.pull_request import ReviewFacts
from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.loops import flag_history, loops
from gitmem.records import in_review, target
from gitmem.records.drain_record import Fate, is_forget
from gitmem.trace import stale

if TYPE_CHECKING:
    from gitmem.close.close import CloseRequest, CloseResult
    from gitmem.drain.gate import QueuedFlag
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target


def review_facts(
    repo: Repository, wanted: CloseRequest, left: tuple[QueuedFlag, ...]
) -> ReviewFacts:
    """Return everything in review, from its records; only ``left`` when nothing waits there."""
    where = target.find(repo, wanted.configured)
    start, _ = in_review.leading_commit(repo, where)
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
    )


def with_closed(facts: ReviewFacts, closed: CloseResult) -> ReviewFacts:
    """Return the facts after a dry close, with what it would file."""
    waiting = {outcome.flag.id for outcome in closed.outcomes}
    earlier = [outcome for outcome in facts.outcomes if outcome.flag.id not in waiting]
    return replace(
        facts,
        outcomes=(*earlier, *closed.outcomes),
        left=closed.left,
        engine=facts.engine or closed.run.engine,
        model=facts.model if facts.engine else closed.run.model,
        recurred=tuple(dict.fromkeys((*closed.recurred, *facts.recurred))),
        stale=[one.told for one in closed.stale] if closed.outcomes else facts.stale,
    )


def _at_remote(where: Target) -> str:
    """Return the target's name at its remote."""
    return where.there.removeprefix("refs/heads/")

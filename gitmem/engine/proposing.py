"""What a request on a forge says, read from the review: every outcome in it, and what was left."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.domain.proposal import Facts
from gitmem.domain.taint import instructing
from gitmem.engine import ground, judgement, meet
from gitmem.store import refs, target

if TYPE_CHECKING:
    from gitmem.domain.gate import Left
    from gitmem.engine.close import Wanted
    from gitmem.store.repository import Repository
    from gitmem.store.target import Target


def facts(repo: Repository, wanted: Wanted, left: tuple[Left, ...]) -> Facts:
    """All that is in review, from its records."""
    where = target.find(repo, wanted.configured)
    start, _ = ground.newest(repo, where)
    tip = refs.resolve(repo, target.REVIEW)
    waits = meet.waiting(repo, where, tip)
    outcomes = tuple(ground.recorded(repo, start, tip)) if waits else ()
    engine, model = judgement.judges(repo, start, tip) if waits else ("", "")
    becoming = instructing(outcomes, folder=wanted.folder)
    return Facts(
        outcomes=outcomes,
        left=left,
        target=_at_remote(where),
        engine=engine,
        model=model,
        instructing=frozenset(outcome.flag.id for outcome in becoming),
    )


def _at_remote(where: Target) -> str:
    """The target's name at its remote."""
    return where.upstream_ref.removeprefix("refs/remotes/").partition("/")[2] or where.name

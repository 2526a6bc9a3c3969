"""One look at everything: queue, target, records, and where every flag stands (stdlib only)."""

from __future__ import annotations

from gitmem.domain.state import Records, State, derive
from gitmem.store import queue, records, refs, target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.queue import Queue
    from gitmem.store.repository import Repository
    from gitmem.store.target import Target


class Snapshot:
    """What one command sees: raw queue, target, ids of records, derived state."""

    __slots__ = ("queue", "records", "state", "target")

    def __init__(self, found: Queue, where: Target, known: Records, state: State) -> None:
        self.queue = found
        self.target = where
        self.records = known
        self.state = state

    @property
    def known(self) -> bool:
        """Whether this clone has, or once had, anything queued."""
        found = self.queue
        places = (found.branch, found.journal, found.archive)
        return bool(found.tip) or any(lines.flags or lines.damaged for lines in places)


def take(repo: Repository, configured: str, *, tracked: bool = True) -> Snapshot:
    """Reads and derives; writes nothing.

    ``configured`` is the shared setting's target name, or empty. Not ``tracked``: without what the
    remote-tracking branch holds of the queue. Raises
    `gitmem.store.target.CannotTell` and `gitmem.store.objects.Unreadable`.
    """
    where = target.find(repo, configured)
    found = queue.read(repo, tracked=tracked)
    deciding, local = _landed(repo, where)
    review: frozenset[str] = frozenset()
    carried: frozenset[str] = frozenset()
    proposed = refs.resolve(repo, target.REVIEW)
    targets = {where.local, where.upstream, where.shared} - {""}
    for tip in target.review_tips(repo):
        # What the target has once had is no proposal any more: its landing may have been reverted.
        if tip == proposed:
            review = records.proposed(repo, tip, targets)
        else:
            carried |= records.proposed(repo, tip, targets)
    known = Records(deciding, local, review, carried)
    state = derive(
        queue=found.branch.flags,
        journal=found.journal.flags,
        archive=found.archive.flags,
        records=known,
        damaged=[*found.branch.damaged, *found.journal.damaged],
    )
    return Snapshot(found, where, known, state)


def _landed(repo: Repository, where: Target) -> tuple[frozenset[str], frozenset[str]]:
    """Ids that every ref has that decides, and those that only some target here has.

    What leaves the queue that is shared through a remote must be on the target of that remote; so
    its target decides, too, and where it was never seen here nothing is drained.
    """
    deciding = records.ids(repo, where.deciding)
    if where.remote and where.shared != where.deciding:
        deciding &= records.ids(repo, where.shared)
    known = {where.upstream, where.shared} - {""}
    local: frozenset[str] = frozenset()
    for tip in {where.local, *known} - {""}:
        others = known - {tip}
        if others:
            # A branch that is merely behind has nothing to push: who is ahead has taken it back.
            local |= records.proposed(repo, tip, others)
        elif not (where.remote and where.shared):
            local |= records.ids(repo, tip)
    return deciding, local

"""One look at everything: queue, target, records, where every flag stands; a flag by its id."""

from __future__ import annotations

from gitmem.core.errors import Usage
from gitmem.queue import contents as queue
from gitmem.queue.lines import Conflict, conflicts
from gitmem.records import in_tree as records
from gitmem.records import target
from gitmem.records.states import Records, State, derive

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from gitmem.core.errors import GitmemError
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.contents import Queue
    from gitmem.queue.lines import Lines
    from gitmem.records.target import Target

# Where a line stands, as a person is told.
JOURNAL = "this clone's journal"
QUEUE = "the queue branch"
ARCHIVED = "the archive"
RECORD = "a drain record"


class Snapshot:
    """What one command sees: raw queue, target, ids of records, derived state.

    ``review_tips`` are the commits under review, as `gitmem.records.target.review_tips` has them.
    """

    __slots__ = ("queue", "records", "review_tips", "state", "target")

    def __init__(
        self, found: Queue, where: Target, known: Records, state: State, review_tips: Sequence[str]
    ) -> None:
        self.queue = found
        self.target = where
        self.records = known
        self.state = state
        self.review_tips = review_tips

    @property
    def drained(self) -> set[str]:
        """Ids of the flags that may leave the queue: drained, and their line beyond doubt."""
        return {*self.records.deciding} - self.state.conflicts.keys()

    @property
    def known(self) -> bool:
        """Whether this clone has, or once had, anything queued."""
        found = self.queue
        places = (found.branch, found.journal, found.archive)
        return bool(found.tip) or any(lines.flags or lines.damaged for lines in places)

    @property
    def aside(self) -> list[str]:
        """Sentences about what of the queue was not read."""
        return self.queue.branch.aside


def take(repo: Repository, configured: str, *, tracked: bool = True) -> Snapshot:
    """Reads and derives; writes nothing.

    ``configured`` is the shared setting's target name, or empty. Not ``tracked``: without what the
    remote-tracking branch holds of the queue. Raises
    `gitmem.records.target.CannotTell` and `gitmem.git.objects.Unreadable`.
    """
    where = target.find(repo, configured)
    found = queue.read(repo, remote=where.remote, tracked=tracked)
    texts = records.Texts(known_lines(found))
    deciding, local = _landed(repo, where, texts)
    review: frozenset[str] = frozenset()
    carried: frozenset[str] = frozenset()
    proposed, others = target.in_review(repo)
    targets = {where.local, where.upstream, where.shared} - {""}
    # What the target has once had is no proposal any more: its landing may have been reverted.
    if proposed:
        review = records.proposed(repo, proposed, targets, texts)
    for tip in others:
        if tip != proposed:
            carried |= records.proposed(repo, tip, targets, texts)
    known = Records(deciding, local, review, carried)
    state = derive(
        queue=found.branch.flags,
        journal=found.journal.flags,
        archive=found.archive.flags,
        records=known,
        damaged=[*found.branch.damaged, *found.journal.damaged],
        conflicts=disagreeing(found, deciding, texts),
    )
    return Snapshot(found, where, known, state, [proposed, *others] if proposed else others)


def flag_by_id(
    flags: Iterable[Flag],
    prefix: str,
    *,
    what: str = "queued flag",
    lister: str = "gitmem log",
    error: type[GitmemError] = Usage,
) -> Flag:
    """Return the one flag whose id starts with ``prefix``.

    Raises ``error`` when none or several do. ``what`` names the kind of flag in the message, and
    ``lister`` the command that lists their ids.
    """
    # Only commands that name a flag need these.
    from gitmem.core.flag import ID_ALPHABET, ID_LENGTH
    from gitmem.safety.secrets import redacted

    hint = f"{lister} lists the ids"
    wanted = prefix.strip().lower()
    if not wanted or len(wanted) > ID_LENGTH or wanted.strip(ID_ALPHABET):
        raise error(f"{redacted(prefix)[:20]!r} is not a flag id", hint=hint)
    matching = [flag for flag in flags if flag.id.startswith(wanted)]
    if len(matching) > 1:
        raise error(
            f"{wanted} stands for {len(matching)} flags", hint="give more characters of the id"
        )
    if not matching:
        raise error(f"no {what} has the id {wanted}", hint=hint)
    return matching[0]


def known_lines(found: Queue) -> dict[str, str]:
    """Id to line of every flag that is queued; the journal's counts, because this clone wrote it."""
    flags = {**found.branch.flags, **found.journal.flags}
    return {flag_id: flag.line for flag_id, flag in flags.items()}


def disagreeing(
    found: Queue, deciding: Collection[str], texts: records.Texts, *more: tuple[str, Lines]
) -> dict[str, Conflict]:
    """Ids with two different lines: in the queue, in it and in ``more`` places, or in a record.

    What a record holds is no conflict any more once another one holds the line that counts here.
    """
    places = [(JOURNAL, found.journal), (QUEUE, found.branch), *more, (ARCHIVED, found.archive)]
    result = {
        flag_id: one
        for flag_id, one in conflicts(places).items()
        if not (flag_id in deciding and ARCHIVED in (one.here, one.there))
    }
    for flag_id, line in texts.other.items():
        if flag_id not in deciding:
            here = JOURNAL if flag_id in found.journal.flags else QUEUE
            one = Conflict(flag_id, (texts.lines[flag_id], here), (line, RECORD))
            one.recorded = True
            result.setdefault(flag_id, one)
    return result


def _landed(
    repo: Repository, where: Target, texts: records.Texts
) -> tuple[frozenset[str], frozenset[str]]:
    """Ids that every ref has that decides, and those that only some target here has.

    What leaves the queue that is shared through a remote must be on the target of that remote; so
    its target decides, too, and where it was never seen here nothing is drained.
    """
    deciding = records.ids(repo, where.deciding, texts)
    if where.remote and where.shared != where.deciding:
        deciding &= records.ids(repo, where.shared, texts)
    known = {where.upstream, where.shared} - {""}
    local: frozenset[str] = frozenset()
    for tip in {where.local, *known} - {""}:
        others = known - {tip}
        if others:
            # A branch that is merely behind has nothing to push: who is ahead has taken it back.
            local |= records.proposed(repo, tip, others, texts)
        elif not (where.remote and where.shared):
            local |= records.ids(repo, tip, texts)
    return deciding, local

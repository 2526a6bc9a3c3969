"""One look at everything: queue, target, records, where every flag stands; a flag by its id."""

from __future__ import annotations

from gitmem.core.errors import UsageError
from gitmem.queue import contents
from gitmem.queue.lines import Conflict, conflicts
from gitmem.records import record_files, target
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

# The places of a line, in messages.
JOURNAL = "this clone's journal"
QUEUE = "the queue branch"
ARCHIVED = "the archive"
RECORD = "a drain record"


class Snapshot:
    """What one command sees: the queue as read, the target, the ids in records, and the derived state.

    ``review_tips`` are the commits under review, as `gitmem.records.target.review_tips` has them.
    """

    __slots__ = ("queue", "records", "review_tips", "state", "target")

    def __init__(
        self,
        queued: Queue,
        where: Target,
        records: Records,
        state: State,
        review_tips: Sequence[str],
    ) -> None:
        self.queue = queued
        self.target = where
        self.records = records
        self.state = state
        self.review_tips = review_tips

    @property
    def drained(self) -> set[str]:
        """The ids of flags that may leave the queue: drained, and their line is not disputed."""
        return {*self.records.deciding} - self.state.conflicts.keys()

    @property
    def known(self) -> bool:
        """Whether this clone has, or once had, anything queued."""
        places = (self.queue.branch, self.queue.journal, self.queue.archive)
        return bool(self.queue.tip) or any(lines.flags or lines.damaged for lines in places)

    @property
    def aside(self) -> list[str]:
        """Sentences about the parts of the queue that were not read."""
        return self.queue.branch.aside


def take(repo: Repository, configured: str, *, tracked: bool = True) -> Snapshot:
    """Read everything and derive the states; write nothing.

    ``configured`` is the target's name in the shared settings, or empty. When not ``tracked``, the
    remote-tracking branch of the queue is not read. Raises `gitmem.records.target.CannotTell` and
    `gitmem.git.objects.Unreadable`.
    """
    where = target.find(repo, configured)
    queued = contents.read_queue(repo, remote=where.remote, tracked=tracked)
    texts = record_files.Texts(known_lines(queued))
    deciding, local = _landed(repo, where, texts)
    review: frozenset[str] = frozenset()
    carried: frozenset[str] = frozenset()
    proposed, others = target.in_review(repo)
    targets = {where.local, where.upstream, where.shared} - {""}
    # A record that the target once had is no longer a proposal: its landing may have been reverted.
    if proposed:
        review = record_files.proposed(repo, proposed, targets, texts)
    for tip in others:
        if tip != proposed:
            carried |= record_files.proposed(repo, tip, targets, texts)
    known = Records(deciding, local, review, carried)
    state = derive(
        queue=queued.branch.flags,
        journal=queued.journal.flags,
        archive=queued.archive.flags,
        records=known,
        damaged=[*queued.branch.damaged, *queued.journal.damaged],
        conflicts=disagreeing(queued, deciding, texts),
    )
    return Snapshot(queued, where, known, state, [proposed, *others] if proposed else others)


def flag_by_id(
    flags: Iterable[Flag],
    prefix: str,
    *,
    what: str = "queued flag",
    lister: str = "gitmem log",
    error: type[GitmemError] = UsageError,
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


def known_lines(queued: Queue) -> dict[str, str]:
    """Return id to line of every queued flag. The journal's line counts, because this clone wrote it."""
    flags = {**queued.branch.flags, **queued.journal.flags}
    return {flag_id: flag.line for flag_id, flag in flags.items()}


def disagreeing(
    queued: Queue, deciding: Collection[str], texts: record_files.Texts, *more: tuple[str, Lines]
) -> dict[str, Conflict]:
    """Return the ids with two different lines: in the queue, in ``more`` places, or in a record.

    A record's line is not a conflict once another record holds the line that counts here.
    """
    places = [(JOURNAL, queued.journal), (QUEUE, queued.branch), *more, (ARCHIVED, queued.archive)]
    result = {
        flag_id: one
        for flag_id, one in conflicts(places).items()
        if not (flag_id in deciding and ARCHIVED in (one.here, one.there))
    }
    for flag_id, line in texts.other.items():
        if flag_id not in deciding:
            here = JOURNAL if flag_id in queued.journal.flags else QUEUE
            one = Conflict(flag_id, (texts.lines[flag_id], here), (line, RECORD))
            one.recorded = True
            result.setdefault(flag_id, one)
    return result


def _landed(
    repo: Repository, where: Target, texts: record_files.Texts
) -> tuple[frozenset[str], frozenset[str]]:
    """Return the ids that every deciding ref has, and those that only some target here has.

    A flag leaves a shared queue only when it is on the target of the remote that shares it. So that
    target decides too, and while this clone has never seen it, nothing is drained.
    """
    deciding = record_files.ids(repo, where.deciding, texts)
    if where.remote and where.shared != where.deciding:
        deciding &= record_files.ids(repo, where.shared, texts)
    known = {where.upstream, where.shared} - {""}
    local: frozenset[str] = frozenset()
    for tip in {where.local, *known} - {""}:
        others = known - {tip}
        if others:
            # A branch that is merely behind has nothing to push: the one ahead has taken it back.
            local |= record_files.proposed(repo, tip, others, texts)
        elif not (where.remote and where.shared):
            local |= record_files.ids(repo, tip, texts)
    return deciding, local

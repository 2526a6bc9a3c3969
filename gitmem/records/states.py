"""The state of every flag: derived from sets of ids, never stored (docs/adr/0004) (pure, hot lane).

The caller reads the queue, the journal, the archive and the drain records.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.queue.lines import Conflict, DamagedLine

UNDRAINED = "undrained"
IN_REVIEW = "in review"
CARRIED = "carried"  # in review too, but on a feature branch instead of the review branch
ACCEPTED = "accepted"
DRAINED = "drained"


class Records:
    """The ids in all drain records, by place.

    ``deciding``: on the ref that decides. ``local``: on the local target. ``review``: on the
    review branch. ``carried``: on a feature branch that `close --here` used.
    """

    __slots__ = ("carried", "deciding", "local", "review")

    def __init__(
        self,
        deciding: Collection[str],
        local: Collection[str],
        review: Collection[str],
        carried: Collection[str] = (),
    ) -> None:
        self.deciding = deciding
        self.local = local
        self.review = review
        self.carried = carried

    def state(self, flag_id: str) -> str:
        """Return the state of one flag."""
        if flag_id in self.deciding:
            return DRAINED
        if flag_id in self.local:
            return ACCEPTED
        if flag_id in self.review:
            return IN_REVIEW
        if flag_id in self.carried:
            return CARRIED
        return UNDRAINED


class State:
    """Every known flag by state, in queue order, with drained flags that are still queued.

    ``journaled``: ids not on the queue branch yet. ``healed``: ids that were pruned and whose record
    is gone again. ``damaged``: lines that cannot be parsed. ``unreadable``: ids of damaged lines that
    are not drained. ``conflicts``: ids with two different lines; ``disputed``: the ids among them
    that this clone's journal does not hold.
    """

    __slots__ = (
        "by_state", "conflicts", "damaged", "disputed", "healed", "journaled", "unreadable",
    )  # fmt: skip

    def __init__(
        self,
        by_state: Mapping[str, Sequence[Flag]],
        *,
        journaled: Sequence[str],
        healed: Sequence[str],
        damaged: Sequence[DamagedLine],
        unreadable: Sequence[str],
        conflicts: Mapping[str, Conflict],
    ) -> None:
        self.by_state = by_state
        self.journaled = journaled
        self.healed = healed
        self.damaged = damaged
        self.unreadable = unreadable
        self.conflicts = conflicts
        self.disputed: Collection[str] = ()

    @property
    def undrained(self) -> Sequence[Flag]:
        """Flags without any record."""
        return self.by_state[UNDRAINED]

    @property
    def drainable(self) -> Sequence[Flag]:
        """Undrained flags whose line is not disputed."""
        return [flag for flag in self.undrained if flag.id not in self.disputed]

    @property
    def in_review(self) -> Sequence[Flag]:
        """Flags whose record is only proposed: on the review branch or on a feature branch."""
        return [*self.proposed, *self.carried]

    @property
    def proposed(self) -> Sequence[Flag]:
        """Flags whose record is on the review branch only."""
        return self.by_state[IN_REVIEW]

    @property
    def carried(self) -> Sequence[Flag]:
        """Flags whose record is only on a feature branch and lands with it."""
        return self.by_state[CARRIED]

    @property
    def accepted(self) -> Sequence[Flag]:
        """Flags whose record is on the local target but not on its upstream."""
        return self.by_state[ACCEPTED]

    @property
    def open(self) -> list[Flag]:
        """Flags that have not landed everywhere."""
        return [*self.undrained, *self.in_review, *self.accepted]


def derive(
    *,
    queue: Mapping[str, Flag],
    journal: Mapping[str, Flag],
    archive: Mapping[str, Flag],
    records: Records,
    damaged: Sequence[DamagedLine],
    conflicts: Mapping[str, Conflict] | None = None,
) -> State:
    """Put every flag into exactly one state.

    Of two lines with one id the journal's counts, because this clone wrote it. An archived flag counts
    only when its record is no longer on the deciding ref: a reverted landing brings it back.
    """
    live = {**queue, **journal}
    healed = [key for key in archive if key not in live and records.state(key) == UNDRAINED]
    by_state: dict[str, list[Flag]] = {
        state: [] for state in (UNDRAINED, IN_REVIEW, CARRIED, ACCEPTED, DRAINED)
    }
    for key, flag in live.items():
        by_state[records.state(key)].append(flag)
    for key, flag in archive.items():
        if key not in live and records.state(key) != DRAINED:
            by_state[records.state(key)].append(flag)
    # A line is in the journal and on the branch; it is one flag.
    unreadable = list(
        dict.fromkeys(
            line.flag_id
            for line in damaged
            if line.flag_id and line.flag_id not in live and line.flag_id not in records.deciding
        )
    )
    state = State(
        by_state,
        journaled=[key for key in journal if key not in queue],
        healed=healed,
        damaged=damaged,
        unreadable=unreadable,
        conflicts=conflicts or {},
    )
    state.disputed = [key for key in state.conflicts if key not in journal]
    return state

"""Boundaries that a client's transcripts show, and which of them no hook saw (pure, hot lane)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    #: For each kind of boundary the events whose hooks see it, and how many seconds before and
    #: after its row they end.
    SeenBy = Mapping[str, tuple[Collection[str], int, int]]

COMMIT = "commit"
AGENT = "sub-agent"
BACKGROUND = "background sub-agent"
COMPACTION = "compaction"
TURN = "turn end"
POLLED = "polled sub-agent"
TASK = "completed task"
BATCH = "tool batch"
PROMPT = "prompt"
SAID = "words inside a turn"


class ShownBoundary:
    """One boundary: its kind, when (seconds since 1970; 0: unknown), a detail and keys.

    The detail is a commit's name as the client shortened it, an agent's id, what started a
    compaction, or the id of a turn's last message. The keys are what the client calls it to its
    hooks as well: ids of tool calls, or a prompt's; none where the row does not tell.
    """

    __slots__ = ("at", "detail", "keys", "kind")

    def __init__(self, kind: str, at: int, detail: str, keys: Sequence[str] = ()) -> None:
        self.kind = kind
        self.at = at
        self.detail = detail
        self.keys = keys


class Transcripts:
    """The ability to look at the end of a client's newest transcripts."""

    __slots__ = ()

    seen_by: SeenBy

    def recent(
        self, transcript: str, since: int, top: str
    ) -> Iterator[tuple[str, list[ShownBoundary]]]:
        """Yield the newest sessions whose transcripts changed since a moment, with their boundaries.

        ``transcript`` is the current session's: the others are found from it. Only what was done in
        the work tree ``top`` counts. Bounded in what it reads: a boot waits for it.
        """
        raise NotImplementedError

    def last_said(self, transcript: str, session: str, top: str) -> list[str]:
        """Return what the person said last in a session, oldest first, a few texts at most.

        That is its last prompts since the last nudge, and what was said inside their turns. ``transcript`` is the current
        session's. Only what was said in the work tree ``top`` counts; none where the transcript does not tell.
        """
        del transcript, session, top
        return []


def unseen(
    boundaries: Iterable[ShownBoundary], fired: Sequence[tuple[int, str, str]], seen_by: SeenBy
) -> list[ShownBoundary]:
    """Return the boundaries that no hook of their kind saw; ``fired`` are times, events and keys.

    A hook that names the boundary's key saw it. Where a line of the ledger has none (written by an
    older gitmem), it saw the one boundary of a kind that is nearest in time.
    """
    told = {(event, key) for _, event, key in fired if key}
    found: dict[str, _Nearest] = {}
    missed = []
    for one in boundaries:
        events, before, after = seen_by[one.kind]
        if any((event, key) in told for event in events for key in one.keys):
            continue
        if one.kind not in found:
            found[one.kind] = _Nearest(fired, events)
        if not found[one.kind].take(one.at, before, after, keyless=bool(one.keys)):
            missed.append(one)
    return missed


class _Nearest:
    """The hooks for boundaries of one kind; each has seen at most one of them.

    In order of time, with ways past those that are used, so that a hook costs no more in a session of
    many.
    """

    def __init__(self, fired: Sequence[tuple[int, str, str]], events: Collection[str]) -> None:
        rows = sorted(
            (at, place, not key) for place, (at, event, key) in enumerate(fired) if event in events
        )
        # Those without a key alone, and all: a boundary that has a key is for the former only.
        self._lists = [
            _Free([row for row in rows if row[2]]),
            _Free(rows),
        ]

    def take(self, at: int, before: int, after: int, *, keyless: bool) -> bool:
        """Use up the nearest hook between ``at - before`` and ``at + after``; return whether there is one."""
        found = self._lists[0 if keyless else 1].nearest(at, before, after)
        if found is None:
            return False
        for one in self._lists:
            one.use(found)
        return True


class _Free:
    """Moments in order; finds the nearest free one past those that are used."""

    def __init__(self, rows: Sequence[tuple[int, int, bool]]) -> None:
        self._rows = rows
        self._at = {row[1]: number for number, row in enumerate(rows, 1)}
        # For each row, and one before and behind them, the nearest free one on that side.
        self._left = list(range(len(rows) + 2))
        self._right = list(range(len(rows) + 2))

    def nearest(self, at: int, before: int, after: int) -> int | None:
        """Return the place of the free moment nearest to ``at``; None where none is near enough."""
        start = self._first(at)
        near = []
        for number in (_root(self._left, start - 1), _root(self._right, start)):
            if 0 < number <= len(self._rows):
                moment, place, _ = self._rows[number - 1]
                if -before <= moment - at <= after:
                    near.append((abs(moment - at), place))
        return min(near)[1] if near else None

    def use(self, place: int) -> None:
        """Take a moment out, if it is one of these."""
        number = self._at.get(place)
        if number:
            self._left[number] = number - 1
            self._right[number] = number + 1

    def _first(self, at: int) -> int:
        """The number of the first row at or behind a moment; one behind them where there is none."""
        low, high = 1, len(self._rows) + 1
        while low < high:
            middle = (low + high) // 2
            if self._rows[middle - 1][0] < at:
                low = middle + 1
            else:
                high = middle
        return low


def _root(way: list[int], number: int) -> int:
    """Where a way leads in the end; every step of it is shortened for the next look."""
    while way[number] != number:
        way[number] = way[way[number]]
        number = way[number]
    return number

"""Which lines of memory hooks showed in this clone, as the ledger tells it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.core import quantities
from gitmem.git import local
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_MARK = b'"shown":['
_MOST = 8 << 20  # bytes of one file, from its end: twice the size at which a ledger is put aside


@dataclass(frozen=True, slots=True, kw_only=True)
class LineShowings:
    """How often a line was shown, in which sessions, when last (ISO 8601), and by which triggers."""

    count: int = 0
    sessions: frozenset[str] = frozenset()
    last: str = ""
    triggers: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Showing:
    """One showing: when, in which session (empty: not known), why, and the keys of its lines."""

    at: str
    session: str
    trigger: str
    keys: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Showings:
    """All showings of the ledger, oldest first; ``since`` is the time of the ledger's first line."""

    all: tuple[Showing, ...]
    since: str

    def of(self, keys: Iterable[str]) -> LineShowings:
        """Return what is known of the line that has these keys: its flags' ids and its digest."""
        wanted = set(keys)
        mine = [one for one in self.all if not wanted.isdisjoint(one.keys)]
        return LineShowings(
            count=len(mine),
            sessions=frozenset(one.session for one in mine if one.session),
            last=max((one.at for one in mine), default=""),
            triggers=Counter(one.trigger for one in mine),
        )

    @property
    def keys(self) -> frozenset[str]:
        """The keys of all lines that were ever shown."""
        return frozenset(key for one in self.all for key in one.keys)


def read(folder: str) -> Showings:
    """Return the showings in both files of the ledger; ``folder`` is gitmem's own. Raises OSError.

    Torn and foreign lines are passed over.
    """
    since = ""
    found: list[Showing] = []
    for name in ledger.NAMES:
        lines = local.read_tail(f"{folder}/{name}", _MOST).splitlines()
        since = since or next(_times(lines), "")
        found += [one for line in lines if _MARK in line and (one := _showing(line))]
    return Showings(all=tuple(found), since=since)


def sentence(shown: LineShowings) -> str:
    """Return ``shown 41 times in 12 sessions``; empty for a line that was never shown."""
    if not shown.count:
        return ""
    sessions = len(shown.sessions)
    within = f" in {quantities.count(sessions, 'session')}" if sessions else ""
    return f"shown {quantities.count(shown.count, 'time')}{within}"


def answer(shown: LineShowings) -> dict[str, object]:
    """Return the same for a program."""
    return {
        "times": shown.count,
        "sessions": len(shown.sessions),
        "last": shown.last or None,
        "triggers": dict(sorted(shown.triggers.items())),
    }


def _showing(line: bytes) -> Showing | None:
    entry = ledger.entry(line)
    keys = entry.get("shown")
    if not isinstance(keys, list):
        return None
    named = tuple(key for key in keys if isinstance(key, str))
    at, session, trigger = (
        value if isinstance(value := entry.get(name), str) else ""
        for name in ("at", "session", "trigger")
    )
    if not named or quantities.seconds(at) is None:
        return None
    return Showing(at=at, session=session, trigger=trigger, keys=named)


def _times(lines: Iterable[bytes]) -> Iterator[str]:
    """The times of the lines that have one."""
    for line in lines:
        at = ledger.entry(line).get("at")
        if isinstance(at, str) and quantities.seconds(at) is not None:
            yield at

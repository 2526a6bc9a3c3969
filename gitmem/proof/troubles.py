"""What went wrong lately, as the hooks' own record has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitmem.core import quantities
from gitmem.core.quantities import count
from gitmem.session import close_entry, ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Closes and syncs have lines of their own there; one in a terminal says nothing about a hook.
RUNS = (close_entry.EVENT, close_entry.SYNC)
_TAIL = 200_000  # bytes of the ledger that are looked at


class Trouble(NamedTuple):
    """What went wrong, when (ISO 8601), and what to do."""

    said: str
    at: str
    hint: str


def recent_entries(folder: str) -> list[dict[str, object]]:
    """Return the last lines of the ledger in gitmem's folder, oldest first."""
    return [entry for line in ledger.tail(folder, _TAIL) if (entry := ledger.entry(line))]


def troubles(entries: Sequence[Mapping[str, object]], now: float) -> list[Trouble]:
    """Return what the lines of a ledger (oldest first) say went wrong: hooks that failed, the last run if it did.

    ``now`` is in seconds since 1970.
    """
    hooks = [entry for entry in entries if entry.get("event") not in RUNS and entry.get("error")]
    runs = [entry for entry in entries if entry.get("event") in RUNS]
    found = []
    if hooks:
        last = hooks[-1]
        said = f"{count(len(hooks), 'hook')} failed; the last was {_which(last, now)}"
        found.append(Trouble(said, str(last.get("at", "")), "gitmem doctor --fire tries them"))
    if runs and runs[-1].get("error"):
        last = runs[-1]
        said = f"the last {last.get('event')} failed, {_when(last, now)}: {last['error']}"
        found.append(Trouble(said, str(last.get("at", "")), "gitmem audit shows every close"))
    return found


def _which(entry: Mapping[str, object], now: float) -> str:
    return f"{entry.get('event')}, {_when(entry, now)}: {entry['error']}"


def _when(entry: Mapping[str, object], now: float) -> str:
    return quantities.since(str(entry.get("at", "")), now)

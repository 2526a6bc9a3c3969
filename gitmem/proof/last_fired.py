"""What of a client fired last, at each event that its hooks are installed for (pure).

From the ledger: a hook that is wired and never runs is seen here, whatever the settings files say.
A module of its own because it reads the ledger, and `gitmem.proof.wiring` reads files.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core import quantities
from gitmem.proof.finding import Finding, ok

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence


def look(
    entries: Sequence[Mapping[str, object]], client: str, events: Collection[str], now: float
) -> list[Finding]:
    """Return when each event last fired; none where no hook of any client has run.

    ``entries`` are lines of the ledger, oldest first; ``now`` is in seconds since 1970.
    """
    last = {
        str(entry.get("event")): str(entry.get("at", ""))
        for entry in entries
        if entry.get("client") == client
    }
    if not last:
        others = any(entry.get("client") for entry in entries)
        return [ok("fired last", "no hook of this client has run in this clone yet")] * others
    times: dict[str, list[str]] = {}
    for event in sorted(last.keys() & events, key=last.__getitem__, reverse=True):
        times.setdefault(quantities.since(last[event], now), []).append(event)
    parts = [f"{when}: {', '.join(names)}" for when, names in times.items()]
    silent = sorted(set(events) - last.keys())
    if silent:
        parts.append(f"not seen: {', '.join(silent)}")
    return [ok("fired last", "; ".join(parts))]

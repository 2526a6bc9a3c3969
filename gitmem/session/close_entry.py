"""The ledger lines of a close and a sync: what was configured, and what went wrong."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.session.ledger import DETACHED

__all__ = [
    "DETACHED",
    "EVENT",
    "INLINE",
    "LONGEST",
    "SYNC",
    "CloseSettings",
    "entry",
    "failed_entry",
    "left_entry",
    "sync_entry",
    "with_sync",
]

if TYPE_CHECKING:
    from gitmem.core.errors import GitmemError

EVENT = "close"
SYNC = "sync"  # the event of a sync without a close, and what holds its sentence in a close's line
INLINE = "inline"
LONGEST = 500  # characters of an error


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseSettings:
    """How a close is configured: ``how`` it runs, which session started it, and on whose words.

    ``engine`` and ``model`` are the person's settings (empty: unset), ``why`` says what chose the
    engine, ``workers`` is how many questions can be asked at once.
    """

    how: str
    session: str = ""
    client: str = ""
    engine: str = ""
    model: str = ""
    why: str = ""
    workers: int = 0


def failed_entry(settings: CloseSettings, error: GitmemError, seconds: float) -> dict[str, object]:
    """Return the ledger line of a close that failed."""
    hint = f" ({error.hint})" if error.hint else ""
    fields: dict[str, object] = {
        "code": error.exit_code,
        "error": f"{error.message}{hint}"[:LONGEST],
    }
    return entry(settings, "failed", seconds, fields)


def left_entry(settings: CloseSettings) -> dict[str, object]:
    """Return the ledger line of a detached close that left its work to one that waits already."""
    return entry(settings, "left it to another", 0.0, {})


def with_sync(entry: dict[str, object], sentence: str) -> dict[str, object]:
    """Return the ledger line of a close with what its sync came to; unchanged by an empty sentence."""
    return {**entry, SYNC: sentence[:LONGEST]} if sentence else entry


def sync_entry(settings: CloseSettings, sentence: str, seconds: float) -> dict[str, object]:
    """Return the ledger line of a sync that a session's end started without a close."""
    return {
        "client": settings.client,
        "event": SYNC,
        "session": settings.session,
        "did": sentence[:LONGEST],
        "ms": round(seconds * 1000, 1),
        "how": settings.how,
    }


def entry(
    settings: CloseSettings, did: str, seconds: float, fields: dict[str, object]
) -> dict[str, object]:
    """Return the fields of every such line, with the ones given."""
    return {
        "client": settings.client,
        "event": EVENT,
        "session": settings.session,
        "did": did,
        "ms": round(seconds * 1000, 1),
        "how": settings.how,
        "configured": settings.engine,
        "configured_model": settings.model,
        "why": settings.why,
        "wanted": settings.workers,
        **fields,
    }

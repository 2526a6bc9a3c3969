"""What the ledger keeps of a close: what was configured, and what really ran."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.engine.close_words import DETACHED

if TYPE_CHECKING:
    from gitmem.domain.errors import GitmemError
    from gitmem.engine.close import Closed

__all__ = [
    "DETACHED",
    "EVENT",
    "INLINE",
    "SYNC",
    "Asked",
    "closed_entry",
    "failed_entry",
    "left_entry",
    "sync_entry",
    "with_sync",
]

EVENT = "close"
SYNC = "sync"  # the event of a sync without a close, and what holds its sentence in a close's line
INLINE = "inline"
_LONGEST = 500  # characters of an error


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a close was to be: ``how`` it runs, in answer to which session, on whose words.

    ``engine`` and ``model`` are the person's settings (empty: unset), ``why`` says what chose the
    engine, ``workers`` is how many questions might be asked at once.
    """

    how: str
    session: str = ""
    client: str = ""
    engine: str = ""
    model: str = ""
    why: str = ""
    workers: int = 0


def closed_entry(asked: Asked, closed: Closed, seconds: float) -> dict[str, object]:
    """The ledger line of a close that came to an end by itself."""
    run = closed.run
    did = f"drained {closed.flags}" if closed.commit else "drained nothing"
    ran: dict[str, object] = {
        "engine": run.engine,
        "model": run.model,
        "asked": run.asked,
        "workers": run.workers,
        "in_flight": run.in_flight,
        "questions": run.questions,
    }
    left: dict[str, object] = {"left": len(closed.left)} if closed.left else {}
    if closed.left:
        left["reason"] = closed.left[0].reason[:_LONGEST]
    where = {"drain": closed.drain, "branch": closed.branch} if closed.commit else {}
    return _entry(asked, did, seconds, {**ran, "flags": closed.flags, **where, **left})


def failed_entry(asked: Asked, error: GitmemError, seconds: float) -> dict[str, object]:
    """The ledger line of a close that failed."""
    hint = f" ({error.hint})" if error.hint else ""
    fields: dict[str, object] = {
        "code": error.exit_code,
        "error": f"{error.message}{hint}"[:_LONGEST],
    }
    return _entry(asked, "failed", seconds, fields)


def left_entry(asked: Asked) -> dict[str, object]:
    """The ledger line of a detached close that left its work to the one that waits already."""
    return _entry(asked, "left it to another", 0.0, {})


def with_sync(entry: dict[str, object], sentence: str) -> dict[str, object]:
    """The ledger line of a close with what its sync came to; unchanged by an empty sentence."""
    return {**entry, SYNC: sentence[:_LONGEST]} if sentence else entry


def sync_entry(asked: Asked, sentence: str, seconds: float) -> dict[str, object]:
    """The ledger line of a sync that a session's end started without a close."""
    return {
        "client": asked.client,
        "event": SYNC,
        "session": asked.session,
        "did": sentence[:_LONGEST],
        "ms": round(seconds * 1000, 1),
        "how": asked.how,
    }


def _entry(asked: Asked, did: str, seconds: float, fields: dict[str, object]) -> dict[str, object]:
    return {
        "client": asked.client,
        "event": EVENT,
        "session": asked.session,
        "did": did,
        "ms": round(seconds * 1000, 1),
        "how": asked.how,
        "configured": asked.engine,
        "configured_model": asked.model,
        "why": asked.why,
        "wanted": asked.workers,
        **fields,
    }

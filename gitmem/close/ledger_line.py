"""The ledger's line for a close that ended by itself: what really ran."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.session.close_entry import LONGEST, entry

if TYPE_CHECKING:
    from gitmem.close.close import CloseResult
    from gitmem.session.close_entry import CloseSettings


def closed_entry(settings: CloseSettings, closed: CloseResult, seconds: float) -> dict[str, object]:
    """Return the fields of the line; ``seconds`` is how long the close took."""
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
        left["reason"] = closed.left[0].reason[:LONGEST]
    where = {"drain": closed.drain, "branch": closed.branch} if closed.commit else {}
    return entry(settings, did, seconds, {**ran, "flags": closed.flags, **where, **left})

"""What became of the closes that sessions' ends started (hot lane; see `gitmem.boundaries.lookback`)."""

from __future__ import annotations

from gitmem.boundaries import background_words as close_words
from gitmem.boundaries import flight
from gitmem.boundaries import lookback_state as lookback
from gitmem.core import age
from gitmem.session import ledger, sessions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.boundaries.lookback_state import Lookback

_STARTED = 30  # seconds within which a close that was started has begun


def sentences(folder: str, state: Lookback, lines: Sequence[bytes], now: int) -> list[str]:
    """One sentence for each close that did something, failed, or is not heard of any more.

    ``lines`` are those of the ledger that tell of a start or an outcome, in order.
    """
    said = []
    for line in lines:
        entry = ledger.entry(line)
        session = sessions.name(str(entry.get("session", "")))
        if entry.get("event") != "close":
            state.closes[session] = age.seconds(str(entry.get("at", ""))) or now
        elif entry.get("how") == ledger.DETACHED:
            state.closes.pop(session, None)
            words = close_words.outcome(entry)
            failed = "error" in entry
            if words and not (failed and lookback.said_lately(state, now, _failure(entry))):
                said.append(words)
    return [*said, *_unfinished(folder, state, now)]


def _failure(entry: dict[str, object]) -> str:
    """The same for the same failure in another session."""
    return f"close {entry.get('error')}"


def _unfinished(folder: str, state: Lookback, now: int) -> list[str]:
    if not state.closes:
        return []
    if flight.Flight(folder).under_way():
        return ["a close is still at work in the background"]
    lost = [session for session, at in state.closes.items() if now - at > _STARTED]
    for session in lost:
        del state.closes[session]
    started = "the close that the end of session"
    ended = "started ended without a word; its flags stay queued"
    return [f"{started} {session[:8]} {ended}" for session in lost]

"""What a boot says of the closes and syncs that ran in the background (hot lane)."""

from __future__ import annotations

from gitmem.boundaries.background import NOT_SYNCED, under_way
from gitmem.core import quantities
from gitmem.core.jsonline import figure
from gitmem.session import ledger, session_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


_STARTED = 30  # seconds within which a close that was started has begun


def of_closes(
    folder: str,
    closes: dict[str, int],
    lines: Sequence[bytes],
    now: int,
    said_lately: Callable[[str], bool],
) -> list[str]:
    """Return one sentence for each close that did something, failed, or ended without a word.

    ``closes`` says when the session ends started those that are not heard of yet, and is kept up to date;
    ``lines`` are those of the ledger that tell of a start or an outcome, in order; ``said_lately`` whether a
    failure was said already.
    """
    said = []
    for line in lines:
        entry = ledger.entry(line)
        session = session_file.name(str(entry.get("session", "")))
        if entry.get("event") != "close":
            closes[session] = quantities.seconds(str(entry.get("at", ""))) or now
        elif entry.get("how") == ledger.DETACHED:
            closes.pop(session, None)
            words = outcome(entry)
            failed = "error" in entry
            if words and not (failed and said_lately(_failure(entry))):
                said.append(words)
    return [*said, *_unfinished(folder, closes, now)]


def outcome(entry: Mapping[str, object]) -> str:
    """Return a sentence about a ledger line of such a close; empty when it had nothing to do."""
    start = f"the close after session {str(entry.get('session'))[:8]}"
    if "error" in entry:
        return f"{start} failed, and its flags stay queued: {entry['error']}"
    flags, left = _count(entry, "flags"), _count(entry, "left")
    stays = f"{quantities.count(left, 'flag')} {'stays' if left == 1 else 'stay'} queued"
    why = f" ({entry['reason']})" if entry.get("reason") else ""
    if not flags:
        return f"{start} filed nothing: {stays}{why}" if left else ""
    model = f", {entry['model']}" if entry.get("model") else ""
    done = f"{start} put {quantities.count(flags, 'flag')} into review (engine {entry.get('engine')}{model})"
    return f"{done}; {stays}{why}" if left else done


def not_synced(entry: Mapping[str, object]) -> str:
    """Return a sentence about a ledger line that tells of a sync; empty when it went well."""
    told = str(entry.get("sync") or entry.get("did") or "")
    if not told.startswith(NOT_SYNCED):
        return ""
    start = f"the queue was not shared after session {str(entry.get('session'))[:8]}"
    return f"{start}: {told.partition(': ')[2]}. Nothing is lost; to try again: gitmem sync"


def _failure(entry: dict[str, object]) -> str:
    """Return words that are equal for the same failure in another session."""
    return f"close {entry.get('error')}"


def _unfinished(folder: str, closes: dict[str, int], now: int) -> list[str]:
    if not closes:
        return []
    if under_way(folder):
        return ["a close is still at work in the background"]
    lost = [session for session, at in closes.items() if now - at > _STARTED]
    for session in lost:
        del closes[session]
    started = "the close that the end of session"
    ended = "started ended without a word; its flags stay queued"
    return [f"{started} {session[:8]} {ended}" for session in lost]


def _count(entry: Mapping[str, object], name: str) -> int:
    return int(figure(entry.get(name)))

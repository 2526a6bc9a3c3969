"""What a boot says of a close or sync that ran in the background (hot lane)."""

from __future__ import annotations

from gitmem.core import plural
from gitmem.core.jsonline import figure

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NOT_SYNCED = "not synced"  # what the sentence about a sync that failed begins with


def outcome(entry: Mapping[str, object]) -> str:
    """A sentence about a ledger line of such a close; empty when it had nothing to do."""
    start = f"the close after session {str(entry.get('session'))[:8]}"
    if "error" in entry:
        return f"{start} failed, and its flags stay queued: {entry['error']}"
    flags, left = _count(entry, "flags"), _count(entry, "left")
    stays = f"{plural.count(left, 'flag')} {'stays' if left == 1 else 'stay'} queued"
    why = f" ({entry['reason']})" if entry.get("reason") else ""
    if not flags:
        return f"{start} filed nothing: {stays}{why}" if left else ""
    model = f", {entry['model']}" if entry.get("model") else ""
    done = f"{start} put {plural.count(flags, 'flag')} into review (engine {entry.get('engine')}{model})"
    return f"{done}; {stays}{why}" if left else done


def not_synced(entry: Mapping[str, object]) -> str:
    """A sentence about a ledger line that tells of a sync; empty when it went well."""
    told = str(entry.get("sync") or entry.get("did") or "")
    if not told.startswith(NOT_SYNCED):
        return ""
    start = f"the queue was not shared after session {str(entry.get('session'))[:8]}"
    return f"{start}: {told.partition(': ')[2]}. Nothing is lost; to try again: gitmem sync"


def _count(entry: Mapping[str, object], name: str) -> int:
    return int(figure(entry.get(name)))

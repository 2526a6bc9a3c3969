"""Claude Code: its hook payloads as events, actions as its answers (hot lane).

Shapes as recorded from the client, version 2.1.328 (`tests/data/claude-code/`). Only PostToolBatch
and SessionStart may add context; nothing is ever blocked.
"""

from __future__ import annotations

from gitmem.domain import boundary
from gitmem.domain.jsonline import dumps

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "claude-code"

_KINDS = {
    "SessionStart": boundary.BOOT,
    "PostToolUse": boundary.TOOL,
    "PostToolBatch": boundary.BATCH,
    "SessionEnd": boundary.END,
}


def parse(payload: Mapping[str, object], name: str) -> boundary.Event:
    """The event of one payload; ``name`` is the event's name when the payload has none."""
    event = _text(payload, "hook_event_name") or name
    duration = payload.get("duration_ms")
    return boundary.Event(
        _KINDS.get(event, boundary.OTHER),
        client=NAME,
        name=event,
        session=_text(payload, "session_id"),
        cwd=_text(payload, "cwd"),
        agent=_text(payload, "agent_id"),
        detail=_text(payload, "source") or _text(payload, "reason"),
        seconds=duration / 1000 if isinstance(duration, int | float) else 0.0,
    )


def answer(event: boundary.Event, *, person: str, model: str) -> str:
    """The JSON the client reads from stdout; empty when there is nothing to say."""
    if not person and not model:
        return ""
    said: dict[str, object] = {}
    if person:
        said["systemMessage"] = person
    if model:
        said["hookSpecificOutput"] = {"hookEventName": event.name, "additionalContext": model}
    return dumps(said)


def session(environ: Mapping[str, str]) -> dict[str, str]:
    """What the environment of a command started by this client says: session and client."""
    if not environ.get("CLAUDECODE"):
        return {}
    return {"session": environ.get("CLAUDE_CODE_SESSION_ID", "")[:100], "client": NAME}


def _text(payload: Mapping[str, object], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""

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
        calls=_calls(payload),
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


def _calls(payload: Mapping[str, object]) -> list[tuple[str, str]]:
    """Tool and shell command of the call, or of every call of a batch.

    A batch also lists the calls that failed, which have no PostToolUse of their own.
    """
    batch = payload.get("tool_calls")
    calls = batch if isinstance(batch, list) else [payload]
    return [_call(call) for call in calls if isinstance(call, dict) and "tool_name" in call]


def _call(call: Mapping[str, object]) -> tuple[str, str]:
    given = call.get("tool_input")
    return _text(call, "tool_name"), _text(given, "command") if isinstance(given, dict) else ""


def _text(payload: Mapping[str, object], key: str) -> str:
    value = payload.get(key)
    return value if isinstance(value, str) else ""

"""Clients that run Claude Code's settings file with payloads of nearly its shape (hot lane).

Copilot CLI 1.0.102 gives a hook's words to the model when they are a flat `additionalContext`, at
the start of a session and after a tool call, and ignores Claude Code's nested form; Cursor takes
the flat form too. Neither has an event for a whole batch, so the nudge follows the tool call.
"""

from __future__ import annotations

from gitmem.clients.claude_code import adapter as claude_code
from gitmem.core.jsonline import dumps
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEAKS = (boundary.BOOT, boundary.TOOL)
_HANDLED = (*_SPEAKS, boundary.END)


class Borrowed:
    """The adapter of one such client: see `gitmem.clients.claude_code.adapter` for its functions."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str]
    ) -> boundary.Event:
        """The event of one payload; ``name`` is the event's name when the payload has none."""
        event = claude_code.parse(payload, name, environ)
        event.client = self.name
        if event.kind not in _HANDLED:
            event.kind = boundary.OTHER  # a nudge there would count as said and never be heard
        conversation = payload.get("conversation_id")
        if not event.session and isinstance(conversation, str):
            event.session = conversation
        return event

    def answer(self, event: boundary.Event, *, person: str, model: str, ask: str = "") -> str:
        """The JSON such a client reads; empty at events whose words it would drop or misplace.

        Nobody but the model can be told here; what the model is told begins with the person's words.
        Nothing is asked: no guard speaks there, because no call is announced to gitmem.
        """
        del ask
        said = model or person
        return dumps({"additionalContext": said}) if said and event.kind in _SPEAKS else ""

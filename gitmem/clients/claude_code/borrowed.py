"""What clients have in common that run Claude Code's settings file (hot lane).

Copilot CLI 1.0.102 gives a hook's words to the model when they are a flat `additionalContext`, at
the start of a session and after a tool call, and ignores Claude Code's nested form; Cursor takes
the flat form too. Neither has an event for a whole batch, so the nudge follows the tool call.
"""

from __future__ import annotations

from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.client import Client
from gitmem.core.jsonline import dumps
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_SPEAKS = (boundary.BOOT, boundary.TOOL)
_HANDLED = (*_SPEAKS, boundary.END)


class Borrower(Client):
    """A client with Claude Code's payloads, and an answer of its own.

    Claude Code's other abilities are not its own; what `gitmem init` writes for Claude Code serves it.
    """

    __slots__ = ()

    batches = False
    hooked = CLIENT.hooked

    def plugin(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the plugin that started this hook; empty for a settings file."""
        return CLIENT.plugin(environ)

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event of one payload; one at which nothing can be said is of no kind."""
        event = CLIENT.parse(payload, name, environ)
        event.client = self.name
        event.can_hold = False
        if event.kind not in _HANDLED:
            event.kind = boundary.OTHER  # a nudge there would count as said and never be heard
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return the JSON that such a client reads; empty at events whose words it would drop.

        Only the model can be told here; what it is told begins with the person's words. Nothing is
        asked or held: no guard speaks there, because no call is announced to gitmem.
        """
        del ask, hold
        said = model or person
        return dumps({"additionalContext": said}) if said and event.kind in _SPEAKS else ""

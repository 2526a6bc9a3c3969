"""What clients have in common that run Claude Code's settings file (hot lane).

Copilot CLI 1.0.102 gives a hook's words to the model when they are a flat `additionalContext`, and ignores
Claude Code's nested form; Cursor takes the flat form too. Neither has an event for a whole batch, so the
nudge follows the tool call.
"""

from __future__ import annotations

from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.client import Client
from gitmem.core.jsonline import dumps
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping


class Borrower(Client):
    """A client with Claude Code's payloads, and an answer of its own.

    Claude Code's other abilities are not its own; what `gitmem init` writes for Claude Code serves it.
    ``speaks`` are the events at which it takes words, ``handled`` those at which gitmem has something to
    do, ``longest`` the characters of words that it takes.
    """

    __slots__ = ()

    batches = False
    timed = False
    hooked = CLIENT.hooked
    speaks: tuple[str, ...] = (boundary.BOOT, boundary.TOOL)
    handled: tuple[str, ...] = (*speaks, boundary.END)
    longest = 10_000

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
        if event.kind not in self.handled:
            event.kind = boundary.OTHER  # a nudge there would count as said and never be heard
        return event

    def answer(
        self, event: boundary.Event, *, person: str, model: str, ask: str = "", hold: str = ""
    ) -> str:
        """Return the JSON that such a client reads; empty at events whose words it would drop.

        Only the model can be told here; what it is told begins with the person's words. ``ask`` and
        ``hold`` come only where a call is announced to gitmem.
        """
        said: dict[str, object] = {}
        if (hold or ask) and event.kind == boundary.BEFORE:
            said["permissionDecision"] = "deny" if hold else "ask"
            said["permissionDecisionReason"] = (hold or ask)[: self.longest]
        if (model or person) and event.kind in self.speaks and not hold:
            said["additionalContext"] = (model or person)[: self.longest]
        return dumps(said) if said else ""

"""Cursor: it runs Claude Code's settings file (hot lane).

A folder of its own, however small: what gitmem knows of a client is in one place.
"""

from __future__ import annotations

from gitmem.clients.claude_code.borrowed import Borrower

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.session import boundary


class Cursor(Borrower):
    """Cursor, from its shipped code and its documentation; it was not run."""

    __slots__ = ()

    name = "cursor"
    title = "Cursor"

    def parse(
        self, payload: Mapping[str, object], name: str, environ: Mapping[str, str] | None = None
    ) -> boundary.Event:
        """Return the event; its session is the conversation, where the payload names no other."""
        event = super().parse(payload, name, environ)
        conversation = payload.get("conversation_id")
        if not event.session and isinstance(conversation, str):
            event.session = conversation
        return event


CLIENT = Cursor()

"""Words of servers and programs, made fit for one printed line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters; enough for a sentence, and for no page.
LENGTH = 200

#: A shorter secret is more likely a word than a secret, and would blank the words around it.
_SECRET = 8


def printable(text: str, secrets: Iterable[str] = ()) -> str:
    """The text as one line of at most 200 visible characters, each of the secrets blanked out."""
    for secret in secrets:
        if len(secret) >= _SECRET:
            text = text.replace(secret, "[secret]")
    line = visible(" ".join(text.split()))
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"

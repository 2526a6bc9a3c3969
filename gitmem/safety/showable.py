"""Whether a line of memory may be said to a model as it is (pure)."""

from __future__ import annotations

from gitmem.safety.active import find_active
from gitmem.safety.text import find_hidden


def showable(text: str) -> bool:
    """Return whether nothing in a line hides, or is something that a client acts on."""
    return not (find_hidden(text.strip("\r\n").replace("\t", " ")) or find_active(text.strip()))

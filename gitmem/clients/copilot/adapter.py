"""Copilot CLI: it runs Claude Code's settings file (hot lane).

A folder of its own, however small: what gitmem knows of a client is in one place.
"""

from __future__ import annotations

from gitmem.clients.claude_code.borrowed import Borrower


class Copilot(Borrower):
    """Copilot CLI 1.0.102."""

    __slots__ = ()

    name = "copilot"
    title = "Copilot CLI"
    imports = True
    reads = (("CLAUDE.md",), ("AGENTS.md",))


CLIENT = Copilot()

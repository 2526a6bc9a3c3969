"""Whether a shell command failed, as Gemini CLI 0.61.0 writes below its output (pure, hot lane).

A module of its own because the adapter and its transcripts both ask, and most calls need not.
"""

from __future__ import annotations

_SAYS = ("Exit Code: ", "Signal: ")
# Other rows behind the output.
_BEHIND = ("Background PIDs: ", "Process Group PGID: ", "</untrusted_context>")


def failed(shown: str) -> bool:
    """Return whether the client says that it failed: behind the output, in rows of the client's own."""
    for row in reversed(shown.split("\n")):
        if row.startswith(_SAYS):
            return True
        if not row.startswith(_BEHIND):
            break
    return False

"""The files that a patch changes, in the form of the tool `apply_patch` (pure, hot lane).

A module of its own because most calls are none.
"""

from __future__ import annotations

_NAMED = ("*** Update File: ", "*** Add File: ", "*** Delete File: ", "*** Move to: ")
_MOST = 20  # files of one patch that are looked at


def edits(patch: str) -> list[tuple[str, str]]:
    """Return a call of a tool that edits a file for each file of a patch, the first of them; empty for no patch."""
    found = [row.partition(": ")[2].strip() for row in patch.split("\n") if row.startswith(_NAMED)]
    return [("Edit", name) for name in found[:_MOST] if name]

"""Flags with two different lines, for a program.

A module of its own because `status` needs no more of what `check` reports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.queue.lines import Conflict


def conflicts(clashes: Iterable[Conflict]) -> list[dict[str, str]]:
    """Return each with both lines, verbatim, and where they stand; the first one counts here."""
    return [
        {
            "id": one.flag_id,
            "line": one.first,
            "where": one.here,
            "other": one.other,
            "other_where": one.there,
        }
        for one in clashes
    ]

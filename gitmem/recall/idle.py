"""The landed lines that no hook of this clone showed for long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core import quantities
from gitmem.recall.line import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.recall.line import LandedLine
    from gitmem.session.showings import Showings

DAYS = 30
"""Days; a younger line had too few sessions to be shown in. A session's file is kept as long."""
_DAY = 86_400


def idle(
    lines: Iterable[LandedLine], shown: Showings, now: float, *, ever: bool = False
) -> list[LandedLine]:
    """Return the lines older than `DAYS` that were not shown within them, the oldest first.

    With ``ever``: that were never shown, as far as the ledger goes back. None where the ledger has no
    showing at all: it then says nothing about any line. A line that no flag made has no age and is
    left out, and so is a pending item, which no hook shows.
    """
    if not shown.all:
        return []
    begin = now - DAYS * _DAY
    recent = [one for one in shown.all if ever or (quantities.seconds(one.at) or 0) >= begin]
    keys = {key for one in recent for key in one.keys}
    found = [
        line
        for line in lines
        if line.kind is not Kind.PENDING
        and (at := quantities.seconds(line.at)) is not None
        and at < begin
        and keys.isdisjoint(line.keys)
    ]
    return sorted(found, key=lambda line: line.at)

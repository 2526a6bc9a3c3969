"""A whole transcript of one JSON object a row, read for an audit: what clients have in common.

A row of an unknown kind is counted, and the first of each kind is kept as a sample; it is never an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.core import quantities
from gitmem.core.jsonline import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitmem.clients.transcripts import ShownBoundary

_SAMPLE = 160  # characters
_NUDGE = "gitmem, after "
_SHOWING = "gitmem: notes of this repository"


@dataclass(slots=True, kw_only=True)
class RowConversation(SessionTranscript):
    """A session's transcript, taken in row by row.

    A client says which kinds of rows it knows (``knows``), and what a row shows (``shown``), which may also
    fill in the session, its folder and its versions.
    """

    def knows(self, kind: str) -> bool:
        """Return whether rows of the kind are understood."""
        raise NotImplementedError

    def shown(self, row: Mapping[str, object], at: int) -> Iterable[ShownBoundary]:
        """Return the boundaries that a row of a known kind shows; ``at`` is its time."""
        raise NotImplementedError

    def take(self, raw: bytes) -> None:
        """Take in one row."""
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            self.damaged += 1
            return
        at = quantities.seconds(text_of(row, "timestamp")[:19] + "Z") or 0
        if not at:
            return
        self.began = self.began or at
        self.ended = max(self.ended, at)
        kind = text_of(row, "type")
        if self.knows(kind):
            self.boundaries += self.shown(row, at)
            return
        sample = raw[:_SAMPLE].decode("utf-8", "replace")
        known = self.unknown.setdefault(kind[:_SAMPLE], UnknownRows(count=0, sample=sample))
        known.count += 1

    def heard(self, words: str) -> None:
        """Count gitmem's words that reached the model: a nudge, lines of memory."""
        self.nudges += _NUDGE in words
        self.showings += _SHOWING in words


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

"""A whole transcript of one JSON object a row, read for an audit: what clients have in common.

A row of an unknown kind is counted, and the first of each kind is kept as a sample; it is never an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.clients.abilities import SessionTranscript, UnknownRows
from gitmem.clients.transcript_rows import rows
from gitmem.core import quantities
from gitmem.core.jsonline import text_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.transcripts import ShownBoundary

_SAMPLE = 160  # characters
#: How gitmem's words begin: a nudge, lines of memory.
NUDGE = "gitmem, after "
SHOWING = "gitmem: notes of this repository"


def sessions(
    found: Iterable[tuple[str, RowConversation]], tops: Sequence[str]
) -> dict[str, SessionTranscript]:
    """Return the sessions in these work trees by their id, of transcripts and what takes each of them in.

    One that turns out to be elsewhere is not read on. Raises OSError.
    """
    beginnings = tuple(f"{top}/" for top in tops)
    told: dict[str, SessionTranscript] = {}
    for path, conversation in found:
        for raw in rows(path):
            conversation.take(raw)
            if conversation.cwd and not f"{conversation.cwd}/".startswith(beginnings):
                break
        else:
            conversation.finish()
            if conversation.session and conversation.began and conversation.cwd:
                told[conversation.session] = conversation
    return told


@dataclass(slots=True, kw_only=True)
class RowConversation(SessionTranscript):
    """A session's transcript, taken in row by row.

    A client says which kinds of rows it knows (``knows``), and what a row shows (``shown``), which may also
    fill in the session, its folder and its versions. One whose rows have no kind takes them in by itself (``take_row``).
    """

    def knows(self, kind: str) -> bool:
        """Return whether rows of the kind are understood."""
        raise NotImplementedError

    def shown(self, row: Mapping[str, object], at: int) -> Iterable[ShownBoundary]:
        """Return the boundaries that a row of a known kind shows; ``at`` is its time."""
        raise NotImplementedError

    def belongs(self, row: Mapping[str, object], at: int) -> bool:
        """Return whether a row is the session's, and no copy of another one's."""
        del row, at
        return True

    def finish(self) -> None:
        """Take in that no row follows."""

    def take(self, raw: bytes) -> None:
        """Take in one row."""
        try:
            row = json.loads(raw)
        except (ValueError, RecursionError):
            row = None
        if not isinstance(row, dict):
            self.damaged += 1
            return
        self.take_row(row, raw)

    def take_row(self, row: Mapping[str, object], raw: bytes) -> None:
        """Take in a row that is a JSON object; ``raw`` is its text."""
        at = when(row, "timestamp")
        if not self.belongs(row, at) or not at:
            return
        self.began = self.began or at
        self.ended = max(self.ended, at)
        kind = str(row.get("type"))
        if self.knows(kind):
            self.boundaries += self.shown(row, at)
        else:
            self.wonder(kind, raw)

    def wonder(self, kind: str, raw: bytes) -> None:
        """Count a row of an unknown kind."""
        sample = raw[:_SAMPLE].decode("utf-8", "replace")
        known = self.unknown.setdefault(kind[:_SAMPLE], UnknownRows(count=0, sample=sample))
        known.count += 1

    def heard(self, words: str) -> None:
        """Count gitmem's words that reached the model: a nudge, lines of memory."""
        self.nudges += NUDGE in words
        self.showings += SHOWING in words


def when(row: Mapping[str, object], key: str) -> int:
    """Return a time of a row (ISO 8601) in seconds since 1970; 0 without a readable one."""
    return quantities.seconds(text_of(row, key)[:19] + "Z") or 0


def objects(value: object) -> list[Mapping[str, object]]:
    """Return the objects of a list; none of anything else."""
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []

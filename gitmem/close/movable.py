"""Which lines of memory a close may move to another topic: those of a catch-all topic, as a drain filed them (pure).

A module of its own because the close only runs it, and what a person wrote depends on it alone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.memory.places import FiledLine
from gitmem.memory.topics import is_catch_all
from gitmem.trace.filings import Filings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitmem.memory.tree import MemoryLine


def movable(records: Mapping[str, str], lines: Iterable[MemoryLine]) -> dict[MemoryLine, FiledLine]:
    """Return each such line with the newest record that filed it in its file; ``records``: path to text.

    A line that no record has in this file, word for word, is a person's.
    """
    general = [line for line in lines if is_catch_all(line.file)]
    filings = Filings(records) if general else None
    found: dict[MemoryLine, FiledLine] = {}
    for line in general:
        placed = filings.at(line.file, line.text) if filings else ()
        own = [one for one in placed if one.outcome.file == line.file]
        latest = [one for one in own if one.path == own[-1].path]
        if latest and all(one.outcome.line == line.text for one in latest):
            ids = tuple(dict.fromkeys(one.outcome.flag.id for one in latest))
            found[line] = FiledLine(drain=latest[0].drain, flags=ids)
    return found

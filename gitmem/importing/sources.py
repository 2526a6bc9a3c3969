"""The sources of an import by name.

A module of its own because a new source is a row here and nothing else changes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.importing import claude_code, claude_mem, given, instructions, reviews

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.importing.items import SourceContents
    from gitmem.importing.place import ImportPlace

_LOCAL = {
    claude_code.NAME: claude_code.contents,
    instructions.NAME: instructions.contents,
    instructions.CURSOR: instructions.cursor,
    given.BANK: given.memory_bank,
    claude_mem.NAME: claude_mem.contents,
}
#: Every name that a person may give; the last one asks a forge.
NAMES = (*_LOCAL, reviews.NAME)


def local(place: ImportPlace) -> list[SourceContents]:
    """Return what is on this machine."""
    return [read(place) for read in _LOCAL.values()]


def named(place: ImportPlace, given_names: Sequence[str], *, last: int) -> list[SourceContents]:
    """Return the sources of these names or paths, each once, and of reviews the ``last`` pull requests.

    Raises UsageError for a name that is neither, and Unreachable for a forge that does not answer.
    """
    contents = []
    for name in dict.fromkeys(given_names):
        if name in _LOCAL:
            contents.append(_LOCAL[name](place))
        elif name == reviews.NAME:
            contents.append(reviews.contents(place, last=last))
        else:
            contents.append(given.path(place, name))
    return contents

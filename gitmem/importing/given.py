"""Memory banks, and any Markdown file or folder that a person names."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.core.errors import UsageError
from gitmem.importing import instructions, notes
from gitmem.importing.files import Reader
from gitmem.importing.items import SourceContents

if TYPE_CHECKING:
    from gitmem.importing.place import ImportPlace

BANK = "memory-bank"
#: Folders that agents are told to keep their notes in.
BANKS = (
    "memory-bank",
    ".memory-bank",
    "memory_bank",
    "docs/memory-bank",
    ".kilocode/rules/memory-bank",
)


def memory_bank(place: ImportPlace) -> SourceContents:
    """Return what the memory banks of this work tree say."""
    source = SourceContents(name=BANK, place=", ".join(f"{name}/" for name in BANKS))
    reader = Reader(source, place.repo.top)
    for bank in BANKS:
        for name in reader.markdown_below(f"{place.repo.top}/{bank}", bank):
            _add(place, source, reader, f"{place.repo.top}/{bank}/{name}")
    return source


def path(place: ImportPlace, given: str) -> SourceContents:
    """Return what a file or folder says. Raises UsageError where there is none of that name."""
    # An empty name is a script's unset variable, not the working folder.
    whole = os.path.realpath(os.path.join(place.cwd, given)) if given else ""
    source = SourceContents(name=given, place=given)
    reader = Reader(source)
    if os.path.isfile(whole):
        _add(place, source, reader, whole)
    elif os.path.isdir(whole):
        for name in reader.markdown_below(whole, given):
            _add(place, source, reader, f"{whole}/{name}")
    else:
        raise UsageError(
            f"{given[:80]!r} is no source, and no file or folder",
            hint="give claude-code, instructions, cursor, memory-bank, claude-mem, reviews or a path",
        )
    if not source.there:
        source.leave(given, "there is no Markdown file in it")
    return source


def _add(place: ImportPlace, source: SourceContents, reader: Reader, whole: str) -> None:
    source.there = True
    top = os.path.realpath(place.repo.top)
    if whole.startswith(top + "/"):
        inside = whole[len(top) + 1 :]
        if inside.startswith(f"{place.folder}/"):
            source.leave(inside, "it is memory already")
        else:
            instructions.read_file(place, source, reader, inside)
        return
    # Where it lies on this machine is nothing for a commit that others read.
    name = os.path.basename(whole)
    text = reader.text(whole, name)
    if text is not None:
        topic = notes.topic_of(name.rpartition(".")[0])
        source.items += notes.items_in(text, name, topic=topic)

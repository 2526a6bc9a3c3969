"""Instruction files of agent clients, and rules of Cursor: what no wired client loads already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.importing import notes
from gitmem.importing.files import Reader, markdown_below
from gitmem.importing.items import Item, SourceContents
from gitmem.markdown import managed_block
from gitmem.markdown.lines import front_value
from gitmem.memory.path_rules import FOLDER, PREFIX

if TYPE_CHECKING:
    from gitmem.importing.place import ImportPlace

NAME = "instructions"
CURSOR = "cursor"
FILES = (
    "CLAUDE.md",
    ".claude/CLAUDE.md",
    "CLAUDE.local.md",
    "AGENTS.md",
    "GEMINI.md",
    "QWEN.md",
    ".github/copilot-instructions.md",
)
_CURSOR_FOLDER = ".cursor/rules/"
_CURSOR_FILE = ".cursorrules"


def contents(place: ImportPlace) -> SourceContents:
    """Return what the instruction files of this work tree say."""
    found = SourceContents(name=NAME, place=", ".join((*FILES, f"{FOLDER}*.md")))
    below = [FOLDER + name for name in markdown_below(f"{place.repo.top}/{FOLDER}")]
    paths = [*FILES, *(path for path in below if not path.startswith(FOLDER + PREFIX))]
    _read(place, found, [path for path in paths if os.path.lexists(f"{place.repo.top}/{path}")])
    return found


def cursor(place: ImportPlace) -> SourceContents:
    """Return the rules of Cursor: `.cursor/rules/` and `.cursorrules`."""
    found = SourceContents(name=CURSOR, place=f"{_CURSOR_FOLDER}, {_CURSOR_FILE}")
    top = place.repo.top
    paths = [_CURSOR_FOLDER + name for name in markdown_below(f"{top}/{_CURSOR_FOLDER}")]
    if os.path.lexists(f"{top}/{_CURSOR_FILE}"):
        paths.append(_CURSOR_FILE)
    _read(place, found, paths)
    return found


def read_file(place: ImportPlace, found: SourceContents, reader: Reader, path: str) -> None:
    """Add the items of one file of the work tree (``path`` from its top), unless a wired client loads it."""
    found.there = True
    client = place.loader(path)
    if client:
        found.leave(path, f"{client} loads it in every session")
        return
    text = reader.text(f"{place.repo.top}/{path}", path)
    if text is None:
        return
    try:
        span = managed_block.find(text)
    except NeedsPerson as error:
        found.leave(path, error.message)
        return
    ours = range(span.begin, span.end + 1) if span else ()
    rule = path.startswith(_CURSOR_FOLDER)
    like = Item(text="", source=path, paths=_globs(text) if rule else ())
    name = path.rpartition("/")[2].rpartition(".")[0]
    topic = "" if path in {*FILES, _CURSOR_FILE} else notes.topic_of(name)
    found.items += notes.items_in(text, path, topic=topic, like=like, skip=ours)


def _read(place: ImportPlace, found: SourceContents, paths: list[str]) -> None:
    reader = Reader(found)
    for path in paths:
        read_file(place, found, reader, path)


def _globs(text: str) -> tuple[str, ...]:
    """Return the globs of a rule's front matter, as far as they name something."""
    told = front_value(text, "globs").strip("[]").replace(" - ", ",").removeprefix("- ")
    globs = [one.strip().strip("\"'") for one in told.split(",")]
    named = [one for one in globs if any(char.isalnum() for char in one)]
    return tuple(dict.fromkeys(named))

"""Instruction files of agent clients, and rules of Cursor: what no wired client loads already."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.importing import notes
from gitmem.importing.files import Reader
from gitmem.importing.items import Item, SourceContents
from gitmem.markdown import managed_block
from gitmem.markdown.lines import front_value
from gitmem.memory import skills
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
    source = SourceContents(name=NAME, place=", ".join((*FILES, f"{FOLDER}*.md")))
    reader = Reader(source, place.repo.top)
    rules = [path for path in _below(place, reader, FOLDER) if not _own(path)]
    paths = [*FILES, *rules]
    _read(place, source, reader, paths)
    return source


def cursor(place: ImportPlace) -> SourceContents:
    """Return the rules of Cursor: `.cursor/rules/` and `.cursorrules`."""
    source = SourceContents(name=CURSOR, place=f"{_CURSOR_FOLDER}, {_CURSOR_FILE}")
    reader = Reader(source, place.repo.top)
    _read(place, source, reader, [*_below(place, reader, _CURSOR_FOLDER), _CURSOR_FILE])
    return source


def read_file(place: ImportPlace, source: SourceContents, reader: Reader, path: str) -> None:
    """Add the items of one file of the work tree (``path`` from its top).

    A file that a wired client loads is left out, and so is one that gitmem wrote.
    """
    source.there = True
    if _own(path):
        source.leave(path, "gitmem wrote it")
        return
    client = place.loader(path)
    if client:
        source.leave(path, f"{client} loads it in every session")
        return
    text = reader.text(f"{place.repo.top}/{path}", path)
    if text is None:
        return
    try:
        span = managed_block.find(text)
    except NeedsPerson as error:
        source.leave(path, error.message)
        return
    ours = range(span.begin, span.end + 1) if span else ()
    rule = path.startswith(_CURSOR_FOLDER)
    like = Item(text="", source=path, paths=_globs(text) if rule else ())
    name = path.rpartition("/")[2].rpartition(".")[0]
    topic = "" if path in {*FILES, _CURSOR_FILE} else notes.topic_of(name)
    source.items += notes.items_in(text, path, topic=topic, like=like, skip=ours)


def _own(path: str) -> bool:
    return path.startswith(FOLDER + PREFIX) or skills.is_own(path)


def _below(place: ImportPlace, reader: Reader, folder: str) -> list[str]:
    """Return the Markdown files of a folder of the work tree, from its top."""
    shown = folder.removesuffix("/")
    return [folder + name for name in reader.markdown_below(f"{place.repo.top}/{shown}", shown)]


def _read(place: ImportPlace, source: SourceContents, reader: Reader, paths: list[str]) -> None:
    for path in paths:
        if os.path.lexists(f"{place.repo.top}/{path}"):
            read_file(place, source, reader, path)


def _globs(text: str) -> tuple[str, ...]:
    """Return the globs of a rule's front matter, as far as they name something."""
    told = front_value(text, "globs").strip("[]").replace(" - ", ",").removeprefix("- ")
    globs = [one.strip().strip("\"'") for one in told.split(",")]
    named = [one for one in globs if any(char.isalnum() for char in one)]
    return tuple(dict.fromkeys(named))

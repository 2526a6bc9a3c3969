"""Claude Code's own memory of this project: a file for each fact, and an index.

As recorded from version 2.1.328: `<projects>/<working folder>/memory/`, where `MEMORY.md` lists files with
front matter (`name`, `description`, and a type: user, feedback, project or reference).
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from gitmem.clients.claude_code.transcript import folder_of
from gitmem.importing import notes
from gitmem.importing.files import Reader
from gitmem.importing.items import Item, SourceContents
from gitmem.markdown.lines import front_matter_lines, front_value, rows

if TYPE_CHECKING:
    from gitmem.importing.place import ImportPlace

NAME = "claude-code"
_INDEX = "MEMORY.md"
_TYPE = re.compile(r"[ \t]*type:[ \t]*[\"']?(\w+)")
_KINDS = {"user": "preference", "feedback": "preference"}
_LINK = re.compile(r"\]\(([^)\s]+)\)")


def contents(place: ImportPlace) -> SourceContents:
    """Return what Claude Code has noted about this work tree."""
    folder = folder_of(place.environ, place.repo.top) + "/memory"
    source = SourceContents(name=NAME, place="Claude Code's own memory of this project")
    source.there = os.path.isdir(folder)
    reader = Reader(source)
    names = list(reader.markdown_below(folder, NAME))
    for name in names:
        shown = f"{NAME}:{name}"
        text = reader.text(f"{folder}/{name}", shown)
        if text is None:
            continue
        front = rows(text)[: front_matter_lines(text) or 0]
        if name == _INDEX or not front:
            skip = [at for at, row in enumerate(rows(text)) if _lists(row, names)]
            source.items += notes.items_in(text, shown, skip=skip)
        else:
            kind = next((match[1] for row in front if (match := _TYPE.match(row))), "")
            like = Item(text="", source=shown, kind=_KINDS.get(kind, "fact"))
            headline = front_value(text, "description") or front_value(text, "name")
            source.items.append(notes.whole(text, headline, like))
    return source


def _lists(row: str, names: list[str]) -> bool:
    """Whether a row of the index only points to one of the files."""
    linked = _LINK.search(row)
    return linked is not None and linked[1].removeprefix("./") in names

"""Rule files for certain paths: `.claude/rules/gitmem-*.md`, whose front matter code writes (pure).

Claude Code loads such a file when a file that one of its ``paths`` matches is read (measured with
version 2.1.328). gitmem writes only a file that it made: one whose front matter is exactly the list
of paths below. Anything else there is somebody else's, whatever its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import blocks
from gitmem.markdown.bullets import add_bullets
from gitmem.markdown.lines import front_matter_lines, rows, split_lines
from gitmem.memory.globs import glob_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

FOLDER = ".claude/rules/"
PREFIX = "gitmem-"
_LONGEST = 48
_ENTRY = re.compile(r'  - "(?P<glob>[^"\\]*)"')


def globs_for(paths: Sequence[str]) -> tuple[str, ...]:
    """The globs that fit these paths, in a fixed order, each once; empty when they would match every file.

    Raises Refused for a path that no glob fits (`gitmem.memory.globs`).
    """
    found = tuple(sorted({glob_of(path) for path in paths}))
    if any(not any(char.isalnum() for char in glob) for glob in found):
        return ()
    return found


def file_for(paths: Sequence[str], there: Mapping[str, str], taken: Collection[str] = ()) -> str:
    """The rule file for these globs: the one that has them already, else a new name.

    ``there`` has the present rule files, path to text; ``taken`` are other names in use.
    """
    for path, text in sorted(there.items()):
        if paths_of(text) == tuple(paths):
            return path
    words = re.sub(r"[^a-z0-9]+", "-", " ".join(paths).lower()).strip("-")[:_LONGEST].strip("-")
    names = [words or "paths", *[f"{words or 'paths'}-{number}" for number in range(2, 1000)]]
    return next(
        path
        for name in names
        if (path := f"{FOLDER}{PREFIX}{name}.md") not in there and path not in taken
    )


def new_file(paths: Sequence[str]) -> str:
    """The text of a rule file without rules."""
    listed = "".join(f'  - "{path}"\n' for path in paths)
    told = ", ".join(f"`{path}`" for path in paths)
    return f"---\npaths:\n{listed}---\n\n# Learned about {told}\n"


def paths_of(text: str) -> tuple[str, ...] | None:
    """The globs of a rule file that gitmem made; None when somebody else did."""
    front = rows(text)[: front_matter_lines(text) or 0]
    if front[:2] != ["---", "paths:"] or len(front) < 4:  # noqa: PLR2004 - fences, key, one glob
        return None
    found = [_ENTRY.fullmatch(row) for row in front[2:-1]]
    return tuple(entry["glob"] for entry in found if entry) if all(found) else None


def add_lines(text: str, lines: Sequence[str]) -> str:
    """``text`` with one bullet per line at the end of its list. Raises Refused for a foreign file."""
    if paths_of(text) is None:
        raise Refused(
            "this rule file is somebody else's: its front matter is not what gitmem writes",
            hint="give its rules another place, or the file another name",
        )
    return add_bullets(text, lines, among=blocks(text), floor=len(split_lines(text)))

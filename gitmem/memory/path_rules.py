"""Rule files for certain paths: `.claude/rules/gitmem-*.md`, whose front matter code writes (pure).

Claude Code loads such a file when it reads a file that one of the ``paths`` matches (measured with
version 2.1.328). gitmem writes only a file that it made: its front matter is exactly the list of paths
below. Any other file there belongs to someone else, whatever its name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import Block, blocks
from gitmem.markdown.bullets import add_bullets, bullets, exchange_bullet
from gitmem.markdown.lines import front_matter_lines, rows, split_lines
from gitmem.markdown.rule_text import rows_of
from gitmem.memory.globs import glob_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

FOLDER = ".claude/rules/"
PREFIX = "gitmem-"
_LONGEST = 48
_ENTRY = re.compile(r'  - "(?P<glob>[^"\\]*)"')


def globs_for(paths: Sequence[str]) -> tuple[str, ...]:
    """Return the globs for these paths, sorted, each once; empty when they would match every file.

    Raises Refused for a path that no glob can match (`gitmem.memory.globs`).
    """
    globs = tuple(sorted({glob_of(path) for path in paths}))
    if any(not any(char.isalnum() for char in glob) for glob in globs):
        return ()
    return globs


def file_for(paths: Sequence[str], there: Mapping[str, str], taken: Collection[str] = ()) -> str:
    """Return the path of the rule file for these globs: the file that has them, else a new name.

    ``there`` maps the paths of the existing rule files to texts; ``taken`` are other paths in use.
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
    """Return the text of a rule file without rules."""
    listed = "".join(f'  - "{path}"\n' for path in paths)
    topics = ", ".join(f"`{path}`" for path in paths)
    return f"---\npaths:\n{listed}---\n\n# Learned about {topics}\n"


def paths_of(text: str) -> tuple[str, ...] | None:
    """Return the globs of a rule file that gitmem made; None for any other file."""
    front = rows(text)[: front_matter_lines(text) or 0]
    if front[:2] != ["---", "paths:"] or len(front) < 4:  # noqa: PLR2004 - fences, key, one glob
        return None
    entries = [_ENTRY.fullmatch(row) for row in front[2:-1]]
    return tuple(entry["glob"] for entry in entries if entry) if all(entries) else None


def add_lines(text: str, lines: Sequence[str]) -> str:
    """Return ``text`` with one bullet per line at the end of its list; raises Refused for another's file."""
    if paths_of(text) is None:
        raise Refused(
            "this rule file is somebody else's: its front matter is not what gitmem writes",
            hint="give its rules another place, or the file another name",
        )
    floor = len(split_lines(text))
    return add_bullets(text, lines, among=blocks(text), floor=floor, rows_of=rows_of)


def replace_line(text: str, old: str, new: str) -> str:
    """Return ``text`` with ``new`` in place of the first bullet ``old``.

    Raises Refused when there is none, or when another line would then read differently.
    """
    return _changed(text, old, [new])


def remove_line(text: str, old: str) -> str:
    """Return ``text`` without the first bullet ``old``; raises as `replace_line` does."""
    return _changed(text, old, [])


def _changed(text: str, old: str, new: Sequence[str]) -> str:
    block = next((one for one in _listed(text) if one.text == old), None)
    if block is None:
        raise Refused(
            f"no rule reads {old[:60]!r}",
            hint="the file changed since it was read; run the close again",
        )
    after = exchange_bullet(text, block, new, listed=_listed, rows_of=rows_of)
    if after is None:
        raise Refused(
            f"the rule {old[:60]!r} cannot be changed without changing its neighbours",
            hint="put a blank line and no indentation around its list",
        )
    return after


def _listed(text: str) -> list[Block]:
    return bullets(blocks(text))

r"""Markdown files as text: line ends, front matter, and the line a reader is shown (pure).

Lines end at ``\n`` only, as git counts them; a ``\r`` before it belongs to the line end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

BOM = "\ufeff"

_DOUBLE_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"')
_SINGLE_QUOTED = re.compile(r"'((?:[^']|'')*)'")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One bullet as a reader sees it: its text on one line, and its 1-based line number."""

    text: str
    number: int


def split_lines(text: str) -> list[str]:
    r"""The lines of ``text`` with their ends; only ``\n`` ends a line."""
    lines = text.split("\n")
    ended = [line + "\n" for line in lines[:-1]]
    return [*ended, lines[-1]] if lines[-1] else ended


def split_mark(text: str) -> tuple[str, str]:
    """The byte order mark of a file, if it has one, and the rest."""
    return (BOM, text[1:]) if text.startswith(BOM) else ("", text)


def rows(text: str) -> list[str]:
    """The lines without their ends, and without a byte order mark."""
    return [line.rstrip("\r\n") for line in split_lines(split_mark(text)[1])]


def blank(row: str) -> bool:
    """Whether a line is blank as Markdown sees it: spaces and tabs only."""
    return not row.strip(" \t")


def newline_of(text: str) -> str:
    r"""The line end of a file: ``\r\n`` when most of its lines have it, else ``\n``."""
    crlf = text.count("\r\n")
    return "\r\n" if crlf * 2 > text.count("\n") else "\n"


def insert_lines(text: str, at: int, new: Sequence[str]) -> str:
    """``text`` with the lines ``new`` (without ends) before its 0-based line ``at``.

    Uses the file's own line end; a file without a final line break stays without one.
    """
    mark, bare = split_mark(text)
    lines, end = split_lines(bare), newline_of(text)
    head, tail = "".join(lines[:at]), "".join(lines[at:])
    if new and head and not head.endswith("\n"):
        return mark + head + end + end.join(new)
    return mark + head + "".join(line + end for line in new) + tail


def front_matter_lines(text: str) -> int | None:
    """How many lines the front matter takes, with its fences; 0 without one, None if unclosed.

    Blank lines and a byte order mark before it are tolerated, as some clients do.
    """
    lines = rows(text)
    first = next((at for at, row in enumerate(lines) if not blank(row)), len(lines))
    if first == len(lines) or lines[first].rstrip(" \t") != "---":
        return 0
    for at in range(first + 1, len(lines)):
        if lines[at].rstrip(" \t") == "---":
            return at + 1
    return None


def front_value(text: str, key: str) -> str:
    """The value of a top-level ``key`` in the front matter, on one line; empty if it is not there.

    Reads what people write for a name or a description: plain, quoted, wrapped and folded scalars.
    It is no YAML parser and decides nothing but what an index line shows.
    """
    front = rows(text)[: front_matter_lines(text) or 0]
    start = next((at for at, row in enumerate(front) if f"{row} ".startswith(f"{key}: ")), None)
    if start is None:
        return ""
    more = takewhile(lambda row: blank(row) or row[0] in " \t", front[start + 1 :])
    parts = [front[start][len(key) + 1 :].strip(), *(row.strip() for row in more)]
    if parts[0][:1] in {">", "|"}:
        return " ".join(part for part in parts[1:] if part)
    return _unquoted(" ".join(part for part in parts if part))


def _unquoted(value: str) -> str:
    if quoted := _DOUBLE_QUOTED.match(value):
        return re.sub(r'\\(["\\])', r"\1", quoted[1])
    if quoted := _SINGLE_QUOTED.match(value):
        return quoted[1].replace("''", "'")
    return "" if value.startswith("#") else value.split(" #", 1)[0].rstrip()

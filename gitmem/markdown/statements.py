"""What a Markdown text says, a statement a line: list items, sentences and rows of tables (pure).

For showing, never for writing: a long item or paragraph comes in pieces. Headings, code and comments
say nothing here, and neither does a row that only imports a file.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import Line, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_SAYING = frozenset({BlockKind.BULLET, BlockKind.NUMBERED, BlockKind.PROSE})
_LONG = 400  # characters; twice what most rules have
_LEAD = re.compile(r"(?:>[ \t]*)*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?)?")
_MARKER = re.compile(r"(?:>[ \t]*)*(?:[-*+]|\d{1,9}[.)])[ \t]")
_FENCE = re.compile(r"```|~~~")
_RULED = re.compile(r"[-|: \t*_=]+")
_ALONE = re.compile(r"@\S+|</?[A-Za-z][^<>]*>")  # an import; a tag
_SENTENCES = re.compile(r"(?<=[.!?])\s+(?=[^\sa-z])|(?<=[\u3002\uff01\uff1f])")


def statements(text: str) -> list[Line]:
    """Return what ``text`` says, each statement on one line, with the number of its block's first line."""
    lines = rows(text)
    return [
        Line(text=piece, number=block.first + 1)
        for block in blocks(text)
        if block.kind in _SAYING
        for piece in _pieces(lines[block.first : block.last + 1])
    ]


def _pieces(lines: Sequence[str]) -> Iterator[str]:
    said = list(_items(lines))
    whole = " ".join(text for text, _ in said)
    if len(whole) <= _LONG and not any(row for _, row in said):
        yield from filter(None, [whole])
        return
    for text, _ in said:
        yield from [text] if len(text) <= _LONG else filter(None, _SENTENCES.split(text))


def _items(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """The items of a block, wrapped lines joined, and whether each is the row of a table."""
    parts: list[str] = []
    fenced = False
    for line in lines:
        row = line.strip(" \t")
        fence = bool(_FENCE.match(row))
        fenced = fenced is not fence
        table = row.startswith("|")
        if parts and (table or _MARKER.match(row)):
            yield " ".join(parts), False
            parts = []
        if fenced or fence or _RULED.fullmatch(row) or _ALONE.fullmatch(row):
            continue
        if table:
            yield " ".join(cell for part in row.split("|") if (cell := part.strip())), True
        elif bare := row[len(_LEAD.match(row)[0]) :]:  # type: ignore[index]  # it matches the empty text
            parts.append(bare)
    if parts:
        yield " ".join(parts), False

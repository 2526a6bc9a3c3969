"""The list items of a Markdown file as a reader sees them, at any depth, each folded to one line (pure).

Other modules write only top-level bullets. People also nest, number and wrap them, and a line stays the
same line.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.markdown.blocks import Block, BlockKind, blocks
from gitmem.markdown.lines import rows
from gitmem.memory import guard
from gitmem.memory.topics import bare, fact_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKER = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_BOX = re.compile(r"\[[ xX]\][ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One item as a reader sees it, without marker, box and link to its body, and its 1-based lines.

    ``whole`` is False for a part of an item: its first line alone, or an item nested in it.
    """

    text: str
    first: int
    last: int
    whole: bool = True

    @property
    def key(self) -> str:
        """The key that equal items share."""
        return line_key(self.text)


def line_key(text: str) -> str:
    """Return the `fact_key` of a line, without its box."""
    return fact_key(unboxed(text))


def unboxed(text: str) -> str:
    """Return a line without its box."""
    return text[box.end() :] if (box := _BOX.match(text)) else text


def row_text(row: str) -> str:
    """Return a line of a file without its indentation, list marker, box and link to its body."""
    marker = _MARKER.match(row)
    return unboxed(bare((row[marker.end() :] if marker else row).strip()))


def passages(text: str) -> list[Passage]:
    """Return every item of every list in order; for an item of several lines also its parts."""
    lines = rows(text)
    return [passage for block in blocks(text) for passage in _of(block, lines)]


def passage_at(file: str, text: str, number: int) -> Passage | None:
    """Return the smallest item that the 1-based line belongs to; None when there is none.

    A wrapped item counts as a whole; its first line alone does not count.
    """
    wholes = [item for item in items_of(file, text) if item.first <= number <= item.last]
    nested = [item for item in wholes if not item.whole and item.first > wholes[0].first]
    return next(iter([*nested, *wholes]), None)


def items_of(file: str, text: str) -> list[Passage]:
    """Return the `passages` of a Markdown file; for the guard file the lesson on each line."""
    if file != guard.FILE:
        return passages(text)
    found = [(number, row_of(file, row)) for number, row in enumerate(rows(text), 1)]
    return [Passage(text=lesson, first=number, last=number) for number, lesson in found if lesson]


def row_of(file: str, row: str) -> str:
    """Return the `row_text` of one line of a file; for the guard file its lesson, or empty."""
    if file != guard.FILE:
        return row_text(row)
    try:
        lesson = json.loads(row).get("lesson")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return lesson if isinstance(lesson, str) else ""


def find(file: str, text: str, line: str) -> list[Passage]:
    """Return the items that read like ``line``; of an item and its own first line only the item."""
    key = line_key(line)
    matching: list[Passage] = []
    for item in items_of(file, text):
        if item.key == key and not (matching and matching[-1].first == item.first):
            matching.append(item)
    return matching


def _of(block: Block, lines: Sequence[str]) -> Iterator[Passage]:
    if block.kind not in {BlockKind.BULLET, BlockKind.NUMBERED}:
        return
    first, last = block.first + 1, block.last + 1
    own = lines[block.first : block.last + 1]
    folded = block.text or " ".join(row_text(row) for row in own if row.strip())
    yield Passage(text=bare(unboxed(folded)), first=first, last=last)
    if last == first:
        return
    yield Passage(text=row_text(own[0]), first=first, last=first, whole=False)
    for number, row in enumerate(own[1:], first + 1):
        if _MARKER.match(row):
            yield Passage(text=row_text(row), first=number, last=number, whole=False)

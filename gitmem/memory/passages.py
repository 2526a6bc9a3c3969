"""The lines of a Markdown file that a reader takes as one: list items, at any depth, folded.

Other modules write top-level bullets only; people also nest, number and wrap them, and a line is
still the same line then.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.markdown.blocks import Block, BlockKind, blocks
from gitmem.markdown.lines import rows
from gitmem.memory import guard
from gitmem.memory.topics import fact_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_MARKER = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+")
_BOX = re.compile(r"\[[ xX]\][ \t]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One item as a reader sees it, without marker and box, and its 1-based lines.

    ``whole`` is False for a part of an item: its first line alone, or an item nested in it.
    """

    text: str
    first: int
    last: int
    whole: bool = True

    @property
    def key(self) -> str:
        """What equal items have in common."""
        return line_key(self.text)


def line_key(text: str) -> str:
    """`fact_key` of a line, whether its box is open, ticked or not there."""
    return fact_key(_BOX.sub("", text, count=1) if _BOX.match(text) else text)


def row_text(row: str) -> str:
    """A line of a file without its indentation, list marker and box."""
    marker = _MARKER.match(row)
    bare = (row[marker.end() :] if marker else row).strip()
    return _BOX.sub("", bare, count=1) if _BOX.match(bare) else bare


def passages(text: str) -> list[Passage]:
    """Every item of every list, in order; an item of several lines also in its parts."""
    lines = rows(text)
    return [passage for block in blocks(text) for passage in _of(block, lines)]


def passage_at(file: str, text: str, number: int) -> Passage | None:
    """The smallest item that the 1-based line belongs to; None when it belongs to none.

    A wrapped item is one; its first line alone is not.
    """
    wholes = [item for item in items_of(file, text) if item.first <= number <= item.last]
    nested = [item for item in wholes if not item.whole and item.first > wholes[0].first]
    return next(iter([*nested, *wholes]), None)


def items_of(file: str, text: str) -> list[Passage]:
    """`passages` of a Markdown file; of the guards each lesson, which is on a line of its own."""
    if file != guard.FILE:
        return passages(text)
    found = [(number, row_of(file, row)) for number, row in enumerate(rows(text), 1)]
    return [Passage(text=lesson, first=number, last=number) for number, lesson in found if lesson]


def row_of(file: str, row: str) -> str:
    """The text of one line of a file: `row_text`; of a guard its lesson, empty when it is none."""
    if file != guard.FILE:
        return row_text(row)
    try:
        lesson = json.loads(row).get("lesson")
    except (ValueError, AttributeError, RecursionError):
        return ""
    return lesson if isinstance(lesson, str) else ""


def find(file: str, text: str, line: str) -> list[Passage]:
    """The items that read like ``line``; of an item and its own first line only the item."""
    key = line_key(line)
    found: list[Passage] = []
    for item in items_of(file, text):
        if item.key == key and not (found and found[-1].first == item.first):
            found.append(item)
    return found


def _of(block: Block, lines: Sequence[str]) -> Iterator[Passage]:
    if block.kind not in {BlockKind.BULLET, BlockKind.NUMBERED}:
        return
    first, last = block.first + 1, block.last + 1
    own = lines[block.first : block.last + 1]
    folded = block.text or " ".join(row_text(row) for row in own if row.strip())
    folded = _BOX.sub("", folded, count=1) if _BOX.match(folded) else folded
    yield Passage(text=folded, first=first, last=last)
    if last == first:
        return
    yield Passage(text=row_text(own[0]), first=first, last=first, whole=False)
    for number, row in enumerate(own[1:], first + 1):
        if _MARKER.match(row):
            yield Passage(text=row_text(row), first=number, last=number, whole=False)

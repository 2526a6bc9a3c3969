"""The blocks of a Markdown text: where a bullet stands, and where one can be added.

Not a parser: a list item with everything inside it is one block, and so is a paragraph, because
nothing of ours is ever written inside one. Block rules are CommonMark 0.31 (sections 4 and 5); the
tests compare them with a full parser.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.markdown.lines import blank, front_matter_lines, rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_FENCE = re.compile(r" {0,3}(?P<run>`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}(?P<marks>#{1,6})(?:[ \t](?P<title>.*))?$")
_UNDERLINE = re.compile(r" {0,3}(?P<mark>=+|-+)[ \t]*$")
# CommonMark also reads "- - -" as a rule. Here it is a bullet with the text "- -": so a bullet of ours
# always reads back, and nobody draws a rule that way.
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|-{3,}[ \t]*)$")
_QUOTE = re.compile(r" {0,3}>")
_COMMENT = re.compile(r" {0,3}<!--")
_ITEM = re.compile(
    r"(?P<lead> {0,3}(?:[-*+]|(?P<number>[0-9]{1,9})[.)]))(?:(?P<gap>[ \t]+)(?P<text>.*))?$"
)
_MARKERS = re.compile(r"^[ \t]*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)*")
_TAB = 4


class BlockKind(StrEnum):
    """What a block is, as far as gitmem cares."""

    BULLET = "bullet"
    NUMBERED = "numbered"
    HEADING = "heading"
    OPAQUE = "opaque"  # fenced code or an HTML comment: never read, never written into
    PROSE = "prose"  # everything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines ``first`` to ``last`` (0-based, inclusive) of a text.

    ``text`` is a heading's title, or a bullet's text folded onto one line; else empty. ``level`` is a
    heading's, else 0. ``closed`` is False for a fence or comment that runs to the end of the file.
    """

    kind: BlockKind
    first: int
    last: int
    text: str = ""
    level: int = 0
    closed: bool = True


def blocks(text: str) -> list[Block]:
    """The blocks of a text after its front matter, in order. Any text is accepted."""
    lines = rows(text)
    found: list[Block] = []
    at = front_matter_lines(text) or 0
    while at < len(lines):
        if blank(lines[at]):
            at += 1
            continue
        found.append(_block(lines, at))
        at = found[-1].last + 1
    return found


def lead_of(row: str) -> str:
    """What stands before a list item's text: indentation, marker, gap; ``- `` if it is no item."""
    match = _ITEM.match(row)
    if match is None:
        return "- "
    gap = match["gap"] or ""
    return match["lead"] + (gap if match["text"] and _gap_width(match) <= _TAB else " ")


def indent_of(row: str) -> int:
    """The columns of blanks a line starts with."""
    wide = row.expandtabs(_TAB)
    return len(wide) - len(wide.lstrip(" "))


def is_rule(row: str) -> bool:
    """Whether a line draws a rule instead of being an item."""
    return bool(_RULE.match(row))


def _gap_width(item: re.Match[str]) -> int:
    lead = item["lead"]
    return len((lead + (item["gap"] or "")).expandtabs(_TAB)) - len(lead)


def _block(lines: Sequence[str], at: int) -> Block:
    row = lines[at]
    if _COMMENT.match(row):
        return _opaque(lines, at, at, lambda row: "-->" in row)
    if fence := _FENCE.match(row):
        run = fence["run"]
        return _opaque(lines, at, at + 1, lambda row: indent_of(row) < _TAB and _closes(row, run))
    if heading := _HEADING.match(row):
        return Block(
            kind=BlockKind.HEADING,
            first=at,
            last=at,
            text=_title(heading["title"] or ""),
            level=len(heading["marks"]),
        )
    if _RULE.match(row):
        return Block(kind=BlockKind.PROSE, first=at, last=at)
    if item := _ITEM.match(row):
        return _item(lines, at, item)
    return _quote(lines, at) if _QUOTE.match(row) else _prose(lines, at)


def _opaque(lines: Sequence[str], first: int, start: int, ends: Callable[[str], bool]) -> Block:
    """From line ``first`` to the first line from ``start`` on that ``ends`` it, or to the end."""
    last = next((at for at in range(start, len(lines)) if ends(lines[at])), None)
    end = len(lines) - 1 if last is None else last
    return Block(kind=BlockKind.OPAQUE, first=first, last=end, closed=last is not None)


def _closes(row: str, run: str) -> bool:
    bare = row.strip(" \t")
    return len(bare) >= len(run) and bare == run[0] * len(bare)


def _title(raw: str) -> str:
    title = raw.strip(" \t")
    bare = title.rstrip("#")
    return bare.rstrip(" \t") if not bare or bare[-1] in " \t" else title


def _interrupts(row: str) -> bool:
    """Whether a line ends a paragraph that stands before it."""
    if blank(row) or any(p.match(row) for p in (_COMMENT, _FENCE, _HEADING, _RULE, _QUOTE)):
        return True
    item = _ITEM.match(row)
    return bool(item and item["text"] and (item["number"] is None or int(item["number"]) == 1))


def _prose(lines: Sequence[str], first: int) -> Block:
    """A paragraph, a heading underlined, or indented code."""
    last = first
    code = indent_of(lines[first]) >= _TAB
    while last + 1 < len(lines):
        row = lines[last + 1]
        if not code and (underline := _UNDERLINE.match(row)):
            return Block(
                kind=BlockKind.HEADING,
                first=first,
                last=last + 1,
                text=lines[last].strip(" \t"),
                level=1 if underline["mark"][0] == "=" else 2,
            )
        if _interrupts(row) or (code and indent_of(row) < _TAB):
            break
        last += 1
    return Block(kind=BlockKind.PROSE, first=first, last=last)


def _quote(lines: Sequence[str], first: int) -> Block:
    """A block quote with the lazy continuation lines of its paragraph."""
    last = first
    while last + 1 < len(lines):
        row = lines[last + 1]
        if not _QUOTE.match(row) and (_interrupts(row) or _ITEM.match(row)):
            break
        last += 1
    return Block(kind=BlockKind.PROSE, first=first, last=last)


def _item(lines: Sequence[str], first: int, item: re.Match[str]) -> Block:
    """A list item: what is indented under it, and lazy continuation lines of its paragraph."""
    numbered, last = item["number"] is not None, first
    inside = _Inside(item)
    for at in range(first + 1, len(lines)):
        row = lines[at]
        if blank(row):
            inside.paragraph = False
            if not item["text"] and last == first:
                break
            continue
        if indent_of(row) < inside.column:
            if not inside.paragraph or _ITEM.match(row) or _interrupts(row):
                break
        else:
            inside.read(row)
        last = at
    parts = [item["text"] or "", *lines[first + 1 : last + 1]]
    return Block(
        kind=BlockKind.NUMBERED if numbered else BlockKind.BULLET,
        first=first,
        last=last,
        text=" ".join(part.strip(" \t") for part in parts if not blank(part)),
    )


class _Inside:
    """What the lines of an item have opened so far: a paragraph, a fence, or neither."""

    def __init__(self, item: re.Match[str]) -> None:
        text, gap = item["text"] or "", _gap_width(item)
        code = gap > _TAB
        self.column = len(item["lead"]) + (gap if text and not code else 1)
        self.paragraph = False
        self._fence = ""
        self._column = self.column  # of the innermost item
        if not code:
            self.read(" " * self.column + text)

    def read(self, row: str) -> None:
        if self._fence:
            if _closes(row, self._fence):
                self._fence = ""
            return
        indent = indent_of(row)
        if indent < self._column:
            self._column = self.column
        if not self.paragraph and indent >= self._column + _TAB:
            return  # indented code
        bare = _MARKERS.sub("", row, count=1)
        markers = row[: len(row) - len(bare)]
        if markers.strip(" \t"):
            self._column = len(markers.expandtabs(_TAB))
        fence = _FENCE.match(bare)
        self._fence = fence["run"] if fence else ""
        self.paragraph = not (fence or blank(bare) or _HEADING.match(bare))

"""The items of a Markdown text: its list items and paragraphs, each with what hangs on it (pure).

A list item or a paragraph is an item. What is nested in it, and the code below it, is its body. A table is
an item with the rows as its body. Headings are no items; a short one names the topic. So is nothing that
only leads in a list, draws a line, imports a file, or is a comment.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.flag import slug
from gitmem.importing.items import Item
from gitmem.markdown.blocks import BlockKind, blocks, code_rows
from gitmem.markdown.lines import blank, front_matter_lines, rows
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitmem.markdown.blocks import Block

_MARKER = re.compile(r"[ \t]*(?:[-*+]|\d{1,9}[.)])[ \t]+(?:\[(?P<box>[ xX])\][ \t]+)?")
_NESTED = re.compile(r"[ \t]+(?:(?:[-*+]|\d{1,9}[.)])[ \t]+\S|```|~~~)")
_ALONE = re.compile(r"@\S+|</?[A-Za-z][^<>]*>")  # an import; a tag
_RULED = re.compile(r"[-|: \t*_=]+")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
_FENCES = ("```", "~~~")
_HEADLINE = 200  # characters of a headline that is cut from a longer text
_TOPIC_WORDS = 3
# Headings that say nothing of what is below them.
_ANY = frozenset(
    {
        "about",
        "general",
        "important",
        "index",
        "introduction",
        "memories",
        "notes",
        "other",
        "overview",
    }
    | {"rule", "rules", "summary", "todo"}
)
_LISTS = (BlockKind.BULLET, BlockKind.NUMBERED)


def items_in(
    text: str, place: str, *, topic: str = "", like: Item | None = None, skip: Collection[int] = ()
) -> list[Item]:
    """Return the items of a text; ``place`` names it, and each item adds its line.

    ``topic`` is theirs unless a heading names one, ``like`` has the other fields. The 0-based lines ``skip`` say nothing.
    """
    reader = _Reader(rows(text), place, topic, like or Item(text="", source=""))
    told = [block for block in blocks(text) if block.first not in skip]
    for at, block in enumerate(told):
        following = told[at + 1] if at + 1 < len(told) else None
        reader.take(block, leads=following is not None and following.kind in _LISTS)
    return [shortened(item) for item in reader.items]


def whole(text: str, headline: str, item: Item) -> Item:
    """Return a text as one item: the headline, and the rest as its body; without front matter.

    An empty ``headline`` takes the text's first line; of a text that begins with code, as a suggested change of a
    review does, the first line of its words, else of the code, and then the body is all of the text.
    """
    lines = rows(text)[front_matter_lines(text) or 0 :]
    while lines and blank(lines[0]):
        del lines[0]
    if not headline and lines and lines[0].startswith(_FENCES):
        headline = _first_words(lines)
    elif not headline:
        first = lines.pop(0) if lines else ""
        headline = _MARKER.sub("", first.lstrip("# ")).strip()
    body = "\n".join(lines).strip("\n")
    return shortened(replace(item, text=headline, body="" if body.strip() == headline else body))


def _first_words(lines: Sequence[str]) -> str:
    """The first line of a text beside its code, else of the code; the fence itself where there is none."""
    code = code_rows("\n".join(lines))
    said = [(at in code, line.strip()) for at, line in enumerate(lines) if not blank(line)]
    words = [line for coded, line in said if not coded]
    inside = [line for _, line in said if not line.startswith(_FENCES)]
    return (words or inside or [lines[0]])[0]


def shortened(item: Item) -> Item:
    """Return an item whose text fits a line: of a longer one the beginning, with the whole as its body."""
    if len(item.text) <= MAX_TEXT:
        return item
    first = _SENTENCE.split(item.text, 1)[0]
    if len(first) > _HEADLINE:
        cut = item.text[: _HEADLINE - 1]
        first = (cut.rpartition(" ")[0] or cut) + "\u2026"
    return replace(item, text=first, body="\n\n".join(filter(None, (item.text, item.body))))


def topic_of(title: str) -> str:
    """Return the topic that a heading or a file's name stands for; empty where it names none."""
    words = re.sub(r"[^a-z0-9]+", " ", title.lower()).split()
    if not words or len(words) > _TOPIC_WORDS or set(words) <= _ANY:
        return ""
    try:
        return slug(" ".join(words))
    except Refused:
        return ""


class _Reader:
    """Takes blocks in order and gathers items."""

    def __init__(self, lines: Sequence[str], place: str, topic: str, like: Item) -> None:
        self.items: list[Item] = []
        self._lines = lines
        self._place = place
        self._topic = topic
        self._like = like
        self._title = ""
        self._here = topic
        self._hangs = False  # whether code below belongs to the last item

    def take(self, block: Block, *, leads: bool) -> None:
        """Take a block; ``leads``: a list follows it."""
        lines = list(self._lines[block.first : block.last + 1])
        if block.kind is BlockKind.HEADING:
            self._title, self._hangs = block.text.strip(), False
            # A document's own title is no topic; the file's name may be.
            self._here = (topic_of(self._title) if block.level > 1 else "") or self._topic
        elif block.kind is BlockKind.OPAQUE:
            if not lines[0].lstrip().startswith("<!--"):
                self._code(lines, block.first)
        elif block.kind in _LISTS:
            self._listed(lines, block)
        else:
            self._prose(lines, block.first, leads=leads)

    def _add(self, text: str, line: int, body: str = "", *, kind: str = "") -> None:
        source = f"{self._place}:{line + 1}"
        item = replace(self._like, text=text, body=body, source=source, topic=self._here)
        self.items.append(replace(item, kind=kind) if kind else item)
        self._hangs = True

    def _named(self) -> str:
        """What code or a table is about, as far as its heading says."""
        return self._title or self._place

    def _code(self, lines: Sequence[str], line: int) -> None:
        text = "\n".join(lines)
        if self._hangs:
            last = self.items[-1]
            self.items[-1] = replace(last, body="\n\n".join(filter(None, (last.body, text))))
        else:
            self._add(self._named(), line, text)

    def _listed(self, lines: list[str], block: Block) -> None:
        marker = _MARKER.match(lines[0])
        box = marker["box"] if marker else None
        if box in {"x", "X"}:
            self._hangs = False
            return  # done
        kind = "pending" if box == " " else ""
        nested = next((at for at, row in enumerate(lines) if at and _NESTED.match(row)), len(lines))
        gap = next((at for at, row in enumerate(lines) if blank(row)), len(lines))
        end = min(nested, gap)
        text = " ".join(
            row.strip(" \t") for row in [_MARKER.sub("", lines[0], count=1), *lines[1:end]]
        )
        if text.strip():
            self._add(text.strip(), block.first, _outdented(lines[end:]), kind=kind)

    def _prose(self, lines: Sequence[str], line: int, *, leads: bool) -> None:
        told = [
            row for row in lines if not _ALONE.fullmatch(row.strip()) and not _RULED.fullmatch(row)
        ]
        if not told:
            return
        if any(row.lstrip().startswith("|") for row in told):
            self._add(self._named(), line, "\n".join(lines))
            return
        text = " ".join(row.strip(" \t>") for row in told).strip()
        if leads and text.endswith(":"):
            self._hangs = False
        elif text:
            self._add(text, line)


def _outdented(lines: Sequence[str]) -> str:
    filled = [row for row in lines if not blank(row)]
    common = min((len(row) - len(row.lstrip(" ")) for row in filled), default=0)
    return "\n".join(row[common:] for row in lines).strip("\n")

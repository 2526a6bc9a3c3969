"""The sections of a Markdown body: where a person would put one more line (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.markdown.blocks import Block, BlockKind, blocks
from gitmem.markdown.lines import rows

if TYPE_CHECKING:
    from collections.abc import Sequence

# A section for lines like ours: a title made of these words alone, at least one of the first.
_NAMES = frozenset(
    {"gotcha", "gotchas", "learned", "learnt", "lesson", "lessons", "note", "notes"}
    | {"pitfall", "pitfalls", "tip", "tips"}
)
_AROUND = frozenset(
    {"and", "caveats", "common", "general", "important", "known", "other", "tricks", "useful"}
)
# A section that closes a document: a new section stands before it.
_CLOSING = frozenset(
    {"also", "appendix", "changelog", "further", "history", "license", "links", "more", "reading"}
    | {"references", "resources", "see"}
)
_DEFINITION = re.compile(r" {0,3}\[[^\]]+\]:[ \t]*\S")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A heading and the blocks up to the next heading, and that heading's place among all blocks.

    ``title`` is empty for what stands before the first heading.
    """

    title: str
    blocks: tuple[Block, ...]
    level: int = 0
    is_title: bool = False


def sections(text: str) -> list[Section]:
    """All sections in order; the document's own title is marked as such."""
    found = blocks(text)
    headings = [at for at, block in enumerate(found) if block.kind is BlockKind.HEADING]
    top = [at for at in headings if found[at].level == 1]
    # The only top heading of several is the document's own title, whatever it says.
    title = top[0] if top == headings[:1] and len(headings) > 1 else None
    parts = []
    for number, at in enumerate(headings):
        end = headings[number + 1] if number + 1 < len(headings) else len(found)
        part = tuple(found[at:end])
        heading = found[at]
        parts.append(
            Section(title=heading.text, blocks=part, level=heading.level, is_title=at == title)
        )
    return parts


def named(text: str, title: str) -> Section | None:
    """The first section with this title; None when there is none (or the title is empty)."""
    return next((part for part in sections(text) if title and part.title == title), None)


def holding(text: str, line: str) -> str:
    """The title of the last section with a bullet that reads ``line``; empty without one."""
    parts = [part for part in sections(text) if any(_reads(block, line) for block in part.blocks)]
    return parts[-1].title if parts else ""


def _reads(block: Block, line: str) -> bool:
    return block.kind is BlockKind.BULLET and block.text == line


def collecting(text: str) -> Section | None:
    """The first section that a person keeps for lines like ours."""
    return next(
        (part for part in sections(text) if not part.is_title and _collects(part.title)), None
    )


def closing(text: str) -> int | None:
    """The 0-based line at which what closes a document begins: links, references; None without.

    That is its last section, when the title says so, or a run of link definitions at its end.
    """
    parts = sections(text)
    if len(parts) > 1 and _closes(parts[-1].title):
        return parts[-1].blocks[0].first
    lines, found = rows(text), blocks(text)
    at = len(found)
    while at and _defines(lines, found[at - 1]):
        at -= 1
    return found[at].first if 0 < at < len(found) else None


def roomy(text: str, part: Sequence[Block]) -> list[Block]:
    """The blocks of a section after whose last list, or last block, a bullet belongs.

    Left out at the end are link definitions, rules between sections, and, where the section has no
    list, a code block that the paragraph before it does not announce.
    """
    lines = rows(text)
    kept = [block for block in part if block.closed]
    lists = [at for at, block in enumerate(kept) if block.kind in _LISTS]
    if lists:
        last = lists[-1]
        bullets = [at for at in lists if kept[at].kind is BlockKind.BULLET]
        return kept[: last + 1] if not bullets or bullets[-1] == last else kept
    while len(kept) > 1 and (_defines(lines, kept[-1]) or _divides(lines, kept[-1])):
        kept.pop()
    if len(kept) > 2 and _stray_code(lines, kept):  # noqa: PLR2004 - heading, prose, code
        kept.pop()
    return kept


_LISTS = (BlockKind.BULLET, BlockKind.NUMBERED)


def _collects(title: str) -> bool:
    words = set(re.findall(r"\w+", title.casefold()))
    return bool(words & _NAMES) and words <= _NAMES | _AROUND


def _closes(title: str) -> bool:
    words = set(re.findall(r"\w+", title.casefold()))
    return bool(words) and words <= _CLOSING | _AROUND


def _defines(lines: Sequence[str], block: Block) -> bool:
    span = lines[block.first : block.last + 1]
    return block.kind is BlockKind.PROSE and all(_DEFINITION.match(row) for row in span)


def _divides(lines: Sequence[str], block: Block) -> bool:
    return block.kind is BlockKind.PROSE and not lines[block.first].strip(" \t-*_")


def _stray_code(lines: Sequence[str], kept: Sequence[Block]) -> bool:
    code, before = kept[-1], kept[-2]
    fenced = code.kind is BlockKind.OPAQUE and not lines[code.first].lstrip().startswith("<!--")
    announced = lines[before.last].rstrip(" \t").endswith(":")
    return fenced and before.kind is BlockKind.PROSE and not announced

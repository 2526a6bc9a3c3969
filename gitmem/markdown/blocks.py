"""The blocks of a Markdown text: where a bullet stands, and where one can be added (pure).

A list item with everything inside it is one block, and so is a paragraph: gitmem writes inside neither.
markdown-it-py finds the blocks (CommonMark 0.31, sections 4 and 5) with four exceptions, each held by a
test in tests/markdown/test_blocks.py:

- ``- - -`` is a bullet with the text ``- -``, not a rule, so that every bullet of ours reads back.
- Of HTML, only a comment hides the lines up to its end. People put lists between tags such as
  ``<rules>``, and an agent reads them; so any other HTML is a block of one line.
- A link definition is a paragraph. CommonMark has no block for it.
- Below 30 levels of lists, a marker is text. The parser itself gives up at a depth of its own, and takes
  the rest of the file into the item that it is in.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING

from gitmem.markdown.lines import blank, front_matter_lines, rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it import MarkdownIt
    from markdown_it.parser_block import RuleFuncBlockType
    from markdown_it.ruler import RuleOptionsType
    from markdown_it.rules_block import StateBlock
    from markdown_it.token import Token

_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:_[ \t]*){3,}|-{3,}[ \t]*)$")
_SPACED_HYPHENS = re.compile(r"-+[ \t]+-")
_COMMENT = "<!--"
_TAG = re.compile(r"</?[A-Za-z][\w-]*(?:[ \t][^<>]*)?/?>[ \t]*$")
_ITEM = re.compile(r"(?P<lead> {0,3}(?:[-*+]|[0-9]{1,9}[.)]))(?:(?P<gap>[ \t]+)(?P<text>.*))?$")
_TAB = 4
# Blocks, of all texts together: twice what a close reads at most (core.bounds.GROUND_LINES).
_MOST_KEPT = 120_000
_HTML_LINE = "html_line"
_CODE = frozenset({"fence", "code_block"})
# In the parser's count: a list and its item are two, a quote is one.
_DEEPEST = 60


class BlockKind(StrEnum):
    """The kinds of block that gitmem tells apart."""

    BULLET = "bullet"
    NUMBERED = "numbered"
    HEADING = "heading"
    OPAQUE = "opaque"  # fenced code or an HTML comment: never read, never written into
    PROSE = "prose"  # everything else


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Lines ``first`` to ``last`` (0-based, inclusive) of a text.

    ``text`` is a heading's title, or a list item's text folded onto one line; else empty. ``level`` is a
    heading's, else 0. ``closed`` is False for a fence or comment that runs to the end of the file.
    """

    kind: BlockKind
    first: int
    last: int
    text: str = ""
    level: int = 0
    closed: bool = True


_LISTS = {"bullet_list_open": BlockKind.BULLET, "ordered_list_open": BlockKind.NUMBERED}
_KINDS = {
    "heading_open": BlockKind.HEADING,
    "fence": BlockKind.OPAQUE,
    "html_block": BlockKind.OPAQUE,
}


_kept: dict[str, tuple[Block, ...]] = {}


def blocks(text: str) -> list[Block]:
    """Return the blocks of a text after its front matter, in order. Any text is accepted.

    The blocks of the last texts are kept: a close reads the blocks of every file seven times.
    """
    if text not in _kept:
        _kept[text] = tuple(_read(text))
        while len(_kept) > 1 and sum(map(len, _kept.values())) > _MOST_KEPT:
            del _kept[next(iter(_kept))]
    return list(_kept[text])


def code_rows(text: str) -> frozenset[int]:
    """Return the 0-based rows of a text that are code, fenced or indented, also within lists and quotes."""
    start = front_matter_lines(text) or 0
    tokens = _parser().parse("\n".join(rows(text)[start:]) + "\n")
    maps = [token.map for token in tokens if token.type in _CODE and token.map is not None]
    return frozenset(row + start for first, end in maps for row in range(first, end))


def _read(text: str) -> Iterator[Block]:
    lines = rows(text)
    start = front_matter_lines(text) or 0
    body = lines[start:]
    listed = BlockKind.BULLET
    for token, following in pairwise([*_parser().parse("\n".join(body) + "\n"), None]):
        if token is None or token.map is None:
            continue
        if token.level == 0 and token.type in _LISTS:
            listed = _LISTS[token.type]
        elif token.level == 0 or (token.level == 1 and token.type == "list_item_open"):
            first, end = token.map
            kind = listed if token.level else _KINDS.get(token.type, BlockKind.PROSE)
            yield _block(kind, body[first:end], first + start, token, following)


def lead_of(row: str) -> str:
    """Return what stands before a list item's text: indentation, marker, gap; ``- `` for any other line."""
    match = _ITEM.match(row)
    if match is None:
        return "- "
    gap = match["gap"] or ""
    return match["lead"] + (gap if match["text"] and _gap_width(match) <= _TAB else " ")


def indent_of(row: str) -> int:
    """Return the columns of blanks that a line starts with."""
    wide = row.expandtabs(_TAB)
    return len(wide) - len(wide.lstrip(" "))


def is_rule(row: str) -> bool:
    """Whether a line draws a rule instead of being an item."""
    return bool(_RULE.match(row))


def _gap_width(item: re.Match[str]) -> int:
    lead = item["lead"]
    return len((lead + (item["gap"] or "")).expandtabs(_TAB)) - len(lead)


def _block(
    kind: BlockKind, lines: Sequence[str], first: int, token: Token, following: Token | None
) -> Block:
    """Return the block of ``token``, which starts in line ``first`` and has ``lines``."""
    text, level, closed = "", 0, True
    if kind is BlockKind.OPAQUE:
        closed = _closes(lines, token)
    else:  # the parser counts the blank lines below an item or indented code as its own
        lines = lines[: max(at for at, row in enumerate(lines, 1) if at == 1 or not blank(row))]
    if kind is BlockKind.HEADING:
        level = int(token.tag[1:])
        underlined = token.markup in {"=", "-"}
        text = lines[-2].strip(" \t") if underlined else following.content if following else ""
    elif kind in _LISTS.values():
        marker = token.info + token.markup
        text = " ".join(
            part
            for row in (lines[0].lstrip(" ").removeprefix(marker), *lines[1:])
            if (part := row.strip(" \t"))
        )
    last = first + len(lines) - 1
    return Block(kind=kind, first=first, last=last, text=text, level=level, closed=closed)


def _closes(lines: Sequence[str], token: Token) -> bool:
    """Whether the last of the lines of a fence or comment ends it; the end of the file may, too."""
    if token.type != "fence":
        return any("-->" in row for row in lines)
    bare = lines[-1].strip(" \t")
    return (
        len(lines) > 1
        and indent_of(lines[-1]) < _TAB
        and bare.startswith(token.markup)
        and not bare.strip(token.markup[0])
    )


@cache
def _parser() -> MarkdownIt:
    """Return the parser of blocks. What is inside a block is not parsed."""
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import blockquote, hr, html_block, list_block

    def shallow(rule: RuleFuncBlockType) -> RuleFuncBlockType:
        return lambda state, line, end, silent: (
            state.level < _DEEPEST and rule(state, line, end, silent)
        )

    def thematic_break(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser calls it so
        return not _SPACED_HYPHENS.match(_row(state, line)) and hr(state, line, end, silent)

    def html_line(state: StateBlock, line: int, end: int, silent: bool) -> bool:  # noqa: FBT001 - the parser calls it so
        row = _row(state, line)
        if silent and _TAG.match(row):
            return not state.is_code_block(line)
        if not html_block(state, line, end, silent):
            return False
        if not silent and not row.startswith(_COMMENT):
            state.line = line + 1
            state.tokens[-1].type = _HTML_LINE
            state.tokens[-1].map = [line, state.line]
        return True

    ends: RuleOptionsType = {"alt": ["paragraph", "blockquote"]}
    ends_lists: RuleOptionsType = {"alt": ["paragraph", "blockquote", "list"]}
    parser = MarkdownIt("commonmark", {"maxNesting": 2 * _DEEPEST})
    parser.core.ruler.enableOnly(["block"])
    parser.block.ruler.disable("reference")
    parser.block.ruler.at("list", shallow(list_block), ends)
    parser.block.ruler.at("blockquote", shallow(blockquote), ends_lists)
    parser.block.ruler.at("hr", thematic_break, ends_lists)
    parser.block.ruler.at("html_block", html_line, ends)
    return parser


def _row(state: StateBlock, line: int) -> str:
    """Return a line as the rules see it: without what stands before it in its list or quote."""
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]

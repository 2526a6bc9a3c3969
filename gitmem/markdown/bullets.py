"""Bullets: read, added, replaced and removed without touching anything else in the file (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import Block, BlockKind, indent_of, is_rule, lead_of
from gitmem.markdown.lines import blank, insert_lines, newline_of, rows, split_lines, split_mark

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MAX_GAP = 4


def bullets(among: Sequence[Block]) -> list[Block]:
    """The bullets with a text, in order."""
    return [block for block in among if block.kind is BlockKind.BULLET and block.text]


def one_line(text: str) -> str:
    """``text`` if it can be one bullet: not empty, one line, no blanks around it; else Refused."""
    if not text or text != text.strip(" \t\r\n") or "\n" in text or "\r" in text:
        raise Refused(
            f"not one line of text: {text[:60]!r}",
            hint="a memory line is one line without blanks around it",
        )
    return text


def add_bullets(
    text: str,
    new: Sequence[str],
    *,
    among: Sequence[Block],
    floor: int,
    rows_of: Callable[[str], list[str]] = lambda line: [line],
) -> str:
    """``text`` with one bullet for each of ``new`` after the last bullet of ``among``.

    ``rows_of`` says on which rows a line stands; the rows below the first are indented as the item.

    Without a bullet there, after its last block, and without any block at the 0-based line ``floor``.
    Never inside or after a fence or comment that is not closed. The list's own marker, indentation
    and looseness are kept. Raises Refused for what is not one line.
    """
    if not new:
        return text
    lines = rows(text)
    usable = [block for block in among if block.closed]
    lists = [block for block in usable if block.kind is BlockKind.BULLET]
    end = usable[-1].last + 1 if usable else floor
    at = lists[-1].last + 1 if lists else end
    own = lead_of(lines[lists[-1].first]) if lists else "- "
    lead = _lead(own, _indent_after(lines, at))
    if not lead:
        at, lead = end, _lead(own, _indent_after(lines, end)) or own
    written = [_item(lead, rows_of(one_line(line))) for line in new]
    loose = len(lists) > 1 and _apart(lists[-2], lists[-1]) and usable[-2:] == lists[-2:]
    between = [""] if loose else []
    items = [row for item in written for row in (*between, *item)][len(between) :]
    joins = lists and at == lists[-1].last + 1 and not loose
    if not joins and at > 0 and not blank(lines[at - 1]):
        items.insert(0, "")
    if at < len(lines) and not blank(lines[at]):
        items.append("")
    return insert_lines(text, at, items)


def replace_lines(
    text: str,
    block: Block,
    new: str,
    *,
    rows_of: Callable[[str], list[str]] = lambda line: [line],
) -> str:
    """``text`` with a bullet's lines replaced by one bullet with the text ``new``; ``rows_of`` as above."""
    mark, bare = split_mark(text)
    lines = split_lines(bare)
    last = lines[block.last]
    end = last[len(last.rstrip("\r\n")) :]
    lead = lead_of(rows(text)[block.first])
    item = newline_of(text).join(_item(lead, rows_of(one_line(new))))
    lines[block.first : block.last + 1] = [item + end]
    return mark + "".join(lines)


def remove_lines(text: str, block: Block) -> str:
    """``text`` without a block's lines, and without one of two blank lines that would meet."""
    mark, bare = split_mark(text)
    lines, seen = split_lines(bare), rows(text)
    first, after = block.first, block.last + 1
    if first > 0 and blank(seen[first - 1]) and (after == len(lines) or blank(seen[after])):
        first -= 1
    rest = mark + "".join(lines[:first] + lines[after:])
    return rest if text.endswith("\n") else rest.removesuffix(newline_of(text))


def exchange_bullet(
    text: str,
    block: Block,
    new: Sequence[str],
    *,
    listed: Callable[[str], list[Block]],
    rows_of: Callable[[str], list[str]] = lambda line: [line],
) -> str | None:
    """``text`` with ``new``, one line or none, in the place of a bullet; None where another would read differently.

    ``listed`` gives the bullets of a text that must stay as they are, ``block`` among them; ``rows_of`` as above.
    """
    before = listed(text)
    expected = [one.text for one in before]
    at = before.index(block)
    expected[at : at + 1] = new
    after = (
        replace_lines(text, block, new[0], rows_of=rows_of) if new else remove_lines(text, block)
    )
    return after if [one.text for one in listed(after)] == expected else None


def _bullet(lead: str, text: str) -> str:
    row = f"{lead}{text}"
    return f"- {text}" if is_rule(row) else row


def _item(lead: str, lines: Sequence[str]) -> list[str]:
    """The rows of one bullet."""
    first = _bullet(lead, lines[0])
    indent = " " * len((lead if first.startswith(lead) else "- ").expandtabs(_MAX_GAP))
    return [first, *[indent + row for row in lines[1:]]]


def _apart(before: Block, after: Block) -> bool:
    return after.first > before.last + 1


def _indent_after(lines: Sequence[str], at: int) -> int:
    return next((indent_of(row) for row in lines[at:] if not blank(row)), 0)


def _lead(own: str, following: int) -> str:
    """A list's ``own`` lead, widened so that a line indented by ``following`` stays outside the item.

    Empty when the gap would take more than the four columns that Markdown allows.
    """
    if len(own.expandtabs(_MAX_GAP)) > following:
        return own
    marker = own.rstrip(" \t")
    gap = following + 1 - len(marker)
    return marker + " " * gap if gap <= _MAX_GAP else ""

"""The managed block: our part of a person's file, between two HTML comments on lines of their own (pure).

Claude Code strips such comments before the model sees the file. Comments inside fenced code, list items and
front matter are a person's text about gitmem, not marks.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import blank, insert_lines, newline_of, rows, split_lines, split_mark

if TYPE_CHECKING:
    from collections.abc import Sequence

END = "<!-- gitmem:end -->"

_MARK = re.compile(r" {0,3}<!--[ \t]*gitmem:(?P<which>begin|end)\b(?P<rest>.*)")
_WHOLE = re.compile(r"(?:(?!-->).)*-->[ \t]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The 0-based lines of the two marks."""

    begin: int
    end: int


def find(text: str) -> Span | None:
    """Where the block is; None without one. Raises NeedsPerson unless there is exactly one pair."""
    lines = rows(text)
    found = [
        (mark, block)
        for block in blocks(text)
        if block.kind is BlockKind.OPAQUE and (mark := _MARK.match(lines[block.first]))
    ]
    if not found:
        return None
    names = [mark["which"] for mark, _ in found]
    if names != ["begin", "end"] or not all(_WHOLE.fullmatch(mark["rest"]) for mark, _ in found):
        places = ", ".join(
            f"{name} in line {block.first + 1}"
            for (_, block), name in zip(found, names, strict=True)
        )
        raise NeedsPerson(
            f"the managed block is broken: {places}",
            hint="leave one line <!-- gitmem:begin --> and, below it, one line <!-- gitmem:end -->",
        )
    return Span(begin=found[0][1].first, end=found[1][1].first)


def inner(text: str, span: Span) -> list[str]:
    """The lines between the marks, without their ends."""
    return rows(text)[span.begin + 1 : span.end]


def put(text: str, lines: Sequence[str], *, note: str) -> str:
    """``text`` with these lines (without ends) in its block, which is added at the end if need be.

    ``note`` is what the first mark tells a person. All other text stays as it is, and a block that
    differs in blanks only does, too: formatters change those. Between the marks and the lines stands
    a blank line, as formatters want it. Raises NeedsPerson for a broken block, and when the file ends
    in a fence or comment that is not closed.
    """
    span = find(text)
    whole = [f"<!-- gitmem:begin {note} -->", *_framed(lines), END]
    if span is not None and _words(rows(text)[span.begin : span.end + 1]) == _words(whole):
        return text
    mark, bare = split_mark(text)
    old = split_lines(bare)
    if span is None:
        if not all(block.closed for block in blocks(text)):
            raise NeedsPerson(
                "the file ends in a code block or comment that is not closed",
                hint="close it, so that what is added below it is read as text",
            )
        return insert_lines(text, len(old), ["", *whole] if bare else whole)
    end = newline_of(text)
    final = end if old[span.end].endswith("\n") else ""
    new = end.join(whole) + final
    return mark + "".join([*old[: span.begin], new, *old[span.end + 1 :]])


def _framed(lines: Sequence[str]) -> list[str]:
    """The lines with one blank line before and behind them; none when there are none."""
    filled = [at for at, line in enumerate(lines) if not blank(line)]
    return ["", *lines[filled[0] : filled[-1] + 1], ""] if filled else []


def _words(lines: Sequence[str]) -> list[list[str]]:
    """What a formatter leaves of lines: their words, without blank lines."""
    return [line.split() for line in lines if not blank(line)]


def cut(text: str) -> str:
    """``text`` without its block: exactly what `put` was given when it added the block."""
    span = find(text)
    if span is None:
        return text
    mark, bare = split_mark(text)
    lines, seen = split_lines(bare), rows(text)
    before, after = lines[: span.begin], lines[span.end + 1 :]
    if before and blank(seen[span.begin - 1]) and (not after or blank(seen[span.end + 1])):
        before.pop()
    rest = mark + "".join(before + after)
    return rest if text.endswith("\n") else rest.removesuffix(newline_of(text))

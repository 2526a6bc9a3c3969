"""Existing skills: plain lines added to the body of a SKILL.md, and nothing else.

A skill is executable: its front matter grants tools and runs hooks (Claude Code 2.1.197). So it
stays byte for byte, and `assert_only_added` proves it of every result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.domain.blocks import Block, BlockKind, blocks
from gitmem.domain.bullets import add_bullets, one_line
from gitmem.domain.errors import Internal, Refused
from gitmem.domain.markdown import (
    blank,
    front_matter_lines,
    insert_lines,
    newline_of,
    rows,
    split_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

HEADING = "## Learned"

# A section for lines like ours: a title made of these words alone, at least one of the first.
_NAMES = frozenset(
    {"gotcha", "gotchas", "learned", "learnt", "lesson", "lessons", "note", "notes"}
    | {"pitfall", "pitfalls", "tip", "tips"}
)
_AROUND = frozenset(
    {"and", "caveats", "common", "general", "important", "known", "other", "tricks", "useful"}
)
_PLAIN = re.compile(r" {0,3}[-*+][ \t]{1,4}\S.*")


def front_matter(text: str) -> tuple[str, str]:
    """The raw text up to and with the closing fence, and the rest; "" and all of it without one.

    Raises Refused when the front matter is not closed.
    """
    count = front_matter_lines(text)
    if count is None:
        raise Refused(
            "the skill's front matter is not closed",
            hint="end it with a line of three hyphens",
        )
    lines = split_lines(text)
    return "".join(lines[:count]), "".join(lines[count:])


def add_body_lines(text: str, lines: Sequence[str]) -> str:
    """``text`` with one bullet per line in its section for such lines, else in a new one at its end.

    Raises Refused for front matter that is not closed, and for what is not one line.
    """
    front_matter(text)
    if not lines:
        return text
    for line in lines:
        one_line(line)
    section = _section(blocks(text))
    if section is None:
        text = _with_section(text)
        section = _section(blocks(text)) or []
    return add_bullets(text, lines, among=section, floor=len(split_lines(text)))


def assert_only_added(before: str, after: str) -> None:
    """Raises Internal unless ``after`` is ``before`` plus plain bullets (and our heading) in its body.

    The old text must remain byte for byte when the added lines are taken out again.
    """
    front, body = front_matter(before)
    # A file that ends with the closing fence has no line end there to compare.
    same = {front} if body else {front, front + newline_of(after)}
    if front_matter(after)[0] not in same:
        raise Internal("an edit of a skill would change its front matter")
    size = len(after) - len(before)
    places = _insertions(before, after)
    if before != after and not any(_is_plain(after, at, size) for at in places):
        raise Internal("an edit of a skill would do more than add plain lines to its body")


def _section(found: Sequence[Block]) -> list[Block] | None:
    """The first section for lines like ours: its heading, and its blocks up to the next heading."""
    headings = [at for at, block in enumerate(found) if block.kind is BlockKind.HEADING]
    top = [at for at in headings if found[at].level == 1]
    # The only top heading of several is the skill's own title, whatever it says.
    title = top[0] if top == headings[:1] and len(headings) > 1 else None
    for number, at in enumerate(headings):
        if at != title and _collects(found[at].text):
            end = headings[number + 1] if number + 1 < len(headings) else len(found)
            return list(found[at:end])
    return None


def _collects(title: str) -> bool:
    words = set(re.findall(r"\w+", title.casefold()))
    return bool(words & _NAMES) and words <= _NAMES | _AROUND


def _with_section(text: str) -> str:
    """``text`` with our heading at its end, or before a fence or comment that is not closed."""
    found = [block for block in blocks(text) if block.closed]
    at = found[-1].last + 1 if found else front_matter_lines(text) or 0
    lines = rows(text)
    before = [""] if at > 0 and not blank(lines[at - 1]) else []
    after = [""] if at < len(lines) and not blank(lines[at]) else []
    return insert_lines(text, at, [*before, HEADING, *after])


def _insertions(before: str, after: str) -> list[int]:
    """Every line start (or the end) of ``before`` at which one insertion makes it ``after``."""
    prefix = _common(before, after)
    suffix = _common(before[::-1], after[::-1])
    ends = [at + 1 for at in range(len(before)) if before[at] == "\n"]
    places = {0, *ends, len(before)}
    return sorted(at for at in places if len(before) - suffix <= at <= prefix)


def _common(one: str, other: str) -> int:
    pairs = zip(one, other, strict=False)
    return next((at for at, (a, b) in enumerate(pairs) if a != b), min(len(one), len(other)))


def _is_plain(after: str, at: int, size: int) -> bool:
    """Whether the inserted text is blank lines, bullets that read as bullets, and our heading."""
    if size <= 0:
        return False
    first = after.count("\n", 0, at)
    added = [row.removesuffix("\r") for row in after[at : at + size].split("\n")]
    starts = {block.first for block in blocks(after) if block.kind is BlockKind.BULLET}
    return all(
        blank(row) or row == HEADING or (_PLAIN.fullmatch(row) and first + number in starts)
        for number, row in enumerate(added)
    )

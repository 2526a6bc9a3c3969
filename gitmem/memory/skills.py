"""Skills: plain lines added to the body of an existing SKILL.md, and nothing else (pure).

A skill is executable: its front matter grants tools and runs hooks (Claude Code 2.1.197). So the front
matter stays byte for byte, and `assert_only_added` checks every result.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.failures import Internal
from gitmem.markdown import sections
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.bullets import add_bullets, bullets, one_line, remove_lines, replace_lines
from gitmem.markdown.lines import (
    blank,
    front_matter_lines,
    insert_lines,
    newline_of,
    rows,
    split_lines,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The folders that clients read skills from, and the folder of gitmem's own skill in each.
FOLDERS = (".claude/skills", ".agents/skills")
_OWN = "gitmem-close/SKILL.md"

HEADING = "## Learned"

_PLAIN = re.compile(r" {0,3}[-*+][ \t]{1,4}\S.*")


def front_matter(text: str) -> tuple[str, str]:
    """Return the raw text up to and with the closing fence, and the rest; "" and all of it without one.

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


def add_body_lines(text: str, lines: Sequence[str], *, section: str = "") -> str:
    """Return ``text`` with one bullet per line where a person would put it.

    That is after the last list of the section titled ``section``, if there is one; else in the section
    for such lines; else in a new section at the end or before the closing links. Raises Refused for front
    matter that is not closed, and for text of several lines.
    """
    front_matter(text)
    if not lines:
        return text
    for line in lines:
        one_line(line)
    part = sections.named(text, section) or sections.collecting(text)
    if part is None:
        text = _with_section(text)
        part = sections.collecting(text)
    found = part.blocks if part else ()
    return add_bullets(text, lines, among=sections.roomy(text, found), floor=len(split_lines(text)))


def replaceable(text: str) -> list[str]:
    """Return the texts of the bullets that an edit may replace: bullets of one line with a unique text."""
    found = [block for block in bullets(blocks(text)) if block.first == block.last]
    texts = [block.text for block in bullets(blocks(text))]
    return [block.text for block in found if texts.count(block.text) == 1]


def replace_body_line(text: str, old: str, new: str) -> str:
    """Return ``text`` with ``new`` in place of the bullet ``old``; all else stays byte for byte.

    Raises Refused when there is no such bullet of one line, or more than one.
    """
    return _changed(text, old, [new])


def remove_body_line(text: str, old: str) -> str:
    """Return ``text`` without the bullet ``old``; raises as `replace_body_line` does."""
    return _changed(text, old, [])


def _changed(text: str, old: str, new: Sequence[str]) -> str:
    """Return ``text`` with the bullet ``old`` replaced by ``new``: one line, or none."""
    front_matter(text)
    if old not in replaceable(text):
        raise Refused(
            f"no single line reads {old[:60]!r}",
            hint="the file changed since it was read; run the close again",
        )
    block = next(block for block in bullets(blocks(text)) if block.text == old)
    after = replace_lines(text, block, new[0]) if new else remove_lines(text, block)
    expected = [
        line for one in bullets(blocks(text)) for line in (new if one.text == old else [one.text])
    ]
    if [one.text for one in bullets(blocks(after))] != expected:
        raise Refused(
            f"the line {old[:60]!r} cannot be changed without changing its neighbours",
            hint="put a blank line and no indentation around its list",
        )
    return after


def assert_only_added(before: str, after: str) -> None:
    """Raise Internal unless ``after`` is ``before`` plus plain bullets (and our heading) in its body.

    Without the added lines, ``after`` must be ``before`` byte for byte.
    """
    _assert_same_front(before, after)
    size = len(after) - len(before)
    places = _insertions(before, after)
    if before != after and not any(_is_plain(after, at, size) for at in places):
        raise Internal("an edit of a skill would do more than add plain lines to its body")


def assert_only_replaced(before: str, after: str) -> None:
    """Raise Internal unless only one line differs, a plain bullet that is still a bullet."""
    _assert_same_front(before, after)
    old, new = split_lines(before), split_lines(after)
    changed = [at for at, pair in enumerate(zip(old, new, strict=False)) if pair[0] != pair[1]]
    starts = {block.first for block in blocks(after) if block.kind is BlockKind.BULLET}
    plain = all(_PLAIN.fullmatch(new[at].rstrip("\r\n")) and at in starts for at in changed)
    if len(old) != len(new) or len(changed) > 1 or not plain:
        raise Internal("an edit of a skill would do more than replace one line of its body")


def assert_only_removed(before: str, after: str) -> None:
    """Raise Internal unless only one plain bullet, with a blank line beside it at most, is gone."""
    _assert_same_front(before, after)
    size = len(before) - len(after)
    starts = {block.first for block in blocks(before) if block.kind is BlockKind.BULLET}
    for at in _insertions(after, before):
        first = before.count("\n", 0, at)
        gone = [row.removesuffix("\r") for row in before[at : at + size].split("\n")]
        items = [number for number, row in enumerate(gone, first) if not blank(row)]
        if len(items) == 1 and items[0] in starts and _PLAIN.fullmatch(gone[items[0] - first]):
            return
    raise Internal("an edit of a skill would do more than take out one line of its body")


def _assert_same_front(before: str, after: str) -> None:
    front, body = front_matter(before)
    # A file that ends with the closing fence has no line end there to compare.
    same = {front} if body else {front, front + newline_of(after)}
    if front_matter(after)[0] not in same:
        raise Internal("an edit of a skill would change its front matter")


def _with_section(text: str) -> str:
    """Return ``text`` with our heading before its closing lines, else at its end or before an open fence."""
    found = [block for block in blocks(text) if block.closed]
    closing = sections.closing(text)
    at = found[-1].last + 1 if found else front_matter_lines(text) or 0
    at = at if closing is None else closing
    lines = rows(text)
    before = [""] if at > 0 and not blank(lines[at - 1]) else []
    after = [""] if at < len(lines) and not blank(lines[at]) else []
    return insert_lines(text, at, [*before, HEADING, *after])


def _insertions(before: str, after: str) -> list[int]:
    """Return every line start (or the end) of ``before`` where one insertion makes it ``after``."""
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


def skill_in(folder: str) -> str:
    """Return the path of gitmem's own skill in a folder of skills."""
    return f"{folder}/{_OWN}"


def is_own(path: str) -> bool:
    """Return whether the path is gitmem's own skill's."""
    return path in map(skill_in, FOLDERS)

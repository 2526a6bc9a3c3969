"""Remove or replace lines of a file and touch nothing else in it; the message of a forget (pure)."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.core.quantities import count
from gitmem.markdown.blocks import Block, BlockKind, blocks
from gitmem.markdown.bullets import bullets, one_line, remove_lines
from gitmem.markdown.lines import newline_of, rows, split_lines, split_mark
from gitmem.memory import instructions, skills
from gitmem.memory.passages import Passage, passages
from gitmem.memory.topics import remove_fact
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import TRAILER, record_path
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.records.drain_record import Outcome

_LEAD = re.compile(r"[ \t]*(?:[-*+]|[0-9]{1,9}[.)])[ \t]+(?:\[[ xX]\][ \t]+)?")
_FILES = 20  # named in a message that counts; a forget in more files is rare
_HEADINGS = frozenset({instructions.HEADING, skills.HEADING})


@dataclass(frozen=True, slots=True, kw_only=True)
class Removal:
    """A removed line, and what replaces it (the other flags' own words)."""

    file: str
    item: Passage
    instead: tuple[str, ...] = ()


def without(text: str, taken: Sequence[Removal]) -> str:
    """Return the file's text with each line removed or replaced.

    A heading of gitmem's own goes with its last line. Raises NeedsPerson when a person has written
    into the item, or when other items would change.
    """
    before = _wholes(text)
    gone = {one.item.first: one for one in taken}
    expected = [
        line
        for item in before
        for line in (gone[item.first].instead if item.first in gone else (item.text,))
    ]
    for one in sorted(taken, key=lambda one: -one.item.first):
        text = _changed(text, one)
    nested = any(item.first not in {one.first for one in before} for item in _items(taken))
    if not nested and [item.text for item in _wholes(text)] != expected:
        raise NeedsPerson(
            "these lines cannot be removed without changing their neighbours",
            hint="edit the file by hand and commit it",
        )
    return _without_empty_headings(text)


def without_items(text: str) -> str:
    """Return the text without its bullets."""
    for item in bullets(blocks(text)):
        text = remove_fact(text, item.text)
    return text


def message(
    made: tuple[str, str],
    outcomes: Sequence[Outcome],
    taken: Sequence[Removal],
    guards: int,
    style: CommitStyle = PLAIN,
) -> str:
    """Return the review commit's message: the forgotten flags, the lines that go or come back.

    ``made`` is the drain's name and the tree. Where that is too long, it counts them for each file,
    and names the drain record, which has every flag.
    """
    gone = [one for one in outcomes if not one.line]
    restored = [one for one in outcomes if one.line]
    parts = []
    flags = []
    for one in gone:
        flags.append(f"- {one.flag.id}: {visible(one.flag.text)}")
        flags += [f"  ({visible(one.reason)})"] if one.reason else []
    parts.append("\n".join(["Forgotten:", *flags]))
    for file in sorted({one.file for one in taken}):
        lines = [f"- {visible(one.item.text)}" for one in taken if one.file == file]
        parts.append("\n".join([f"Taken out of {file}:", *lines]))
    if guards:
        parts.append(f"Guards taken out: {guards}")
    rows = [f"- {one.line}\n  ({one.flag.id}, {visible(one.reason)})" for one in restored]
    if rows:
        parts.append("\n".join(["In their own words again:", *rows]))
    forgets = count(len(gone), "flag")
    short = partial(_counted, made[0], forgets, taken, guards, len(restored))
    body = style.fitted(parts, short)
    trailers = f"Gitmem-Drain: {made[0]}\n{TRAILER}: {made[1]}"
    return f"{style.head('forget ' + forgets)}\n\n{body}\n\n{trailers}\n"


def _counted(
    drain: str, forgets: str, taken: Sequence[Removal], guards: int, restored: int
) -> list[str]:
    """Return the paragraphs of a message that counts lines."""
    files = Counter(one.file for one in taken).most_common()
    rows = [f"- {file}: {count(number, 'line')}" for file, number in files[:_FILES]]
    if files[_FILES:]:
        rest = sum(number for _, number in files[_FILES:])
        rows.append(f"- {count(len(files) - _FILES, 'more file')}: {count(rest, 'line')}")
    return [
        f"Forgotten: {forgets}",
        *(["\n".join(["Taken out:", *rows])] if rows else []),
        *([f"Guards taken out: {guards}"] if guards else []),
        *([f"In their own words again: {count(restored, 'line')}"] if restored else []),
        f"Each flag is in the record that this commit adds:\n{record_path(drain)}",
    ]


def _items(taken: Sequence[Removal]) -> list[Passage]:
    return [one.item for one in taken]


def _wholes(text: str) -> list[Passage]:
    return [item for item in passages(text) if item.whole]


def _changed(text: str, one: Removal) -> str:
    item = one.item
    covering = next((whole for whole in _wholes(text) if whole.first == item.first), None)
    if covering is not None and covering.last != item.last:
        raise NeedsPerson(
            f"a person wrote below {one.file}:{item.first}, in the same list item",
            hint="remove the line by hand and commit that",
        )
    mark, bare = split_mark(text)
    lines = split_lines(bare)
    first = rows(text)[item.first - 1]
    lead = _LEAD.match(first)
    if not one.instead or lead is None:
        block = Block(kind=BlockKind.BULLET, first=item.first - 1, last=item.last - 1)
        if covering is not None:
            return remove_lines(text, block)
        return mark + "".join([*lines[: item.first - 1], *lines[item.last :]])
    last = lines[item.last - 1]
    end = last[len(last.rstrip("\r\n")) :]
    new = [lead[0] + one_line(line) for line in one.instead]
    joined = newline_of(text).join(new) + end
    return mark + "".join([*lines[: item.first - 1], joined, *lines[item.last :]])


def _without_empty_headings(text: str) -> str:
    """Remove a heading of gitmem's own that has nothing left below it."""
    all_blocks, lines = blocks(text), rows(text)
    for at, block in enumerate(all_blocks):
        if block.kind is not BlockKind.HEADING or lines[block.first] not in _HEADINGS:
            continue
        after = all_blocks[at + 1] if at + 1 < len(all_blocks) else None
        ends = after is None or after.kind is BlockKind.HEADING
        if ends or (after is not None and "gitmem:end" in lines[after.first]):
            return remove_lines(text, block)
    return text

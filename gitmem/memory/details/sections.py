r"""A details file: the bodies of one memory file's lines, each below its line as a heading (pure).

Functions take the file's text and return its new text. Around the sections that they change, every
byte stays: a person may write into the file, and add sections. A section is a heading of the second
level and all up to the next one of that level or above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import BlockKind, blocks, code_rows
from gitmem.markdown.lines import blank, insert_lines, newline_of, rows, split_lines, split_mark
from gitmem.memory.topics import fact_key
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless

if TYPE_CHECKING:
    from gitmem.markdown.blocks import Block

MOST_BYTES = 256_000
"""Of one details file. A part of a topic has some 40 lines, so this is a body at its limit for each."""

_LEVEL = 2
_BEFORE = "\n\n"  # blocks of a body are told apart from what stands before it
_MARKER = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?")
_HASHES = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_DRAWN = re.compile(r"[\s|:=+*_~>#-]*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """A line's body: the heading's words, its 0-based row, the row after the section, and the body."""

    headline: str
    first: int
    end: int
    body: str


def new_file(name: str) -> str:
    """Return a details file without bodies, for the lines of the memory file ``name``."""
    topic = name.removesuffix(".md")
    return (
        f"# Details: {topic}\n\n"
        f"More about lines of [{topic}](../{name}). No session loads this file; `gitmem recall` finds it.\n"
    )


def sections(text: str) -> list[Section]:
    """Return the sections of a file in order."""
    lines = rows(text)
    heads = [
        block for block in blocks(text) if block.kind is BlockKind.HEADING and block.level <= _LEVEL
    ]
    found = []
    for block, after in zip(heads, [*heads[1:], None], strict=True):
        if block.level < _LEVEL:
            continue
        end = len(lines) if after is None else after.first
        body = "\n".join(lines[block.last + 1 : end]).strip("\n")
        headline = _headline(block, lines[block.first])
        found.append(Section(headline=headline, first=block.first, end=end, body=body))
    return found


def section_of(text: str, line: str) -> Section | None:
    """Return the section of a line; None when it has none."""
    key = fact_key(line)
    return next((one for one in sections(text) if fact_key(one.headline) == key), None)


def section_at(text: str, number: int) -> Section | None:
    """Return the section that a 1-based row of the file is in; None for one before the first."""
    return next((one for one in sections(text) if one.first < number <= one.end), None)


def written(body: str) -> str:
    """Return a flag's body as it stands in the file.

    What a client would load, or a reader would not see, is in backticks (outside of code), and its
    headings are below the heading of the line. Raises Refused for what would break the file.
    """
    lines = body.split("\n")
    code = _code(lines)
    safe = [row if at in code else _harmless(row) for at, row in enumerate(lines)]
    if _code(safe) != code:
        raise Refused("its body has code or HTML that cannot be told from its text")
    for at, row in enumerate(safe):
        text = row[len(_lead(row)) :]
        reason = None if at in code or _DRAWN.fullmatch(text) else find_active(text)
        if reason:
            raise Refused(f"its body, line {at + 1}: {reason[0].lower()}{reason[1:]}")
    return _below(safe)


def with_body(text: str, line: str, body: str) -> str:
    """Return the file with a `written` body below a line: at the end of its section, or of a new one.

    What the section has already is not added again. Raises Refused where the file cannot take it.
    """
    section = section_of(text, line)
    lines = rows(text)
    if section is None:
        end, new = _filled(lines, len(lines)), ["", f"## {line}", "", *body.split("\n")]
        at = end
    elif has_body(section.body, body):
        return text
    else:
        at = _filled(lines, section.end)
        new = ["", *body.split("\n")]
    after = insert_lines(text, at, new)
    if at < len(lines) and not blank(lines[at]):
        after = insert_lines(after, at + len(new), [""])
    if not after.endswith("\n"):
        after += newline_of(text)
    return _checked(text, after, {fact_key(line)})


def without_section(text: str, line: str) -> str:
    """Return the file without a line's section; unchanged when it has none."""
    section = section_of(text, line)
    if section is None:
        return text
    mark, bare_text = split_mark(text)
    lines = split_lines(bare_text)
    before = lines[: section.first]
    rest = lines[section.end :]
    while before and not rest and blank(before[-1].rstrip("\r\n")):
        before.pop()
    return _checked(text, mark + "".join([*before, *rest]), {fact_key(line)})


def renamed(text: str, line: str, new: str) -> str:
    """Return the file with a section headed by another line; unchanged when there is no such section."""
    section = section_of(text, line)
    if section is None or fact_key(line) == fact_key(new):
        return text
    mark, bare_text = split_mark(text)
    lines = split_lines(bare_text)
    own = rows(text)
    heading = _filled_heading(own, section.first)
    row = lines[heading]
    lines[section.first : heading + 1] = [f"## {new}" + row[len(row.rstrip("\r\n")) :]]
    return _checked(text, mark + "".join(lines), {fact_key(line), fact_key(new)})


def without_body(text: str, line: str, body: str) -> str | None:
    """Return the file without one `written` body of a line, its section with it if nothing is left.

    None where the section does not have the body as it was written: a person changed it.
    """
    section = section_of(text, line)
    if section is None or not has_body(section.body, body):
        return None
    if section.body == body:
        return without_section(text, line)
    mark, bare_text = split_mark(text)
    lines, own, wanted = split_lines(bare_text), rows(text), body.split("\n")
    last = section.end - len(wanted)
    at = next(at for at in range(section.first, last + 1) if own[at : at + len(wanted)] == wanted)
    before, rest = lines[:at], lines[at + len(wanted) :]
    ends = not rest or blank(rest[0].rstrip("\r\n"))
    while before and ends and blank(before[-1].rstrip("\r\n")):
        before.pop()
    return _checked(text, mark + "".join([*before, *rest]), {fact_key(line)})


def has_body(section: str, body: str) -> bool:
    """Return whether a section's body has these rows one after another."""
    return f"\n{body}\n" in f"\n{section}\n"


def emptied(text: str, name: str) -> bool:
    """Return whether nothing is left of a details file but how gitmem begins one."""
    return text.strip() in {"", new_file(name).strip()}


def united(before: str, one: str, other: str) -> str | None:
    """Return ``one`` with the bodies that ``other`` added to ``before``, or the reverse; None for other changes."""
    for kept, extended in ((one, other), (other, one)):
        known = {fact_key(part.headline): part.body for part in sections(before)}
        parts = [(part.headline, part.body) for part in sections(extended)]
        added = [
            (headline, body.removeprefix(known.get(fact_key(headline), "")).strip("\n"))
            for headline, body in parts
            if body != known.get(fact_key(headline))
        ]
        try:
            if _with(before, added) == extended:
                return _with(kept, added)
        except Refused:
            continue
    return None


def _with(text: str, added: list[tuple[str, str]]) -> str:
    for headline, body in added:
        text = with_body(text, headline, body)
    return text


def _headline(block: Block, row: str) -> str:
    """Return a heading's words; a final ``#`` of ours is one of them, though it ends a heading elsewhere."""
    marks = _HASHES.match(row)
    return row[marks.end() :].strip(" \t") if marks else block.text


def _filled(lines: list[str], end: int) -> int:
    """Return the row after the last one before ``end`` that is not blank."""
    while end and blank(lines[end - 1]):
        end -= 1
    return end


def _filled_heading(lines: list[str], first: int) -> int:
    """Return the last row of a heading: an underlined one has several."""
    if _HASHES.match(lines[first]):
        return first
    found = (at for at in range(first + 1, len(lines)) if not lines[at].strip(" \t=-"))
    return next(found, first)


def _checked(before: str, after: str, touched: set[str]) -> str:
    """Return ``after`` when every other section reads as before."""
    one, other = (
        [
            (part.headline, part.body)
            for part in sections(text)
            if fact_key(part.headline) not in touched
        ]
        for text in (before, after)
    )
    if one != other or any(not block.closed for block in blocks(after)):
        raise Refused(
            "the file with the bodies cannot be changed without changing its neighbours",
            hint="look for a code fence or a comment in it that does not end",
        )
    return after


def _code(lines: list[str]) -> frozenset[int]:
    """Return which rows of a body are code; raises Refused for a fence or comment that does not end."""
    text = _BEFORE.join(["# -", "\n".join(lines)])
    if any(not block.closed for block in blocks(text)):
        raise Refused("its body has a code fence or a comment that does not end")
    return frozenset(at - 2 for at in code_rows(text))


def _lead(row: str) -> str:
    match = _MARKER.match(row)
    return match[0] if match else ""


def _harmless(row: str) -> str:
    lead = _lead(row)
    return lead + harmless(row[len(lead) :])


def _below(lines: list[str]) -> str:
    """Return the rows with their headings two levels down at least, underlined ones with marks."""
    text = _BEFORE.join(["# -", "\n".join(lines)])
    heads = [block for block in blocks(text)[1:] if block.kind is BlockKind.HEADING]
    least = min((block.level for block in heads), default=_LEVEL + 1)
    deeper = max(0, _LEVEL + 1 - least)
    done = list(lines)
    for block in reversed(heads):
        first, last = block.first - 2, block.last - 2
        marks = "#" * min(6, block.level + deeper)
        match = _HASHES.match(done[first])
        if match:
            done[first] = marks + done[first][match.end() :]
        else:
            words = " ".join(row.strip(" \t") for row in done[first:last])
            done[first : last + 1] = [f"{marks} {words}"]
    return "\n".join(done)

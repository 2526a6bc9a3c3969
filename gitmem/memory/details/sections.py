r"""A details file: the bodies of one memory file's lines, each below its line as a heading (pure).

Functions take the file's text and return its new text. Around the sections that they change, every
byte stays: a person may write into the file, and add sections. A section is a heading of the second
level and all up to the next one of that level or above.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.blocks import BlockKind, blocks, code_rows
from gitmem.markdown.lines import blank, newline_of, rows, split_lines, split_mark
from gitmem.memory.topics import bare, fact_key, raw_facts
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from gitmem.markdown.blocks import Block

MOST_BYTES = 256_000
"""Of one details file. A part of a topic has some 40 lines, so this is a body at its limit for each."""

BEFORE = "### Before: "
"""The heading of what a line had below it that another one took the place of; the old line follows."""

_LEVEL = 2
_TITLE = "# -"  # above a body that is read alone, so that nothing is taken for front matter
_MARKER = re.compile(r"[ \t]*(?:>[ \t]?)*(?:(?:[-*+]|[0-9]{1,9}[.)])[ \t]+)?")
_HASHES = re.compile(r" {0,3}#{1,6}(?=[ \t]|$)")
_BOX = re.compile(r"^\[[ xX]\][ \t]+")
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
    for at, block in enumerate(heads):
        if block.level < _LEVEL:
            continue
        end = heads[at + 1].first if at + 1 < len(heads) else len(lines)
        body = "\n".join(lines[block.last + 1 : end]).strip("\n")
        headline = _headline(block, lines[block.first])
        found.append(Section(headline=headline, first=block.first, end=end, body=body))
    return found


def headings(lines: str, text: str) -> dict[str, str]:
    """Return the heading of each line with a body, by the line: ``lines`` is the memory file, ``text`` its details.

    A line that a person reworded has its link still, and no heading that reads like it. Where as many
    headings are left without a line, they belong together in their order.
    """
    heads = {fact_key(one.headline): one.headline for one in reversed(sections(text))}
    if not heads:
        return {}
    raws = raw_facts(lines)
    found = {bare(raw): heads[fact_key(raw)] for raw in raws if fact_key(raw) in heads}
    known = {*found.values()}
    left = [head for head in reversed(heads.values()) if head not in known]
    loose = [line for raw in raws if (line := bare(raw)) != raw and line not in found]
    if len(left) == len(loose):
        found |= zip(loose, left, strict=True)
    return {_BOX.sub("", line, count=1): head for line, head in found.items()}


def section_of(text: str, line: str) -> Section | None:
    """Return the section of a line; None when it has none."""
    key = fact_key(line)
    return next((one for one in sections(text) if fact_key(one.headline) == key), None)


def section_at(text: str, number: int) -> Section | None:
    """Return the section that a 1-based row of the file is in; None for one before the first."""
    return next((one for one in sections(text) if one.first < number <= one.end), None)


def hidden_row(text: str) -> int:
    """Return the first 1-based row of a file that has hidden text; 0 without one."""
    found = (at for at, row in enumerate(rows(text), 1) if find_hidden(row.replace("\t", " ")))
    return next(found, 0)


@lru_cache(maxsize=512)
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


class DetailsFile:
    """A details file that is being changed: `text` gives the result.

    Every other byte stays as it is, and the file is read once, however many bodies are added.
    """

    def __init__(self, text: str) -> None:
        self._before = text
        self._mark, whole = split_mark(text)
        self._end = newline_of(text)
        lines = split_lines(whole)
        self._parts: list[_Part] = []
        at = 0
        for one in sections(text):
            self._parts.append(_Part(rows=lines[at : one.first]))
            head = _heading_rows(rows(text), one.first)
            body = lines[one.first + head : one.end]
            heading = "".join(lines[one.first : one.first + head])
            self._parts.append(_Part(rows=body, heading=heading, headline=one.headline))
            at = one.end
        self._parts.append(_Part(rows=lines[at:]))
        self._known = {part.key: part for part in reversed(self._parts) if part.heading}

    @property
    def headlines(self) -> list[str]:
        """The headings of the sections, in order."""
        return [part.headline for part in self._parts if part.heading]

    def body(self, line: str) -> str:
        """Return what is below a line; empty when it has no section, or an empty one."""
        part = self._known.get(fact_key(line))
        return part.body if part else ""

    def has(self, line: str) -> bool:
        """Return whether a line has a section."""
        return fact_key(line) in self._known

    def add(self, line: str, body: str) -> None:
        """Add a `written` body below a line: at the end of its section, or of a new one.

        What the section has already is not added again.
        """
        part = self._known.get(fact_key(line))
        if part is None:
            part = _Part(rows=[], heading=f"## {line}{self._end}", headline=line)
            self._parts.append(part)
            self._known[part.key] = part
            self._separate(len(self._parts) - 1)
        elif part.has(body):
            return
        at = len(part.rows)
        while at and blank(part.rows[at - 1].rstrip("\r\n")):
            at -= 1
        if at and not part.rows[at - 1].endswith("\n"):
            part.rows[at - 1] += self._end
        if not part.heading.endswith("\n"):
            part.heading += self._end
        part.rows[at:at] = [row + self._end for row in ["", *body.split("\n")]]
        self._separate(self._parts.index(part) + 1)

    def remove(self, line: str) -> None:
        """Take out a line's section, if it has one."""
        part = self._known.pop(fact_key(line), None)
        if part is None:
            return
        at = self._parts.index(part)
        del self._parts[at]
        if not any(one.raw for one in self._parts[at:]):
            for one in reversed(self._parts[:at]):
                _end_with_text(one.rows)
                if one.raw:
                    break

    def rename(self, line: str, new: str) -> None:
        """Head a line's section by another line, if it has one; the other line has none."""
        part = self._known.pop(fact_key(line), None)
        if part is not None:
            part.heading = f"## {new}{self._end}"
            part.headline = new
            self._known[part.key] = part

    def remove_body(self, line: str, body: str) -> bool:
        """Take out one `written` body of a line, and its section if nothing is left; return whether it was there.

        It is not where a person changed it. A heading `Before` goes with the last that is below it.
        """
        part = self._known.get(fact_key(line))
        if part is None or not part.has(body):
            return False
        if part.body == body:
            self.remove(line)
            return True
        wanted, own = body.split("\n"), [row.rstrip("\r\n") for row in part.rows]
        size = len(wanted)
        at = next(at for at in range(len(own)) if own[at : at + size] == wanted)
        before, rest = part.rows[:at], part.rows[at + size :]
        following = next((row for row in rest if not blank(row.rstrip("\r\n"))), BEFORE)
        if not rest or blank(rest[0].rstrip("\r\n")):
            _end_with_text(before)
        if before and before[-1].startswith(BEFORE) and following.startswith(BEFORE):
            before.pop()
            _end_with_text(before)
        part.rows = [*before, *rest]
        if not part.body:
            self.remove(line)
        return True

    def text(self) -> str:
        """Return the file's text. Raises Refused when it would not read as it should."""
        text = self.unchecked
        if text == self._before:
            return text
        wanted = [(part.key, part.body) for part in self._parts if part.heading]
        found = [(fact_key(one.headline), one.body) for one in sections(text)]
        if found != wanted or any(not block.closed for block in blocks(text)):
            raise Refused(
                "its sections cannot be told apart; look for a code fence or a comment that does not end"
            )
        return text

    @property
    def unchecked(self) -> str:
        """The file's text, whatever it reads like."""
        return self._mark + "".join(part.raw for part in self._parts)

    def _separate(self, at: int) -> None:
        """Put a blank line before the part at this place, where there is something on both sides."""
        before = next((part for part in reversed(self._parts[:at]) if part.raw), None)
        if before is None or not any(part.raw for part in self._parts[at:]):
            return
        if not before.raw.endswith("\n"):
            before.close(self._end)
        if not before.rows or not blank(before.rows[-1].rstrip("\r\n")):
            before.rows.append(self._end)


def _end_with_text(rows: list[str]) -> None:
    """Take the blank rows off the end."""
    while rows and blank(rows[-1].rstrip("\r\n")):
        rows.pop()


class _Part:
    """Some rows of a file with their ends, below a heading or not."""

    __slots__ = ("_headline", "heading", "key", "rows")

    def __init__(self, *, rows: list[str], heading: str = "", headline: str = "") -> None:
        self.rows = rows
        self.heading = heading
        self.headline = headline

    @property
    def headline(self) -> str:
        """The words of the heading."""
        return self._headline

    @headline.setter
    def headline(self, words: str) -> None:
        self._headline = words
        self.key = fact_key(words)

    @property
    def raw(self) -> str:
        """All of it as it stands in the file."""
        return self.heading + "".join(self.rows)

    @property
    def body(self) -> str:
        """What is below the heading."""
        return "\n".join([row.rstrip("\r\n") for row in self.rows]).strip("\n")

    def has(self, body: str) -> bool:
        """Whether it has these rows one after another."""
        return f"\n{body}\n" in f"\n{self.body}\n"

    def close(self, end: str) -> None:
        """End its last row."""
        if self.rows:
            self.rows[-1] += end
        else:
            self.heading += end


def emptied(text: str, name: str) -> bool:
    """Return whether nothing is left of a details file but how gitmem begins one."""
    return text.strip() in {"", new_file(name).strip()}


def united(before: str, one: str, other: str) -> str | None:
    """Return ``one`` with the bodies that ``other`` added to ``before``, or the reverse; None for other changes."""
    for kept, extended in ((one, other), (other, one)):
        known = {fact_key(part.headline): part.body for part in sections(before)}
        added = [
            (
                part.headline,
                part.body.removeprefix(known.get(fact_key(part.headline), "")).strip("\n"),
            )
            for part in sections(extended)
            if part.body != known.get(fact_key(part.headline))
        ]
        try:
            if _with(before, added) == extended:
                return _with(kept, added)
        except Refused:
            continue
    return None


def _with(text: str, added: list[tuple[str, str]]) -> str:
    file = DetailsFile(text)
    for headline, body in added:
        file.add(headline, body)
    return file.text()


def _headline(block: Block, row: str) -> str:
    """Return a heading's words; a final ``#`` of ours is one of them, though it ends a heading elsewhere."""
    marks = _HASHES.match(row)
    return row[marks.end() :].strip(" \t") if marks else block.text


def _heading_rows(lines: list[str], first: int) -> int:
    """Return how many rows a heading has: an underlined one has several."""
    if _HASHES.match(lines[first]):
        return 1
    found = (at for at in range(first + 1, len(lines)) if not lines[at].strip(" \t=-"))
    return next(found, first) - first + 1


def _code(lines: list[str]) -> frozenset[int]:
    """Return which rows of a body are code; raises Refused for a fence or comment that does not end."""
    text = "\n".join([_TITLE, "", *lines])
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
    text = "\n".join([_TITLE, "", *lines])
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

"""Words on the terminal: one place that escapes, aligns and colours."""

from __future__ import annotations

import json
import os
import re
import shutil
import sys
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, NeedsPerson
from gitmem.core.plural import count
from gitmem.safety.secrets import redacted
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import TextIO

    from gitmem.core.flag import Flag

_aside: dict[str, None] = {}
_UNREAD = 20  # lines that no reader understands, one by one; the rest are counted
_WIDE = 10_000  # cells: into a pipe or a file nothing is wrapped
_NARROW = 30  # cells that the last column of a table needs to be read beside the others
_GAP = 2  # cells between two columns
_PIECE = re.compile(r" *[^ ]+ ?| +")


__all__ = ["count"]  # the words of the commands take it from here


class Unwritable(NeedsPerson):
    """Standard output takes nothing; what the command did is done."""


#: Why standard output took less than it was given, once that happened.
_lost: list[str] = []


def say(text: str = "") -> None:
    """One line of our own words to stdout; text of others in it is escaped.

    On a terminal a long line breaks between words, and goes on under its beginning.
    """
    _write(sys.stdout, _flowing(sys.stdout, text))


def command(text: str) -> None:
    """A line that a CI runner shall obey: its words are ours, and what is of others in it is escaped."""
    _write(sys.stdout, text)


def page(text: str) -> None:
    """Text of several lines that is not ours; lines and tabs stay, all else is escaped."""
    _write(sys.stdout, "".join(_escaped(line) + "\n" for line in _lines(text)))


def diff(text: str) -> None:
    """A unified diff, escaped like a page, with our own colours where the terminal takes them.

    The colours of git would be bytes like those of the text between them.
    """
    lines = [_escaped(line) for line in _lines(text)]
    if colour():
        lines = [f"{start}{line}\x1b[m" if start else line for start, line in _coloured(lines)]
    _write(sys.stdout, "".join(line + "\n" for line in lines))


def trace(text: str) -> None:
    """What a report of a bug needs, to stderr, escaped like a page."""
    _write(sys.stderr, "".join(_escaped(line) + "\n" for line in _lines(text)))


def note(text: str) -> None:
    """One line to stderr: something the person should know beside the answer."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {text}"))


def notes(texts: Iterable[str]) -> None:
    """Each as a note."""
    for text in texts:
        note(text)


def unread(lines: Sequence[object]) -> None:
    """Notes on lines that no reader understands; of many the first, and how many more."""
    notes([f"a line that cannot be read: {line}" for line in lines[:_UNREAD]])
    if len(lines) > _UNREAD:
        note(f"and {len(lines) - _UNREAD} more lines that cannot be read")


def aside(sentences: Iterable[str]) -> None:
    """Each as a note: what of others was not read. The command then ends with 8 (`was_set_aside`)."""
    new = [sentence for sentence in sentences if sentence not in _aside]
    _aside.update(dict.fromkeys(new))
    notes(new)
    if new:
        note("what is set aside stays where it is; ask who pushed it, and have it taken out")


def was_set_aside() -> bool:
    """Whether `aside` had something to say since this was asked last."""
    said = bool(_aside)
    _aside.clear()
    return said


def as_json(value: object) -> None:
    """The answer for a program: one JSON value on stdout, what would not be seen in it escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = "".join([char if char.isprintable() else json.dumps(char)[1:-1] for char in text])
    _write(sys.stdout, text + "\n")


def failure(error: GitmemError) -> None:
    """What happened, and a hint; a credential that was given is not repeated."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {redacted(error.message)}"))
    if error.hint:
        _write(sys.stderr, _flowing(sys.stderr, f"hint: {redacted(error.hint)}"))


def table(
    rows: Sequence[Sequence[str]], *, right: Collection[int] = (), wide: bool = False
) -> None:
    """Rows in columns, two blanks apart; on a terminal the last column wraps under itself.

    Where the terminal is too narrow for that, each row's last column goes on lines of its own. The
    columns ``right`` are aligned to the right. Of a ``wide`` table, whose first row names the columns, a row
    that has no room is its first cell and, below, each of the others behind its name.
    """
    from rich.cells import cell_len

    if not rows:
        return
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*cells, strict=True)]
    width = _WIDE if wide or not sys.stdout.isatty() else _columns()
    before = sum(width + _GAP for width in widths[:-1])
    if wide and sys.stdout.isatty() and before + widths[-1] > _columns():
        _named(cells)
        return
    stacked = before + min(widths[-1], _NARROW) > width
    for row in cells:
        pads = [" " * (column - cell_len(cell)) for column, cell in zip(widths, row, strict=True)]
        padded = [
            pad + cell if at in right else cell + pad
            for at, (pad, cell) in enumerate(zip(pads, row, strict=True))
        ]
        lead = "".join(cell + " " * _GAP for cell in padded[:-1])
        if width == _WIDE:
            lines = [lead + padded[-1]]
        elif stacked:
            lines = [*_wrapped(lead, width, "    "), *_wrapped("    " + row[-1], width, "    ")]
        else:
            lines = _wrapped(lead + row[-1], width, " " * before)
        for line in lines:
            if line.strip():
                _write(sys.stdout, line.rstrip() + "\n")


def colour() -> bool:
    """Whether stdout takes colour (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def words(flag: Flag) -> str:
    """What a flag says, on one line; of a snag also the better path."""
    return f"{flag.text} -> {flag.better}" if flag.better else flag.text


# What git's own colours are by default (git-config(1), "color.diff.<slot>").
_HEAD, _HUNK, _OLD, _NEW = "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[32m"
_RANGE = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def _coloured(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Colour (empty: none) and line; a hunk's header says how many lines of it follow."""
    old = new = 0
    for line in lines:
        if old > 0 or new > 0:
            mark = line[:1]
            old -= mark in {" ", "-", ""}
            new -= mark in {" ", "+", ""}
            yield {"-": _OLD, "+": _NEW}.get(mark, ""), line
            continue
        found = _RANGE.match(line)
        if found:
            old, new = (1 if count is None else int(count) for count in found.groups())
        yield _HUNK if found else "" if line.startswith("\\") else _HEAD, line


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _escaped(line: str) -> str:
    return "\t".join(visible(part) for part in line.split("\t"))


def _named(cells: Sequence[Sequence[str]]) -> None:
    """The rows below the head of a table, each as its first cell and the others with their columns' names."""
    head, *rows = cells
    for first, *others in rows:
        told = [
            " ".join(filter(None, (name, cell.strip())))
            for name, cell in zip(head[1:], others, strict=True)
            if cell.strip() not in {"", "-"}
        ]
        for line in (first, *_wrapped("  " + ", ".join(told), _columns(), "  ")):
            _write(sys.stdout, line.rstrip() + "\n")


def _flowing(stream: TextIO, text: str) -> str:
    """The text as lines of our own words for a stream, broken between words where that is a terminal."""
    shown = visible(" ".join(text.splitlines()))
    if stream.isatty():
        indent = " " * (len(shown) - len(shown.lstrip(" ")) + 4)
        shown = "\n".join(_wrapped(shown, _columns(), indent))
    return shown + "\n"


def _columns() -> int:
    return shutil.get_terminal_size().columns


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    """A line as lines of a width in cells, broken at blanks only; all but the first are indented."""
    from rich.cells import cell_len

    if cell_len(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    for piece in _PIECE.findall(text):
        if line.strip() and cell_len((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return [*lines, line]


def _write(stream: TextIO, text: str) -> None:
    """Writes bytes at once. A stream that takes nothing changes nothing about what is being done.

    What standard output did not take is told at the end, by `refuse_loss`; standard error is where
    it would be told.
    """
    if stream is sys.stdout and _lost:
        return
    try:
        stream.flush()
        left = memoryview(text.encode("utf-8", "backslashreplace"))
        while left:
            left = left[os.write(stream.fileno(), left) :]
    except BrokenPipeError:
        return
    except (OSError, ValueError) as error:  # ValueError: a stream that was closed at the start
        if stream is sys.stdout:
            _lost.append(getattr(error, "strerror", "") or str(error))


def refuse_loss() -> None:
    """Raises Unwritable when standard output did not take the whole answer."""
    try:
        sys.stdout.flush()  # what a library printed: help, say
    except OSError as error:
        _lost.append(error.strerror or str(error))
    if _lost:
        raise Unwritable(
            f"the answer could not be written: {_lost[0]}",
            hint="the command itself is done; its answer is incomplete",
        )

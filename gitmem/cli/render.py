"""Output on the terminal: the one place that escapes, aligns and colours."""

from __future__ import annotations

import os
import re
import sys

from gitmem.cli import folder
from gitmem.core.failures import NeedsPerson
from gitmem.core.quantities import count
from gitmem.safety.secrets import redacted
from gitmem.safety.text import visible

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import TextIO

    from gitmem.core.errors import GitmemError
    from gitmem.core.flag import Flag

_aside: dict[str, None] = {}
_UNREAD = 20  # unreadable lines shown one by one; the rest are counted
_LAST = re.compile(r"(?<=[:;] )gitmem [^;]{1,60}$")
"""What a line ends with for a person to type; longer than a narrow terminal, it is broken all the same."""
_KEPT = "\0"  # for a blank that ends no line; no printable text has it
_WIDE = 10_000  # cells: nothing is wrapped in a pipe or a file
_NARROW = 30  # cells that the last column of a table needs to be read beside the others
_GAP = 2  # cells between two columns
_COMMAND = re.compile(
    r"\bgitmem (?=(?:accept|close|discard|drop|edit|flag(?! --mine)|forget|log|recall|report|review|show|stats|status|sync"
    r"|undrop|why)\b)"
)
# Letters that are written without blanks between words: kana, and Chinese characters with their marks. A line may
# break after each, but not before a mark that closes.
_UNSPACED = (
    r"\u3005-\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
)
_CLOSING = r"\u3001-\u3003\u3009\u300b\u300d\u300f\u3011\u3015\u30fb\u30fc\uff01\uff09\uff0c\uff0e\uff1a\uff1b\uff1f"
_PIECE = re.compile(rf" *(?:[{_UNSPACED}][{_CLOSING}]*|[^ {_UNSPACED}]+) ?| +")


__all__ = ["count"]  # the commands import it from here


class Unwritable(NeedsPerson):
    """Standard output failed; what the command did is done."""


#: Why standard output did not take everything, once that happened.
_lost: list[str] = []


#: What is printed to stdout while a pager will show it; None when it goes out at once.
_held: list[str] | None = None


def hold() -> None:
    """Keep what is printed to stdout from now on, until `held`."""
    global _held  # noqa: PLW0603 - one standard output
    _held = []


def held() -> str:
    """Return what was printed since `hold`, and print at once again."""
    global _held
    text, _held = "".join(_held or ()), None
    return text


def write(text: str) -> None:
    """Write to stdout what went through this module before."""
    _write(sys.stdout, text)


def say(text: str = "") -> None:
    """Print one line of gitmem's own words to stdout, with the text of others escaped.

    On a terminal a long line breaks between words and continues under its beginning.
    """
    if folder.is_mine():
        before, mark, after = text.partition("next: ")
        text = before + mark + in_mine(after)
    _write(sys.stdout, _flowing(sys.stdout, text))


def in_mine(words: str) -> str:
    """Return gitmem's own words with the commands in them as they are typed where `gitmem --mine` runs."""
    return _COMMAND.sub("gitmem --mine ", words) if folder.is_mine() else words


def command(text: str) -> None:
    """Print a command for a CI runner; the caller has escaped the text of others in it."""
    _write(sys.stdout, text)


def page(text: str) -> None:
    """Print text of others; keep its lines and tabs, escape everything else."""
    _write(sys.stdout, "".join(_escaped(line) + "\n" for line in _lines(text)))


def diff(text: str) -> None:
    """Print a unified diff, escaped like a page, in gitmem's own colours where stdout takes them.

    Git's colours could not be told from escape codes in the text.
    """
    lines = [_escaped(line) for line in _lines(text)]
    if colour():
        lines = [f"{start}{line}\x1b[m" if start else line for start, line in _coloured(lines)]
    _write(sys.stdout, "".join(line + "\n" for line in lines))


def change(mark: str, text: str) -> None:
    """Print a line that comes (mark ``+``) or goes (``-``), in a diff's colours; on a terminal it wraps."""
    shown = f"{mark} {visible(text)}"
    rows = _wrapped(shown, _columns(), "  ") if sys.stdout.isatty() else [shown]
    start = (_NEW if mark == "+" else _OLD) if colour() else ""
    _write(sys.stdout, "".join(f"{start}{row}\x1b[m\n" if start else f"{row}\n" for row in rows))


def ask(question: str) -> str | None:
    """Print a question and return the line that the person types; None at the end of the input."""
    while True:
        shown = visible(question)
        _write(sys.stdout, f"{_HEAD}{shown}\x1b[m" if colour() else shown)
        answer = sys.stdin.buffer.readline()
        if not answer.endswith(b"\n"):
            say()
        try:
            return answer.decode().rstrip("\r\n") if answer else None
        except UnicodeDecodeError:
            say("that was not UTF-8")


def trace(text: str) -> None:
    """Print a traceback to stderr, escaped like a page."""
    _write(sys.stderr, "".join(_escaped(line) + "\n" for line in _lines(text)))


def note(text: str) -> None:
    """Print one line to stderr: something to know beside the answer."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {text}"))


def notes(texts: Iterable[str]) -> None:
    """Print each text as a note."""
    for text in texts:
        note(text)


def unread(lines: Sequence[object]) -> None:
    """Print notes on unreadable lines: the first of many, and how many more."""
    notes([f"a line that cannot be read: {line}" for line in lines[:_UNREAD]])
    if len(lines) > _UNREAD:
        note(f"and {len(lines) - _UNREAD} more lines that cannot be read")


def aside(sentences: Iterable[str]) -> None:
    """Print notes on what was not read of others; the command then exits with 8 (`was_set_aside`)."""
    new = [sentence for sentence in sentences if sentence not in _aside]
    _aside.update(dict.fromkeys(new))
    notes(new)
    if new:
        note("it stays where it is; ask the person who pushed it to remove it")


def was_set_aside() -> bool:
    """Return whether `aside` printed something since the last call."""
    printed = bool(_aside)
    _aside.clear()
    return printed


def as_json(value: object) -> None:
    """Print the answer for a program: one JSON value on stdout, invisible characters escaped."""
    import json

    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = "".join([char if char.isprintable() else json.dumps(char)[1:-1] for char in text])
    _write(sys.stdout, text + "\n")


def failure(error: GitmemError) -> None:
    """Print what happened and the hint to stderr, without any credential that was given."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {redacted(error.message)}"))
    if error.hint:
        _write(sys.stderr, _flowing(sys.stderr, f"hint: {in_mine(redacted(error.hint))}"))


def table(
    rows: Sequence[Sequence[str]], *, right: Collection[int] = (), wide: bool = False
) -> None:
    """Print rows in columns, two blanks apart; on a terminal the last column wraps under itself.

    On a terminal too narrow for that, each row's last column gets lines of its own. The columns
    ``right`` are aligned to the right. The first row of a ``wide`` table names the columns; a row
    that does not fit becomes its first cell and, below, the other cells behind their names.
    """
    if not rows:
        return
    cells = [[visible(cell) for cell in row] for row in rows]
    widths = [max(map(_cells, column)) for column in zip(*cells, strict=True)]
    width = _WIDE if wide or not sys.stdout.isatty() else _columns()
    before = sum(width + _GAP for width in widths[:-1])
    if wide and sys.stdout.isatty() and before + widths[-1] > _columns():
        _named(cells)
        return
    stacked = before + min(widths[-1], _NARROW) > width
    for row in cells:
        pads = [" " * (column - _cells(cell)) for column, cell in zip(widths, row, strict=True)]
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
    """Return whether stdout takes colour (https://no-color.org, https://force-color.org, or git's pager)."""
    if os.environ.get("NO_COLOR"):
        return False
    if sys.stdout.isatty() or os.environ.get("FORCE_COLOR"):
        return True
    return os.environ.get("GIT_PAGER_IN_USE", "").lower() in {"true", "yes", "on", "1"}


def words(flag: Flag) -> str:
    """Return a flag's text on one line; for a snag, with the better path."""
    return f"{flag.text} -> {flag.better}" if flag.better else flag.text


# Git's default colours (git-config(1), "color.diff.<slot>").
_HEAD, _HUNK, _OLD, _NEW = "\x1b[1m", "\x1b[36m", "\x1b[31m", "\x1b[32m"
_RANGE = re.compile(r"@@ -\d+(?:,(\d+))? \+\d+(?:,(\d+))? @@")


def _coloured(lines: Iterable[str]) -> Iterable[tuple[str, str]]:
    """Yield colour (empty: none) and line; a hunk's header says how many lines follow."""
    old = new = 0
    for line in lines:
        if old > 0 or new > 0:
            mark = line[:1]
            old -= mark in {" ", "-", ""}
            new -= mark in {" ", "+", ""}
            yield {"-": _OLD, "+": _NEW}.get(mark, ""), line
            continue
        header = _RANGE.match(line)
        if header:
            old, new = (1 if count is None else int(count) for count in header.groups())
        yield _HUNK if header else "" if line.startswith("\\") else _HEAD, line


def _lines(text: str) -> list[str]:
    return text.removesuffix("\n").split("\n") if text else []


def _escaped(line: str) -> str:
    return "\t".join(visible(part) for part in line.split("\t"))


def _named(cells: Sequence[Sequence[str]]) -> None:
    """Print each row as its first cell and, below, the other cells behind their columns' names."""
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
    """Return the text as lines for a stream, broken between words on a terminal."""
    shown = visible(" ".join(text.splitlines()))
    if stream.isatty():
        indent = " " * (len(shown) - len(shown.lstrip(" ")) + 4)
        shown = "\n".join(_wrapped(shown, _columns(), indent))
    return shown + "\n"


def _cells(text: str) -> int:
    """How many cells a terminal takes for what is printable."""
    if text.replace("\N{HORIZONTAL ELLIPSIS}", ".").isascii():  # the mark of what gitmem cut short
        return len(text)
    from rich.cells import cell_len  # loads tables of widths

    return cell_len(text)


def _columns() -> int:
    from shutil import (
        get_terminal_size,  # only a terminal has columns, and it loads four compressors
    )

    return get_terminal_size().columns


def _wrapped(text: str, width: int, indent: str) -> list[str]:
    """Break a line at blanks into lines of a width in cells; indent all but the first.

    A command at the end stays whole where there is room for it.
    """
    if _cells(text) <= width:
        return [text]
    lines: list[str] = []
    line = ""
    last = _LAST.search(text)
    if last and len(indent) + _cells(last[0]) <= width:
        text = text[: last.start()] + last[0].replace(" ", _KEPT)
    for piece in _PIECE.findall(text):
        if line.strip() and _cells((line + piece).rstrip()) > width:
            lines.append(line.rstrip())
            line = indent + piece.lstrip()
        else:
            line += piece
    return [row.replace(_KEPT, " ") for row in (*lines, line)]


def _write(stream: TextIO, text: str) -> None:
    """Write bytes at once. A stream that fails does not stop the command.

    `refuse_loss` reports at the end what standard output did not take.
    """
    if stream is sys.stdout and _lost:
        return
    if stream is sys.stdout and _held is not None:
        _held.append(text)
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
    """Raise Unwritable when standard output did not take the whole answer."""
    try:
        sys.stdout.flush()  # what a library printed, such as help
    except OSError as error:
        _lost.append(error.strerror or str(error))
    if _lost:
        raise Unwritable(
            f"the answer could not be written: {_lost[0]}",
            hint="the command did its work; only its output is incomplete",
        )


def can_ask() -> bool:
    """Return whether standard input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()

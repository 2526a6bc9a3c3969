"""Words on the terminal: one place that escapes, aligns and colours."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from gitmem.domain.errors import GitmemError, NeedsPerson
from gitmem.domain.text import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence
    from typing import Literal, TextIO

    from gitmem.domain.flag import Flag

_WIDE = 10_000  # characters: into a pipe or a file nothing is wrapped


class Unwritable(NeedsPerson):
    """Standard output takes nothing; what the command did is done."""


#: Why standard output took less than it was given, once that happened.
_lost: list[str] = []


def say(text: str = "") -> None:
    """One line of our own words to stdout; text of others in it is escaped."""
    _write(sys.stdout, visible(text) + "\n")


def flow(text: str) -> None:
    """The same; on a terminal a long line breaks between words, and goes on under its beginning."""
    _write(sys.stdout, _flowing(sys.stdout, text))


def raw(text: str) -> None:
    """Text that is printed as it is: a diff that git coloured."""
    _write(sys.stdout, text)


def note(text: str) -> None:
    """One line to stderr: something the person should know beside the answer."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {text}"))


def notes(texts: Iterable[str]) -> None:
    """Each as a note."""
    for text in texts:
        note(text)


def as_json(value: object) -> None:
    """The answer for a program: one JSON value on stdout, what would not be seen in it escaped."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = "".join([char if char.isprintable() else json.dumps(char)[1:-1] for char in text])
    _write(sys.stdout, text + "\n")


def failure(error: GitmemError) -> None:
    """What happened, and a hint."""
    _write(sys.stderr, _flowing(sys.stderr, f"gitmem: {error.message}"))
    if error.hint:
        _write(sys.stderr, _flowing(sys.stderr, f"hint: {error.hint}"))


def table(
    rows: Sequence[Sequence[str]], *, right: Collection[int] = (), wide: bool = False
) -> None:
    """Rows in columns, two blanks apart; on a terminal the last column wraps under itself.

    The columns ``right`` are aligned to the right; a ``wide`` table is left to the terminal.
    """
    from io import StringIO

    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    if not rows:
        return
    grid = Table.grid(padding=(0, 2, 0, 0))
    for column in range(len(rows[0])):
        side: Literal["left", "right"] = "right" if column in right else "left"
        grid.add_column(no_wrap=column < len(rows[0]) - 1, overflow="fold", justify=side)
    for row in rows:
        grid.add_row(*[Text(visible(cell)) for cell in row])
    page = StringIO()
    width = Console().width if sys.stdout.isatty() and not wide else _WIDE
    Console(file=page, markup=False, highlight=False, width=width).print(grid)
    for line in page.getvalue().splitlines():
        _write(sys.stdout, line.rstrip() + "\n")


def colour() -> bool:
    """Whether stdout takes colour (https://no-color.org, https://force-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() or bool(os.environ.get("FORCE_COLOR"))


def words(flag: Flag) -> str:
    """What a flag says, on one line; of a snag also the better path."""
    return f"{flag.text} -> {flag.better}" if flag.better else flag.text


def count(number: int, noun: str) -> str:
    """``1 flag``, ``2 flags``."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _flowing(stream: TextIO, text: str) -> str:
    """The text as lines of our own words for a stream, broken between words where that is a terminal."""
    shown = visible(text)
    if stream.isatty():
        indent = " " * (len(shown) - len(shown.lstrip(" ")) + 4)
        width = shutil.get_terminal_size().columns
        lines = textwrap.wrap(
            shown, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
        )
        shown = "\n".join(lines)
    return shown + "\n"


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

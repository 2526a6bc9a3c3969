"""The headlines and bodies that `gitmem flag` reads (hot lane).

A module of its own because only `--body` and `--bodies` need it; a flag without a body does not load it.
"""

from __future__ import annotations

from gitmem.cli import streams
from gitmem.core.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_INDENT = " \t"
_EXAMPLE = "gitmem flag 'the headline' --body 'several lines', or --body - to read them from stdin"


def one_body(text: str, given: str | None) -> str:
    """Return the body of ``--body``; ``-`` reads standard input.

    ``text`` is the headline. Raises UsageError where both would come from standard input, or it is empty.
    """
    if text == "-":
        raise UsageError(
            "gitmem flag -: --body belongs to one headline",
            hint="pipe headlines with indented lines below each into: gitmem flag - --bodies",
        )
    body = _stdin() if given == "-" else given or ""
    if not body.strip():
        raise UsageError("gitmem flag: --body has no text", hint=_EXAMPLE)
    return body


def with_bodies(text: str, headline: Callable[[str], str]) -> list[tuple[str, str]]:
    """Return the headlines on standard input, each with its body: the indented lines below it.

    ``headline`` takes the list marker off a line. What the lines of a body have in common in front is
    taken off. Raises UsageError where ``text`` is not ``-``, and for indented lines without a headline.
    """
    if text != "-":
        raise UsageError(
            "gitmem flag: --bodies reads standard input", hint="gitmem flag - --bodies"
        )
    found: list[tuple[str, list[str]]] = []
    for row in _stdin().split("\n"):
        row = row.rstrip(" \t\r")  # noqa: PLW2901 - a line without its end
        if row and row[0] not in _INDENT:
            found.append((headline(row), []))
        elif found:
            found[-1][1].append(row)
        elif row:
            raise UsageError(
                "gitmem flag - --bodies: the first line is indented, so it has no headline",
                hint="begin each headline at the start of a line, and indent its body",
            )
    if not found:
        raise UsageError("gitmem flag -: no line on standard input")
    return [(line, _outdented(rows)) for line, rows in found]


def _stdin() -> str:
    return streams.read().decode("utf-8", "surrogateescape")


def _outdented(rows: Sequence[str]) -> str:
    """Return lines without the indentation that all of them have."""
    filled = [row for row in rows if row]
    if not filled:
        return ""
    first = filled[0]
    common = first[: len(first) - len(first.lstrip(_INDENT))]
    for row in filled[1:]:
        while not row.startswith(common):
            common = common[:-1]
    return "\n".join([row[len(common) :] for row in rows]).strip("\n")

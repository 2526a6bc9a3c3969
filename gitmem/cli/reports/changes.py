"""Items that a close settles and lines that it moves, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.cli import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.records.drain_record import LineChange, Outcome


def say(changes: Sequence[LineChange], outcomes: Sequence[Outcome]) -> None:
    """Print a line for each, with the flags that settle an item, and which of them are tainted."""
    tainted = {outcome.flag.id for outcome in outcomes if outcome.flag.tainted}
    for one in changes:
        render.say(f"{one.told(tainted)}: {one.line}")


def answer(changes: Sequence[LineChange]) -> list[dict[str, object]]:
    """Return them for a program."""
    return [
        {
            "change": one.what.value,
            "file": one.file,
            "line": one.line,
            "from": one.before or None,
            "flags": [*one.flags],
        }
        for one in changes
    ]

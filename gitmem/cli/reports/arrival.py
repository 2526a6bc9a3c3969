"""What of memory reaches sessions, in words and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.cli import render
from gitmem.cli.reports import loaded
from gitmem.recall.idle import DAYS
from gitmem.session import showings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.proof.arrival import Arrival
    from gitmem.recall.line import LandedLine

_FEW = 5  # lines of each kind that are printed; the rest are counted
_MANY = 100  # lines of each kind in an answer for a program
_DAY = len("2026-11-20")


def say(arrival: Arrival) -> None:
    """Print the part of `gitmem stats` about arrival."""
    imports = arrival.imports
    tokens = loaded.tokens(imports.size)
    render.say("arrival:")
    render.say(f"  {loaded.sentence(imports)}, about {tokens:,} tokens in every request")
    render.say(f"  {_of_lines(arrival)}")
    if not arrival.showings:
        render.say("  no hook of this clone has shown a line yet")
        return
    by_trigger = ", ".join(f"{count:,} {trigger}" for trigger, count in arrival.triggers.items())
    since = f"since {arrival.since[:_DAY]}"
    number = sum(arrival.triggers.values())
    render.say(f"  {since} hooks showed {render.count(number, 'line')} ({by_trigger})")
    if arrival.most:
        render.say("  shown most:")
        render.table(
            [
                (f"    {showings.sentence(one.shown)}", place(one.line), one.line.text)
                for one in arrival.most[:_FEW]
            ]
        )
    for loop in arrival.recurred[:_FEW]:
        shown = render.count(loop.shown, "showing")
        times = render.count(len(loop.again), "time")
        render.say(f"  came back {times} after {shown} of its line: {loop.snag.text}")
    _more(len(arrival.recurred), "snag that came back", "snags that came back")
    say_idle(arrival.idle, f"not shown in {DAYS} days, and older than that", margin="  ")


def say_idle(lines: Sequence[LandedLine], what: str, *, margin: str = "") -> None:
    """Print a few lines that were not shown, and how many there are; nothing without any."""
    if not lines:
        return
    with_request = sum(line.loaded for line in lines)
    also = f" ({with_request:,} loaded all the same)" if with_request else ""
    render.say(f"{margin}{render.count(len(lines), 'line')} {what}{also}:")
    render.table([(f"    {place(line)}", line.text) for line in lines[:_FEW]])
    _more(len(lines), "line", "lines")


def place(line: LandedLine) -> str:
    """Return where a line stands."""
    return f"{line.file}:{line.number}"


def answer(arrival: Arrival) -> dict[str, object]:
    """Return the part about arrival for a program; at most 100 lines of each kind."""
    return {
        **loaded.answer(arrival.imports, arrival.folder),
        "lines": arrival.lines,
        "lines_loaded": arrival.loaded,
        "since": arrival.since or None,
        "showings": arrival.showings,
        "triggers": dict(arrival.triggers),
        "most_shown": [
            {**line_answer(one.line), "shown": showings.answer(one.shown)}
            for one in arrival.most[:_MANY]
        ],
        "recurred": [
            {
                "snag": loop.snag.id,
                "text": loop.snag.text,
                "again": [flag.id for flag in loop.again],
                "showings": loop.shown,
            }
            for loop in arrival.recurred[:_MANY]
        ],
        "not_shown": not_shown(arrival.idle),
    }


def not_shown(lines: Sequence[LandedLine]) -> dict[str, object]:
    """Return lines that were not shown, for a program: how many, within how many days, and the first 100."""
    return {
        "days": DAYS,
        "count": len(lines),
        "lines": [line_answer(line) for line in lines[:_MANY]],
    }


def line_answer(line: LandedLine) -> dict[str, object]:
    """Return a line for a program."""
    return {
        "file": line.file,
        "line": line.number,
        "text": line.text,
        "at": line.at or None,
        "loaded": line.loaded,
    }


def _of_lines(arrival: Arrival) -> str:
    verb = "is" if arrival.loaded == 1 else "are"
    return f"{arrival.loaded:,} of {render.count(arrival.lines, 'line')} of memory {verb} loaded"


def _more(number: int, one: str, many: str) -> None:
    if number > _FEW:
        rest = number - _FEW
        render.say(f"    and {rest:,} more {one if rest == 1 else many}")

"""The choice that stands beside: one pooled query of a question's words, each line in one question only.

It is how a close chose the lines of its questions before each flag brought its own. It is kept as it
was, so that the figures beside stay comparable. Open items and instructions were not shown at all.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain.plan import Plan, Work
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Request
    from gitmem.memory.tree import MemoryLine

LINES = 64
_WORDS = 256
_RIVALS = 16
_SHORTEST = 3


def narrow(plan: Plan) -> Plan:
    """Return the plan with at most LINES lines in every memory request: the nearest, none twice.

    A line that is near to several requests goes to the nearest of them. Requests of other kinds keep
    the lines of their own file, at most LINES of them. A line longer than a flag may be is left out.
    """
    plan = replace(plan, requests=tuple(map(_bounded, plan.requests)))
    memory = [request for request in plan.requests if request.work is Work.MEMORY]
    lines = memory[0].existing if memory else ()
    chosen = iter(_assigned(lines, memory))
    requests = [
        replace(request, existing=next(chosen))
        if request.work is Work.MEMORY
        else replace(request, existing=_own(request))
        for request in plan.requests
    ]
    return replace(plan, requests=tuple(requests))


def _bounded(request: Request) -> Request:
    lines = tuple(line for line in request.existing if len(line.text) <= MAX_TEXT)
    return replace(request, existing=lines, pending_lines=(), fixed_lines=())


def _own(request: Request) -> tuple[MemoryLine, ...]:
    """Return the lines of a request's own file: the nearest, then the first, in the file's order."""
    lines = request.existing
    chosen = dict.fromkeys([*_assigned(lines, [request])[0], *lines])
    kept = set(list(chosen)[:LINES])
    return tuple(line for line in dict.fromkeys(lines) if line in kept)


def _assigned(
    lines: Sequence[MemoryLine], requests: Sequence[Request]
) -> list[tuple[MemoryLine, ...]]:
    """Return the lines of every request, in the order of the files."""
    if len(requests) == 1 and len(lines) <= LINES:
        return [tuple(lines)]
    ranked: list[tuple[float, int, int]] = []
    most = LINES * min(len(requests), _RIVALS)
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute("CREATE VIRTUAL TABLE line USING fts5(text, tokenize='unicode61')")
        index.executemany(
            "INSERT INTO line(rowid, text) VALUES (?, ?)",
            [(place, line.text) for place, line in enumerate(lines)],
        )
        for number, request in enumerate(requests):
            ranked += [
                (score, number, place) for place, score in _scores(index, request.flags, most)
            ]
    taken: set[int] = set()
    places: list[list[int]] = [[] for _ in requests]
    for number, place in _corrected(lines, requests):
        if place not in taken:
            taken.add(place)
            places[number].append(place)
    # bm25() is smaller the better the match is.
    for _, number, place in sorted(ranked):
        if place not in taken and len(places[number]) < LINES:
            taken.add(place)
            places[number].append(place)
    return [tuple(lines[place] for place in sorted(own)) for own in places]


def _corrected(
    lines: Sequence[MemoryLine], requests: Sequence[Request]
) -> Iterator[tuple[int, int]]:
    """Yield number of request and place of each line that a flag of it says is wrong: it goes there first."""
    place_of: dict[MemoryLine | None, int] = {line: place for place, line in enumerate(lines)}
    for number, request in enumerate(requests):
        for flag in request.flags:
            line = request.corrected.get(flag.id)
            if line in place_of:
                yield number, place_of[line]


def _scores(index: sqlite3.Connection, flags: Sequence[Flag], most: int) -> list[tuple[int, float]]:
    words = dict.fromkeys(
        word
        for flag in flags
        for word in "".join(
            [letter if letter.isalnum() else " " for letter in f"{flag.text} {flag.better}".lower()]
        ).split()
        if len(word) >= _SHORTEST
    )
    if not words:
        return []
    query = " OR ".join([f'"{word}"' for word in list(words)[:_WORDS]])
    rows = index.execute(
        "SELECT rowid, bm25(line) FROM line WHERE line MATCH ? ORDER BY 2 LIMIT ?",
        (query, most),
    )
    return [(int(place), float(score)) for place, score in rows]

"""The existing lines that a request shows: the nearest ones, each sent at most once.

Nearness is BM25 over words, by SQLite's full-text index (FTS5, https://sqlite.org/fts5.html), which
comes with Python.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain.plan import Plan, Work
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Request
    from gitmem.memory.tree import MemoryLine

LINES = 64  # existing lines in one request
_WORDS = 256  # words of a query; a chunk of 32 flags of 150 characters has some 500, half repeated
_RIVALS = 16  # requests that may want the same lines; beyond, some get fewer than 64
_SHORTEST = 3  # letters of a word that says something


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
    return replace(request, existing=lines)


def _own(request: Request) -> tuple[MemoryLine, ...]:
    """Return the lines of a request's own file: the nearest, then the first, in the file's order."""
    lines = request.existing
    chosen = dict.fromkeys([*_assigned(lines, [request])[0], *lines])
    kept = set(list(chosen)[:LINES])
    return tuple(line for line in dict.fromkeys(lines) if line in kept)


def shared(lines: Sequence[MemoryLine], requests: Sequence[Request]) -> list[Request]:
    """Return the requests with these lines dealt out: each to its nearest request, LINES at most."""
    dealt = zip(requests, _assigned(lines, requests), strict=True)
    return [replace(request, existing=own) for request, own in dealt]


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
    # bm25() is smaller the better the match is.
    for _, number, place in sorted(ranked):
        if place not in taken and len(places[number]) < LINES:
            taken.add(place)
            places[number].append(place)
    return [tuple(lines[place] for place in sorted(own)) for own in places]


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

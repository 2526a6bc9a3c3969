"""Which lines a question shows: each flag brings its own nearest ones (a plain function of a plan).

The room of a question is the same whatever the memory's size. The flags bring their lines round by
round: first the nearest line of each, then the second of each, until the room is full. So neither a
long flag nor a short one takes the room of the others. Open items and instructions stand in the same
order and have a share of the room at most.

A line that flags of several questions bring is shown in each: an operation that names a line which
another one has replaced leaves its flags queued (`gitmem.drain.limits`).
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.drain.plan import CHUNK, Work
from gitmem.recall.nearest import NearestLines
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import MAX_TEXT, find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Plan, Request
    from gitmem.memory.tree import MemoryLine

    _Lines = tuple[MemoryLine, ...]

LINES = 64  # lines in one question
_READ = {
    Work.MEMORY: 16,
    Work.PENDING: 32,
    Work.RULES: 16,
}  # of them from one source that is only read
_LOOKED_AT = 24  # lines that one flag brings at most


def narrow(plan: Plan) -> Plan:
    """Return the plan with the lines that each question shows: LINES for each CHUNK of its flags.

    A line that is longer than a flag may be is left out, and so is one that looks like a credential.
    """
    sendable: dict[int, _Lines] = {}
    sources: list[
        _Lines
    ] = []  # kept alive, so that no other tuple gets the identity of one of them

    def sent(lines: _Lines) -> _Lines:
        if id(lines) not in sendable:
            sources.append(lines)
            sendable[id(lines)] = tuple(filter(_sendable, dict.fromkeys(lines)))
        return sendable[id(lines)]

    requests = [
        replace(
            request,
            existing=sent(request.existing),
            pending_lines=sent(request.pending_lines),
            fixed_lines=sent(request.fixed_lines),
        )
        for request in plan.requests
    ]
    rooms = [LINES * -(-len(request.flags) // CHUNK) for request in requests]
    return replace(plan, requests=tuple(_shown(requests, rooms)))


def among(request: Request, room: int) -> Request:
    """Return a part of a question with ``room`` of its lines at most, those nearest to its flags."""
    return _shown([request], [room])[0]


def _sendable(line: MemoryLine) -> bool:
    return len(line.text) <= MAX_TEXT and not find_hidden(line.text) and not find_secret(line.text)


def _shown(requests: Sequence[Request], rooms: Sequence[int]) -> list[Request]:
    large = [
        request
        for request, room in zip(requests, rooms, strict=True)
        if len(_lines(request)) > room
    ]
    lines = tuple(dict.fromkeys(line for one in large for line in _lines(one)))
    with closing(NearestLines([line.text for line in lines])) as index:
        places = {line: place for place, line in enumerate(lines)}
        return [
            _Choice(request, room, lines, places).chosen(index) if request in large else request
            for request, room in zip(requests, rooms, strict=True)
        ]


def _lines(request: Request) -> _Lines:
    return (*request.existing, *request.pending_lines, *request.fixed_lines)


class _Choice:
    """The choice for one question."""

    def __init__(
        self, request: Request, room: int, lines: _Lines, places: Mapping[MemoryLine, int]
    ) -> None:
        self._request = request
        self._room = room
        self._lines = lines
        read = room * _READ[request.work] // LINES
        self._left = {"existing": room, "pending_lines": read, "fixed_lines": read}
        self._source = {
            places[line]: source for source in self._left for line in getattr(request, source)
        }
        self._places = places
        self._taken: set[int] = set()

    def chosen(self, index: NearestLines) -> Request:
        """Return the question with its lines, in the order of the files."""
        request = self._request
        for flag in request.flags:
            line = request.corrected.get(flag.id)
            if line is not None and line in self._places:
                self._take(self._places[line])
        brought = [index.near(_said(flag), _LOOKED_AT, self._source) for flag in request.flags]
        rounds = sorted(
            (rank - share / near[0][0], place)  # round by round, in each the nearest first
            for near in brought
            for rank, (share, place) in enumerate(near, 1)
        )
        for _, place in rounds:
            self._take(place)
        # A small memory is shown whole, where it has room, and so is the file of another question.
        if len(request.existing) <= self._room or request.work is not Work.MEMORY:
            for line in request.existing:
                self._take(self._places[line])
        return replace(
            request,
            existing=self._kept(request.existing),
            pending_lines=self._kept(request.pending_lines),
            fixed_lines=self._kept(request.fixed_lines),
        )

    def _kept(self, lines: _Lines) -> _Lines:
        return tuple(line for line in lines if self._places[line] in self._taken)

    def _take(self, place: int) -> None:
        source = self._source[place]
        if place not in self._taken and len(self._taken) < self._room and self._left[source]:
            self._left[source] -= 1
            self._taken.add(place)


def _said(flag: Flag) -> str:
    return f"{flag.text} {flag.better} {flag.body}"

"""The engine with a model: nearest lines and a request become a prompt, an answer becomes operations."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from typing import TYPE_CHECKING

from gitmem.drain.faithful import faithful
from gitmem.drain.gate import NO_ANSWER
from gitmem.drain.plan import CHUNK, Plan, Work
from gitmem.drain.ports import Answer
from gitmem.drain.prompting import make_question, read_operations
from gitmem.models.reply import Prompt
from gitmem.models.usage import together
from gitmem.safety.body import has_secret
from gitmem.safety.secrets import find_secret
from gitmem.safety.text import MAX_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Plan, Request
    from gitmem.drain.ports import Answers, Model
    from gitmem.drain.prompting import DrainQuestion
    from gitmem.memory.tree import MemoryLine
    from gitmem.models.reply import Reply

LINES = 64  # existing lines in one request
_READ = 16  # of those that are only read: open items, and what the instruction files say
_WORDS = 256  # words of a query; a chunk of 32 flags of 150 characters has some 500, half repeated
_RIVALS = 16  # requests that may want the same lines; beyond, some get fewer than 64
_SHORTEST = 3  # letters of a word that says something

_UNSENT = "it looks like it holds a credential, so it was not sent"


class ModelEngine:
    """Asks a model. ``orders`` are the instructions by kind of work, ``mark`` makes a random word.

    ``until`` is the deadline of the whole close, in seconds of the monotonic clock. ``answers`` are
    those kept from an earlier close; what is among them is not asked again.
    """

    def __init__(
        self,
        model: Model,
        orders: Mapping[Work, str],
        *,
        mark: Callable[[], str],
        until: float,
        answers: Answers,
    ) -> None:
        self._model = model
        self._orders = orders
        self._mark = mark
        self._until = until
        self._answers = answers

    @property
    def name(self) -> str:
        """What `--engine` calls it."""
        return self._model.name

    @property
    def model(self) -> str:
        """The model it asks."""
        return self._model.model

    def prepared(self, plan: Plan) -> Plan:
        """Return the plan with the nearest lines only, and without lines that look like a credential."""
        return narrow(replace(plan, requests=tuple(map(_without_secrets, plan.requests))))

    def asking(self, plan: Plan) -> tuple[Request, ...]:
        """Return the questions of a plan, without credentials and what is answered already."""
        return tuple(
            part
            for request in plan.requests
            if not request.told
            for part in _parts(_safe(request), CHUNK)
            if not self._kept(part)
        )

    def prompt(self, request: Request) -> Prompt:
        """Return exactly what is sent for a question of `asking` (`--dry-run` shows it)."""
        return self._prompt(request, make_question(request, self._mark()))

    def run(self, request: Request) -> Answer:
        """Ask what is not answered already; what is too much for one answer is asked in halves.

        Flags that look like a credential are not sent, and stay queued.
        """
        safe = _safe(request)
        reasons = {flag.id: _UNSENT for flag in request.flags if flag not in safe.flags}
        answers = [self._part(part) for part in _parts(safe, CHUNK)]
        return _together([Answer(operations=(), reasons=reasons), *answers])

    def stop(self) -> None:
        """End everything under way."""
        self._model.stop()

    def _part(self, request: Request) -> Answer:
        halves = _parts(request, (len(request.flags) + 1) // 2)
        if self._find(request) is None and any(self._find(half) for half in halves[:2]):
            return _together([self._asked(half)[0] for half in halves])
        answer, too_much = self._asked(request)
        if not too_much or len(halves) == 1:
            return answer
        spent = Answer(operations=(), usage=answer.usage)
        return _together([spent, *[self._asked(half)[0] for half in halves]])

    def _asked(self, request: Request) -> tuple[Answer, bool]:
        """Return the answer to one question, and whether a smaller question may get an answer."""
        question = make_question(request, self._mark())
        kept = self._find(request)
        reply = kept or self._model.ask(self._prompt(request, question), until=self._until)
        if reply.data is None:
            trouble = NO_ANSWER + reply.problem
            reasons = {flag.id: trouble for flag in request.flags}
            return Answer(operations=(), usage=reply.usage, reasons=reasons), reply.too_much
        if not kept:
            self._answers.keep(self._key(request), [flag.id for flag in request.flags], reply)
        told = read_operations(request, question.labels, reply.data)
        return (
            Answer(
                operations=faithful(request, told),
                usage=reply.usage,
                model=reply.answered,
                kept=int(kept is not None),
            ),
            False,
        )

    def _prompt(self, request: Request, question: DrainQuestion) -> Prompt:
        return Prompt(
            system=self._orders[request.work],
            text=question.text,
            schema=question.schema,
            max_tokens=question.max_tokens,
        )

    def _kept(self, request: Request) -> bool:
        """Tell whether the answer to a question is kept, whole or in halves."""
        halves = _parts(request, (len(request.flags) + 1) // 2)
        return bool(self._find(request)) or all(self._find(half) for half in halves)

    def _find(self, request: Request) -> Reply | None:
        return self._answers.find(self._key(request))

    def _key(self, request: Request) -> str:
        """Return the key of an answer: everything that is asked, and whom, without the random mark."""
        plain = self._prompt(request, make_question(request, ""))
        parts = [self.name, self.model, plain.system, plain.text, plain.schema]
        return sha256(json.dumps(parts).encode()).hexdigest()


def _without_secrets(request: Request) -> Request:
    """Return the request without the lines that look like a credential."""

    def harmless(lines: Sequence[MemoryLine]) -> tuple[MemoryLine, ...]:
        return tuple(line for line in lines if not find_secret(line.text))

    return replace(
        request,
        existing=harmless(request.existing),
        pending_lines=harmless(request.pending_lines),
        fixed_lines=harmless(request.fixed_lines),
    )


def _has_secret(flag: Flag) -> bool:
    if flag.body and has_secret(flag.text, flag.body):
        return True
    return find_secret(f"{flag.text} {flag.better}") is not None


def _safe(request: Request) -> Request:
    """Return the request without the flags that look like a credential."""
    flags = tuple(flag for flag in request.flags if not _has_secret(flag))
    return replace(request, flags=flags)


def _parts(request: Request, size: int) -> list[Request]:
    """Return the request in parts of at most ``size`` flags, its lines dealt out among them."""
    flags = request.flags
    parts = [
        replace(request, flags=flags[start : start + size])
        for start in range(0, len(flags), max(1, size))
    ]
    return parts if len(parts) < 2 else shared(request.existing, parts)  # noqa: PLR2004 - the whole


def _together(answers: Sequence[Answer]) -> Answer:
    return Answer(
        operations=tuple(one for answer in answers for one in answer.operations),
        usage=together([answer.usage for answer in answers]),
        reasons={key: why for answer in answers for key, why in answer.reasons.items()},
        model=", ".join(dict.fromkeys(answer.model for answer in answers if answer.model)),
        kept=sum(answer.kept for answer in answers),
    )


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
    def short(lines: Sequence[MemoryLine]) -> tuple[MemoryLine, ...]:
        return tuple(line for line in lines if len(line.text) <= MAX_TEXT)

    return replace(
        request,
        existing=short(request.existing),
        pending_lines=_nearest(short(request.pending_lines), request),
        fixed_lines=_nearest(short(request.fixed_lines), request),
    )


def _nearest(lines: Sequence[MemoryLine], request: Request) -> tuple[MemoryLine, ...]:
    """Return the lines that are only read: the nearest, in the order of the files."""
    return _assigned(lines, [request], most=_READ)[0]


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
    lines: Sequence[MemoryLine], requests: Sequence[Request], *, most: int = LINES
) -> list[tuple[MemoryLine, ...]]:
    """Return the lines of every request, in the order of the files."""
    if len(requests) == 1 and len(lines) <= most:
        return [tuple(lines)]
    ranked: list[tuple[float, int, int]] = []
    ranks = most * min(len(requests), _RIVALS)
    with closing(sqlite3.connect(":memory:")) as index:
        index.execute("CREATE VIRTUAL TABLE line USING fts5(text, tokenize='unicode61')")
        index.executemany(
            "INSERT INTO line(rowid, text) VALUES (?, ?)",
            [(place, line.text) for place, line in enumerate(lines)],
        )
        for number, request in enumerate(requests):
            ranked += [
                (score, number, place) for place, score in _scores(index, request.flags, ranks)
            ]
    taken: set[int] = set()
    places: list[list[int]] = [[] for _ in requests]
    for number, place in _corrected(lines, requests):
        if place not in taken:
            taken.add(place)
            places[number].append(place)
    # bm25() is smaller the better the match is.
    for _, number, place in sorted(ranked):
        if place not in taken and len(places[number]) < most:
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

"""The drain record: one file per close, one line per flag (docs/data-model.md)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.domain.flag import BadLine, Flag, parse

if TYPE_CHECKING:
    from collections.abc import Sequence

VERSION = 1


class Fate(StrEnum):
    """What became of a flag, in the record's words."""

    ADDED = "added"
    MERGED = "merged"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    EDITED = "edited"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one flag: where its line is, what it folded into, and why."""

    flag: Flag
    fate: Fate
    file: str = ""
    line: str = ""
    survivor: str = ""
    reason: str = ""

    @property
    def verbatim(self) -> bool:
        """Whether the line is the flag's own words."""
        return self.line in ("", self.flag.text, self.flag.better)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What really ran: figures are counts, tokens, US dollars and seconds of wall clock."""

    engine: str
    model: str = ""
    workers: int = 1
    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0
    wall_s: float = 0.0
    slowest_s: float = 0.0
    sum_s: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Header:
    """The first line of a record: its name, when, the queue's tip as a hint, and what ran."""

    drain: str
    at: str
    queue: str
    run: Run


def render(header: Header, outcomes: Sequence[Outcome]) -> str:
    """The record's file content. The flag stands verbatim, as it was captured."""
    run = header.run
    first = {
        "v": VERSION,
        "drain": header.drain,
        "at": header.at,
        "queue": header.queue,
        "engine": run.engine,
        "model": run.model or None,
        "workers": run.workers,
        "calls": run.calls,
        "tokens": run.tokens,
        "dollars": run.dollars,
        "wall_s": round(run.wall_s, 3),
        "slowest_s": round(run.slowest_s, 3),
        "sum_s": round(run.sum_s, 3),
    }
    return "\n".join([_dump(first), *[_line(outcome) for outcome in outcomes], ""])


def _line(outcome: Outcome) -> str:
    fields = {
        "id": outcome.flag.id,
        "outcome": outcome.fate.value,
        "file": outcome.file,
        "line": outcome.line,
        "survivor": outcome.survivor,
        "reason": outcome.reason,
    }
    known = _dump({key: value for key, value in fields.items() if value})
    # JSON allows a carriage return between its tokens, and a reader of lines stops there.
    flag = outcome.flag.line.replace("\r", " ")
    return f'{known[:-1]},"flag":{flag}}}'


def outcomes(text: str) -> list[Outcome]:
    """The lines of a record, in order; lines that cannot be read are left out.

    A record's use is to say which flags are accounted for, so a reader takes what it can.
    """
    found = []
    for row in text.split("\n"):
        outcome = _outcome(row.rstrip())
        if outcome is not None:
            found.append(outcome)
    return found


def _outcome(row: str) -> Outcome | None:
    try:
        fields = json.loads(row)
        flag = parse(row[row.index('"flag":') + len('"flag":') : -1])
        fate = Fate(fields["outcome"])
    except (ValueError, KeyError, TypeError, RecursionError, BadLine):
        return None
    told = {name: str(fields.get(name, "")) for name in ("file", "line", "survivor", "reason")}
    return Outcome(flag=flag, fate=fate, **told)


def _dump(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

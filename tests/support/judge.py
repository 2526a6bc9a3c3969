"""The model's part of a scripted close: reads what was asked, and answers with operations."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.support import messages_api as api
from tests.support.messages_api import Asked, Sent

_PART = re.compile(r"^(FLAGS|LINES|TARGETS|SECTIONS|EARLIER) (\w+)\n(.*)\n\1 \2$", re.MULTILINE)
_OPS = re.compile(r'"enum":(\[[^]]*\])')  # of the schema, which is in every shape of the question
_USUAL = ("keep", "pending", "edit")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What a request asks: flags, lines and targets as they were sent, and the operations allowed.

    A question about rules also has the file's sections, and earlier snags.
    """

    flags: list[dict[str, str]]
    lines: list[dict[str, str]]
    targets: list[dict[str, str]]
    ops: list[str]
    sections: list[dict[str, str]]
    earlier: list[dict[str, Any]]

    @property
    def usual(self) -> str:
        """The operation that files a flag as it is."""
        return next(op for op in self.ops if op in _USUAL)


def read(asked: Asked) -> Question:
    """Takes a request apart."""
    parts = {name: json.loads(data) for name, _, data in _PART.findall(asked.text)}
    ops = json.loads(_OPS.findall(asked.system)[0])
    return Question(
        flags=parts["FLAGS"],
        lines=parts["LINES"],
        targets=parts["TARGETS"],
        ops=ops,
        sections=parts.get("SECTIONS", []),
        earlier=parts.get("EARLIER", []),
    )


def operation(op: str, *flags: str, lines: Sequence[str] = (), **fields: str) -> dict[str, Any]:
    """One operation as a model writes it; fields not given are empty."""
    empty = dict.fromkeys(("target", "text", "reason"), "")
    return {"op": op, "flags": [*flags], "lines": [*lines], **empty, **fields}


def as_it_is(asked: Asked) -> dict[str, Any]:
    """An answer that files every flag in its own words."""
    found = read(asked)
    return {"operations": [operation(found.usual, flag["id"]) for flag in found.flags]}


def obedient(asked: Asked) -> Sent:
    """The same as the server sends it."""
    return api.says(as_it_is(asked))


def slow(seconds: float) -> Callable[[Asked], Sent]:
    """The same, some time later."""
    return lambda asked: obedient(asked).after(seconds)


def texts(asked: Asked) -> list[str]:
    """The texts of the flags that a request asks about."""
    return [flag["text"] for flag in read(asked).flags]


def scripted(make: Callable[[Question], list[Mapping[str, Any]]]) -> Callable[[Asked], Sent]:
    """Answers with the operations that ``make`` makes of a question."""
    return lambda asked: api.says({"operations": make(read(asked))})

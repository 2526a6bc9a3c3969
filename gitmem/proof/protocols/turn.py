"""One answer of a scripted model, and the bytes of a response (pure).

A module of its own because each protocol needs it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

OUT = 20  # tokens that an answer says it is long


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A text, or one call of a tool with what it is given. ``tokens`` is the context that it says it read."""

    text: str = "Fine."
    tool: str = ""
    given: dict[str, Any] = field(default_factory=dict)
    tokens: int = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """The content type of a response, and its bytes."""

    kind: str
    data: bytes


def whole(value: object) -> Response:
    """Return a response in one piece."""
    return Response(kind="application/json", data=json.dumps(value).encode())


def stream(events: Iterable[str]) -> Response:
    """Return a response as server-sent events (WHATWG HTML, section 9.2), each without its blank line."""
    return Response(
        kind="text/event-stream", data="".join(f"{event}\n\n" for event in events).encode()
    )


def strings(value: object) -> Iterator[str]:
    """Yield every string in a JSON value, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from strings(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from strings(inner)

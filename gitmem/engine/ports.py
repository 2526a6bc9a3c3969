"""What `close` needs from an engine, as a Protocol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gitmem.domain.plan import Operation, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What one request cost: calls made, tokens in and out, US dollars."""

    calls: int = 0
    tokens: int = 0
    dollars: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An engine's answer: operations nobody has checked yet, and what it cost."""

    operations: tuple[Operation, ...]
    usage: Usage = Usage()


class Engine(Protocol):
    """Judges one request at a time; may be asked from several threads at once."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""

    @property
    def model(self) -> str:
        """The model it asks; empty when it asks none."""

    def run(self, request: Request) -> Answer:
        """Answers one request; raises GitmemError when it cannot."""

"""What a close needs from an engine, and what an engine with a model needs from it, as Protocols (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from gitmem.models.usage import NOTHING, Usage

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.drain.plan import Operation, Plan, Request
    from gitmem.models.reply import Prompt, Reply


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An engine's answer: operations that are not checked yet, and what it cost.

    ``reasons`` says of flags without an operation why they have none (id to sentence). ``model`` is
    the one that answered, if it said so. ``kept`` counts the answers that an earlier close got.
    """

    operations: tuple[Operation, ...]
    usage: Usage = NOTHING
    reasons: Mapping[str, str] = field(default_factory=dict)
    model: str = ""
    kept: int = 0


class Engine(Protocol):
    """Judges one request at a time; may be asked from several threads at once."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""

    @property
    def model(self) -> str:
        """The model it asks; empty when it asks none."""

    def prepared(self, plan: Plan) -> Plan:
        """Return the plan as this engine wants it: which existing lines a request shows."""

    def run(self, request: Request) -> Answer:
        """Answer one request. Raises GitmemError when nothing can be asked at all."""

    def stop(self) -> None:
        """End everything under way: it raises Cancelled. May be called from any thread, and twice."""


class Answers(Protocol):
    """Finished answers, kept until their result has landed; used from several threads."""

    def find(self, key: str) -> Reply | None:
        """Return the answer kept under a key; None when there is none."""

    def keep(self, key: str, flags: Sequence[str], reply: Reply) -> None:
        """Keep an answer about these flags (ids). A failure is not an error."""

    def spent(self, key: str) -> Usage:
        """Return what an answer under a key has cost that could not be used."""


@runtime_checkable
class ReportsWaiting(Protocol):
    """A model that calls ``waits``, from any thread, with what is being waited for."""

    waits: Callable[[str], None]


@runtime_checkable
class KnowsItsServer(Protocol):
    """A model that knows its server: how many tokens it takes, and how many it answers in a second.

    ``context`` counts question and answer together; 0 is not known, for either.
    """

    context: int
    pace: float


class Model(Protocol):
    """Answers one prompt with JSON; may be asked from several threads at once."""

    @property
    def name(self) -> str:
        """What `--engine` calls it."""

    @property
    def model(self) -> str:
        """The model's id."""

    @property
    def host(self) -> str:
        """Where the flags go: the endpoint's host, or a program."""

    @property
    def here(self) -> bool:
        """Whether what is sent stays on this machine."""

    def warm(self) -> None:
        """Load what is slow to load; the caller does other work meanwhile."""

    def sent(self, prompt: Prompt) -> Mapping[str, object]:
        """Return exactly what is sent first for a prompt, as JSON values (`close --dry-run` shows it)."""

    def stop(self) -> None:
        """End everything under way; nothing is asked afterwards."""

    def ask(self, prompt: Prompt, *, until: float) -> Reply:
        """Return the reply, by ``until`` (seconds of the monotonic clock); its ``problem`` tells trouble.

        Raises `gitmem.models.reply.Credentials` and `gitmem.models.reply.Cancelled`.
        """

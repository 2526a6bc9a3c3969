"""A question to a model and its reply, as values (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gitmem.core.errors import GitmemError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.models.usage import Usage


class Credentials(GitmemError):
    """No model can be asked at all: no key, a refused key, exhausted spend. Fatal for the close."""

    exit_code = 9


class Cancelled(GitmemError):
    """The close was stopped while a model was being asked."""

    exit_code = 130


class Stop(StrEnum):
    """Why an answer ended: the Messages API's own words, then ours for requests without an answer."""

    END = "end_turn"
    TOOL = "tool_use"
    CUT = "max_tokens"
    WINDOW = "model_context_window_exceeded"
    REFUSAL = "refusal"
    TOO_LARGE = "too_large"
    TIMED_OUT = "timed_out"
    LIMITED = "rate_limited"
    UNREACHABLE = "unreachable"
    NOT_THE_API = "not_the_api"
    REJECTED = "rejected"
    INVALID = "invalid"
    FAILED = "failed"


#: A smaller question may cure these.
_TOO_MUCH = frozenset({Stop.CUT, Stop.WINDOW, Stop.TOO_LARGE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """One question.

    ``system`` holds the instructions, ``text`` the data. ``schema`` is the JSON schema of the
    answer: flat, every property required, no null and no unions. ``max_tokens`` bounds the answer.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The reply to one question.

    ``data`` is the answer's JSON object. Its top level fits the schema; `gitmem.models.extract.flaws`
    checks what lies deeper. It is None when there is no acceptable answer; then ``problem`` says why in one sentence that is safe to print. ``usage`` is that of all
    requests, retries included, ``seconds`` the time with the pauses between them. ``answered`` is the
    model that the server names.
    """

    data: Mapping[str, Any] | None = field(default=None)
    stop: str
    usage: Usage
    seconds: float
    problem: str = ""
    answered: str = ""

    @property
    def too_much(self) -> bool:
        """Whether the same question in smaller parts may be answered."""
        return self.stop in _TOO_MUCH

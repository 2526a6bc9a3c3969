"""A question to a model, what each request for it came to, and the reply, as values (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum, StrEnum, auto
from typing import TYPE_CHECKING, Any

from gitmem.core.errors import GitmemError
from gitmem.models.usage import UNPRICED, Usage
from gitmem.safety.text import cut, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitmem.models.usage import Usage

#: Characters; enough for a sentence, not for a page.
LENGTH = 200
#: A shorter secret is more likely a word than a secret, and would blank the words around it.
_SECRET = 8
#: Bytes. No answer is larger; a server that sends more is not answering the question.
LIMIT = 256 * 1024


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
    answer: flat, every property required, no null and no unions. ``bounded`` is the same with what
    this one question allows (its labels, how many), or None. ``max_tokens`` bounds the answer.
    ``shared``: enough other questions have the same instructions that a vendor's prompt cache pays for them.
    """

    system: str
    text: str
    schema: Mapping[str, Any]
    max_tokens: int = 4096
    bounded: Mapping[str, Any] | None = None
    shared: bool = False


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


class Next(Enum):
    """What follows a request."""

    DONE = auto()  # there is an answer, or a problem that asking again does not cure
    AGAIN = auto()  # the same once more, after a pause, a few times
    LATER = auto()  # the same after a pause, while there is time: the server says it will pass
    PLAINER = auto()  # the same question in a plainer shape
    CALLED_OFF = auto()  # the same at once, in the shape that another question has found meanwhile
    NEVER = auto()  # the server as a whole has a problem: no question has a chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request's answer or problem.

    ``wait`` is the seconds that the server asked to wait, or None. ``refused`` has the words with
    which it refused the request's shape, or None. ``ignored``: the answer shows that the server did
    not hold the model to the shape. ``usage`` has the tokens that the server counted, and the dollars
    where it names them.
    """

    stop: Stop
    then: Next = Next.DONE
    data: dict[str, Any] | None = None
    problem: str = ""
    wait: float | None = None
    refused: str | None = None
    ignored: bool = False
    usage: Usage = UNPRICED
    answered: str = ""


def model_name(named: str) -> str:
    """Return a model's name for a person and a record: of a file's path, as llama.cpp names it, the last part."""
    is_path = named.startswith(("/", "~", "\\\\")) or named[1:3] in {":/", ":\\"}
    return re.split(r"[/\\]", named)[-1] or named if is_path else named


def printable(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text as one line of at most LENGTH visible characters, without the secrets."""
    return cut(visible(" ".join(hidden(text, secrets).split())), LENGTH)


def hidden(text: str, secrets: Iterable[str]) -> str:
    """Return the text without the secrets, but for those that are too short to be one."""
    for secret in secrets:
        if len(secret) >= _SECRET:
            text = text.replace(secret, "[secret]")
    return text

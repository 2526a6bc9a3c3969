"""What one request to a server or program came to, and what to do next (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING, Any

from gitmem.models.usage import UNPRICED, Usage
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.models.reply import Stop

#: Characters; enough for a sentence, not for a page.
LENGTH = 200
#: A shorter secret is more likely a word than a secret, and would blank the words around it.
_SECRET = 8

#: Bytes. No answer is larger; a server that sends more is not answering the question.
LIMIT = 256 * 1024


class Next(Enum):
    """What follows a request."""

    DONE = auto()  # there is an answer, or a problem that asking again does not cure
    AGAIN = auto()  # the same once more, after a pause, a few times
    LATER = auto()  # the same after a pause, while there is time: the server says it will pass
    PLAINER = auto()  # the same question in a plainer shape
    NEVER = auto()  # the server as a whole has a problem: no question has a chance


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request's answer or problem.

    ``wait`` is the seconds that the server asked to wait, or None. ``refused`` has the words with
    which it refused the request's shape, or None. ``usage`` has the tokens that the server counted,
    and the dollars where it names them.
    """

    stop: Stop
    then: Next = Next.DONE
    data: dict[str, Any] | None = None
    problem: str = ""
    wait: float | None = None
    refused: str | None = None
    usage: Usage = UNPRICED
    answered: str = ""


def printable(text: str, secrets: Iterable[str] = ()) -> str:
    """Return the text as one line of at most LENGTH visible characters, without the secrets."""
    for secret in secrets:
        if len(secret) >= _SECRET:
            text = text.replace(secret, "[secret]")
    line = visible(" ".join(text.split()))
    return line if len(line) <= LENGTH else line[: LENGTH - 1] + "…"

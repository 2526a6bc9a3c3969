"""What is known about a server, and how patient we are with it: shared by all questions to it."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.models.attempt import Attempt, Next
from gitmem.models.reply import Credentials, Stop
from gitmem.models.shapes import Shape

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_DOUBLED = 16  # times a pause is doubled at most; the longest is reached long before


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """How long one question may take, in seconds, and how often it is asked.

    ``call`` bounds one request from first to last byte (by itself the deadline of the close does: a
    local model on a CPU takes minutes), ``connect`` its connection; ``pause`` is the first wait before
    asking again, doubled each time up to ``longest_pause``; ``tries`` counts requests that break off
    or bring what is no answer. One that the server puts off is made again until the deadline.
    """

    call: float = math.inf
    connect: float = 10.0
    pause: float = 0.5
    longest_pause: float = 8.0
    tries: int = 4


@dataclass(slots=True, kw_only=True)
class Server:
    """One server as the questions so far have found it.

    ``shape`` is the shape of question that it answered last, ``not_before`` when it wants to be
    asked again (it holds for every question: what makes a rate limit is all of them), and
    ``hopeless`` why no question has a chance. ``chance`` gives numbers from 0 to 1.
    """

    host: str
    patience: Patience
    clock: Callable[[], float]
    chance: Callable[[], float]
    shape: Shape = field(default_factory=Shape)
    not_before: float = 0.0
    hopeless: Attempt | Credentials | None = None

    def delay(self, tries: int) -> float:
        """Seconds until a request may be made that has failed ``tries`` times."""
        asked_for = self.not_before - self.clock()
        if asked_for > 0:
            return asked_for * (1 + self.chance() / 4)
        pause = self.patience.pause * 2.0 ** min(tries - 1, _DOUBLED) if tries else 0.0
        return min(pause, self.patience.longest_pause) * (0.75 + self.chance() / 2)

    def foregone(self, delay: float, until: float, asked: Sequence[Attempt]) -> Attempt | None:
        """The outcome of a request not worth making; None when it is. ``asked`` came before it.

        Raises the Credentials that an earlier question raised.
        """
        if isinstance(self.hopeless, Credentials):
            raise Credentials(self.hopeless.message, hint=self.hopeless.hint)
        if self.hopeless:
            return self.hopeless
        before = f"{asked[-1].problem}; " if asked else ""
        asked_for = self.not_before - self.clock()
        if asked_for > 0 and self.clock() + asked_for >= until:
            left = duration(max(0.0, until - self.clock()))
            problem = f"{before}{self.host} asks to wait {duration(asked_for)}, and {left} are left"
            return Attempt(stop=Stop.LIMITED, problem=problem)
        if self.clock() + delay >= until:
            stop = asked[-1].stop if asked else Stop.TIMED_OUT
            return Attempt(stop=stop, problem=f"{before}no time is left to ask {self.host}")
        return None

    def waiting(self, delay: float, asked: Sequence[Attempt]) -> str:
        """What a pause before the next request is for, in words."""
        if asked:
            return f"{asked[-1].problem}, asked again in {duration(delay)}"
        return f"{self.host} asks to wait {duration(delay)}"

    def learn(self, outcome: Attempt, shape: Shape) -> None:
        """Keeps what the outcome of a question in this shape says about the server."""
        if outcome.then is Next.NEVER:
            self.hopeless = outcome
        if outcome.wait is not None:
            self.not_before = max(self.not_before, self.clock() + outcome.wait)
        if outcome.data is not None:
            self.shape = shape


def duration(seconds: float) -> str:
    """A span of time as a person says it."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - reads well

"""The sessions of a set replayed in one throw-away clone: which requests carried a nudge, and of what.

Payloads go through the client's matchers and its adapter, and what `fire` decides is kept in the
session's file and the ledger, as a hook does it. No one answers a nudge with a flag.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evals.boundaries.clone import PAUSE, Clone
from evals.boundaries.sessions import Recorded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from evals.boundaries.claude_code import Client
    from gitmem.session.boundary import Words

LAST = "last turn"  # what the next session's start asks about
_HEAD = 20  # characters of a prompt by which a boot's words are known to ask about it


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """A nudge: the request that carried it, the boundaries that it named, and its characters."""

    request: int
    kinds: tuple[str, ...]
    size: int


@dataclass(slots=True, kw_only=True)
class Replayed:
    """A session, and the nudges in it, in order."""

    session: Recorded
    nudges: list[Nudge] = field(default_factory=list)


def replay(sessions: Sequence[Recorded]) -> list[Replayed]:
    """Return the sessions with their nudges; one more session starts after the last."""
    with tempfile.TemporaryDirectory() as name:
        clone = Clone(Path(name).resolve())
        replayed: list[Replayed] = []
        for session in sessions:
            told = Replayed(session=session)
            _run(clone, told, replayed[-1] if replayed else None)
            replayed.append(told)
        after = Recorded(name="after", client="", model="")
        _begin(clone, clone.client(after), replayed[-1])
    return replayed


def _run(clone: Clone, told: Replayed, last: Replayed | None) -> None:
    """Replay a session; the nudges go to it, what its start asks about the last one to that."""
    client = clone.client(told.session)
    _begin(clone, client, last)
    made = 0
    for step in told.session.steps:
        made = step.get("request", made)
        for fired in client.take(step):
            words = clone.fire(fired)
            client.hear(fired.name, words.model if words else "")
            kinds = _nudged(words) if words else ()
            if words and kinds:
                told.nudges.append(Nudge(request=made + 1, kinds=kinds, size=len(words.model)))
    clone.now = client.now + PAUSE


def _begin(clone: Clone, client: Client, last: Replayed | None) -> None:
    words = clone.fire(client.start())
    if words and last and _asks_about(words, last.session):
        request = last.session.requests + 1
        last.nudges.append(Nudge(request=request, kinds=(LAST,), size=len(words.model)))


def _nudged(words: Words) -> tuple[str, ...]:
    """The boundaries that a nudge named; none without one."""
    for line in words.decided:
        kind, *about = line.split(" ")
        if kind == "nudge":
            return tuple(about)
    return ()


def _asks_about(words: Words, session: Recorded) -> bool:
    """Whether a boot's words quote the beginning of the session's last prompt."""
    said = " ".join(words.model.split())
    return any(" ".join(text.split())[:_HEAD] in said for text in session.prompts[-1:])

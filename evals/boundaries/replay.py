"""The sessions of a set replayed in one throw-away clone: which requests carried a nudge, and of what.

Payloads go through the client's matchers and its adapter, and what `fire` decides is kept in the
session's file and the ledger, as a hook does it. No one answers a nudge with a flag.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from evals.boundaries.claude_code import Client
from evals.boundaries.sessions import Recorded
from gitmem.bootstrap import assets
from gitmem.boundaries import fire
from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.claude_code.settings import parse_hooks
from gitmem.clients.claude_code.wiring import HOOKS
from gitmem.git import repository
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.boundaries.claude_code import Fired
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Words

LAST = "last turn"  # what the next session's start asks about
_START = 1_790_000_000.0  # seconds since 1970 at which the first session begins
_PAUSE = 7_200.0  # seconds between two sessions
_HEAD = 20  # characters of a prompt by which a boot's words are known to ask about it
_GONE = "999999999"  # the number of a process that does not run


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
        clone = _Clone(Path(name).resolve())
        replayed: list[Replayed] = []
        for session in sessions:
            told = Replayed(session=session)
            clone.run(told, replayed[-1] if replayed else None)
            replayed.append(told)
        clone.begin("after", replayed[-1])
    return replayed


class _Clone:
    """A clone in which one session follows the other."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._top = place / "project"
        self._environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(place),
            "GIT_CONFIG_NOSYSTEM": "1",
            "CLAUDE_PID": _GONE,
            **{f"GIT_{who}_NAME": "Mateo" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "mateo@lanternfish.example" for who in ("AUTHOR", "COMMITTER")},
        }
        self._matchers = {hook.event: hook.matcher for hook in parse_hooks(assets.read(HOOKS))}
        self._now = _START
        self._top.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")
        self._commit(_START - _PAUSE)
        self._repo: Repository = repository.discover(str(self._top), self._environ)

    def run(self, told: Replayed, last: Replayed | None) -> None:
        """Replay a session; the nudges go to it, what its start asks about the last one to that."""
        session = told.session
        client = self._client(session)
        self._begin(client, last)
        made = 0
        for step in session.steps:
            made = step.get("request", made)
            for fired in client.take(step):
                words = self._fire(fired)
                kinds = _nudged(words) if words else ()
                if words and kinds:
                    nudge = Nudge(request=made + 1, kinds=kinds, size=len(words.model))
                    told.nudges.append(nudge)
        self._now = client.now + _PAUSE

    def begin(self, name: str, last: Replayed) -> None:
        """Start a session of which nothing else is known."""
        session = Recorded(name=name, client="", model="")
        self._begin(self._client(session), last)

    def _begin(self, client: Client, last: Replayed | None) -> None:
        words = self._fire(client.start())
        if words is None or last is None or not _asks_about(words, last.session):
            return
        request = last.session.requests + 1
        last.nudges.append(Nudge(request=request, kinds=(LAST,), size=len(words.model)))

    def _client(self, session: Recorded) -> Client:
        transcript = self._place / f"{session.name}.jsonl"
        return Client(session=session, top=self._top, transcript=transcript, now=self._now)

    def _fire(self, fired: Fired) -> Words | None:
        """Run the hook of an event; None where the shipped settings have none for it."""
        matcher = self._matchers.get(fired.name)
        if matcher is None or (matcher and not re.fullmatch(matcher, fired.matched)):
            return None
        if fired.commit:
            self._commit(fired.at)
        event = CLIENT.parse(fired.payload, fired.name, self._environ)
        words = fire.fire(self._repo, event, fired.at)
        entry: dict[str, object] = {"at": _moment(fired.at), "client": event.client}
        entry |= {"event": event.name, "session": event.session}
        key = ("call", event.call) if event.call else ("turn", event.turn)
        entry |= {name: value for name, value in (("agent", event.agent), key) if value}
        entry["did"] = words.did or "nothing"
        if words.decided:
            entry["decided"] = list(words.decided)
        ledger.write(self._repo.folder, entry)
        return words

    def _commit(self, at: float) -> None:
        moment = f"@{int(at)} +0000"
        dates = {f"GIT_{who}_DATE": moment for who in ("AUTHOR", "COMMITTER")}
        self._git("commit", "--quiet", "--allow-empty", "--message", "work", environ=dates)
        os.utime(self._top / ".git" / "logs" / "HEAD", (at, at))

    def _git(self, *arguments: str, environ: Mapping[str, str] | None = None) -> None:
        told = {**self._environ, **(environ or {})}
        subprocess.run(["git", *arguments], cwd=self._top, env=told, check=True)


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


def _moment(at: float) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(at))

"""A throw-away clone in which sessions of Claude Code run one after the other, each with its hooks."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

from evals.boundaries.claude_code import Client, Shape
from gitmem.bootstrap import assets
from gitmem.boundaries import fire
from gitmem.clients.claude_code.adapter import CLIENT
from gitmem.clients.claude_code.wiring import HOOKS
from gitmem.clients.hook_settings import parse_hooks
from gitmem.git import repository
from gitmem.session import ledger

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from evals.boundaries.claude_code import Fired
    from evals.boundaries.sessions import Recorded
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Words

START = 1_790_000_000.0  # seconds since 1970 at which the first session begins
PAUSE = 7_200.0  # seconds between two sessions
_GONE = "999999999"  # the number of a process that does not run


class Clone:
    """The clone, and a home beside it with the transcripts. ``now`` is when the next session begins."""

    def __init__(self, place: Path) -> None:
        self.top = place / "project"
        self.environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(place),
            "GIT_CONFIG_NOSYSTEM": "1",
            "CLAUDE_PID": _GONE,
            **{f"GIT_{who}_NAME": "Mateo" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "mateo@lanternfish.example" for who in ("AUTHOR", "COMMITTER")},
        }
        self.now = START
        self._matchers = {hook.event: hook.matcher for hook in parse_hooks(assets.read(HOOKS))}
        slug = "".join(letter if letter.isalnum() else "-" for letter in str(self.top))
        self._transcripts = place / ".claude" / "projects" / slug
        self._transcripts.mkdir(parents=True)
        self.top.mkdir()
        self._git("init", "--quiet", "--initial-branch", "main")
        self.commit(START - PAUSE)
        self.repo: Repository = repository.discover(str(self.top), self.environ)

    def client(self, session: Recorded, shape: Shape | None = None) -> Client:
        """Return a client that is about to begin a session."""
        return Client(
            session=session,
            top=self.top,
            transcript=self._transcripts / f"{session.name}.jsonl",
            now=self.now,
            commit=self.commit,
            shape=shape or Shape(),
        )

    def has_hook(self, fired: Fired) -> bool:
        """Whether the shipped settings have a hook for it."""
        matcher = self._matchers.get(fired.name)
        return matcher == "" or bool(matcher and re.fullmatch(matcher, fired.matched))

    def fire(self, fired: Fired) -> Words | None:
        """Run the hook of an event, as the client does; None where there is none for it."""
        if not self.has_hook(fired):
            return None
        event = CLIENT.parse(fired.payload, fired.name, self.environ)
        words = fire.fire(self.repo, event, fired.at)
        decided = {"decided": list(words.decided)} if words.decided else {}
        self.write_down(fired, did=words.did or "nothing", **decided)
        return words

    def write_down(self, fired: Fired, **outcome: object) -> None:
        """Write the ledger's line of a hook."""
        event = CLIENT.parse(fired.payload, fired.name, self.environ)
        at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(fired.at))
        key = ("call", event.call) if event.call else ("turn", event.turn)
        named = {name: value for name, value in (("agent", event.agent), key) if value}
        entry = {"at": at, "client": event.client, "event": event.name, "session": event.session}
        ledger.write(self.repo.folder, {**entry, **named, **outcome})

    def commit(self, at: float) -> str:
        """Make a commit at a moment and return its name."""
        moment = f"@{int(at)} +0000"
        dates = {f"GIT_{who}_DATE": moment for who in ("AUTHOR", "COMMITTER")}
        self._git("commit", "--quiet", "--allow-empty", "--message", "work", environ=dates)
        os.utime(self.top / ".git" / "logs" / "HEAD", (at, at))
        return self._git("rev-parse", "HEAD")

    def _git(self, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
        told = {**self.environ, **(environ or {})}
        done = subprocess.run(
            ["git", *arguments],
            cwd=self.top, env=told, check=True, capture_output=True, text=True,
        )  # fmt: skip
        return done.stdout.strip()

"""What a session left behind: in the requests to the model, on the queue, in the git directory."""

from __future__ import annotations

import json
from typing import Any

from tests.real_clients.claude import Session, said
from tests.support.hooks import ledger
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

#: The events at which the model may be nudged, and how a nudge begins.
_SPEAKING = ("SessionStart", "UserPromptSubmit", "PostToolBatch")
_NUDGE = "gitmem, after "


def asked(session: Session) -> list[list[str]]:
    """What each request of the main thread shows that the model was asked about, a nudge each."""
    return [
        [
            words.partition(_NUDGE)[2].partition(":")[0]
            for event, words in said(request)
            if event in _SPEAKING and _NUDGE in words
        ]
        for request in session.main
    ]


def nudges(session: Session) -> list[int]:
    """How many nudges each request of the main thread shows; a conversation keeps those it had."""
    return [len(shown) for shown in asked(session)]


def queued(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The flags on the queue branch."""
    names = sandbox.git("ls-tree", "-r", "--name-only", "gitmem/queue", "queue/").splitlines()
    files = [sandbox.git("show", f"gitmem/queue:{name}") for name in names]
    return [json.loads(line) for file in files for line in file.splitlines()]


def marks(sandbox: Sandbox, session: Session) -> list[str]:
    """The lines of the session's file in the git directory."""
    file = folder_of(sandbox) / "sessions" / session.id
    return file.read_text(encoding="utf-8").splitlines()


def undrained(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The flags that wait for a close, as `gitmem log` tells them."""
    flags = json.loads(sandbox.gitmem("log", "--json").out)
    return [flag for flag in flags if flag["state"] == "undrained"]


def did(sandbox: Sandbox) -> list[tuple[str, str]]:
    """Event and deed of each hook that fired, in order."""
    return [(line["event"], line.get("did", "")) for line in ledger(sandbox)]


def any_hook_ran(sandbox: Sandbox) -> bool:
    """Whether a hook of gitmem's fired here."""
    return (folder_of(sandbox) / "ledger.jsonl").exists()


def no_hook_failed(session: Session) -> bool:
    """Whether every hook that the client ran ended with 0."""
    return {code for _, code in session.hooks} == {0}


def turn_over(sandbox: Sandbox) -> bool:
    """Whether a turn of the main thread has ended."""
    return any(line["event"] == "Stop" for line in ledger(sandbox))


def index_line(sandbox: Sandbox) -> str:
    """The line of the memory index for the topic that facts without a topic are filed under."""
    lines = sandbox.read("memory/MEMORY.md").splitlines()
    (found,) = [line for line in lines if "(facts.md)" in line]
    return found

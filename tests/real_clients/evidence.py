"""What a session left behind: in the requests to the model, on the queue, in the git directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.real_clients.claude import Session, said
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
    file = _folder(sandbox) / "sessions" / session.id
    return file.read_text(encoding="utf-8").splitlines()


def ledger(sandbox: Sandbox) -> list[dict[str, Any]]:
    """The lines of the ledger: what fired, in order."""
    text = (_folder(sandbox) / "ledger.jsonl").read_text(encoding="utf-8")
    return [json.loads(line) for line in text.splitlines()]


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


def _folder(sandbox: Sandbox) -> Path:
    common = sandbox.git("rev-parse", "--path-format=absolute", "--git-common-dir")
    return Path(common) / "gitmem"

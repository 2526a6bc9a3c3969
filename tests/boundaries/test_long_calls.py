"""A commit early in a call that goes on: some clients tell no hook how long a call took."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Callable

import pytest

from tests.support.clients import HOOKS
from tests.support.payloads import Payloads
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

Fire = Callable[[str], str]
#: Each such client: the folder of its payloads, the client whose hooks it runs, a prompt and the end of a call.
CLIENTS = {
    "codex": ("codex", "codex", "UserPromptSubmit", "PostToolUse.Bash"),
    "copilot": ("copilot-claude", "claude-code", "UserPromptSubmit", "PostToolUse.Bash"),
    "gemini": ("gemini", "gemini", "BeforeAgent", "AfterTool.run_shell_command"),
}


def hooks(sandbox: Sandbox, client: str) -> tuple[Fire, str, str]:
    folder, runs, prompt, called = CLIENTS[client]

    def fire(name: str) -> str:
        body = Payloads(folder=folder).read(name, cwd=str(sandbox.path), session_id="s1")
        return sandbox.gitmem(
            "hook", runs, name.partition(".")[0], input=json.dumps(body), env=HOOKS.get(client)
        ).out

    return fire, prompt, called


def commit(sandbox: Sandbox, *, ago: int) -> None:
    """A commit so many seconds ago."""
    at = int(time.time()) - ago
    sandbox.git("commit", "--allow-empty", "-m", "x", env={"GIT_COMMITTER_DATE": f"@{at} +0000"})
    os.utime(sandbox.path / ".git/logs/HEAD", (at, at))


def age(sandbox: Sandbox, *, ago: int) -> None:
    """Let every hook so far have ended so many seconds ago."""
    at = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() - ago))
    ledger = folder_of(sandbox) / "ledger.jsonl"
    lines = ledger.read_text(encoding="utf-8")
    ledger.write_text(re.sub(r'(?m)^\{"at":"[^"]*"', f'{{"at":"{at}"', lines), encoding="utf-8")


@pytest.mark.parametrize("client", CLIENTS)
def test_a_commit_early_in_a_long_call_is_asked_about_once(sandbox: Sandbox, client: str) -> None:
    fire, prompt, called = hooks(sandbox, client)
    os.utime(sandbox.path / ".git/logs/HEAD", (1, 1))
    fire(prompt)
    age(sandbox, ago=60)
    commit(sandbox, ago=30)

    assert "after git commit: flag what's durable, now" in fire(called)
    assert "after git commit" not in fire(called)


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("before", ["prompt", "call"])
def test_a_commit_before_the_call_or_the_prompt_before_it_is_not(
    sandbox: Sandbox, client: str, before: str
) -> None:
    fire, prompt, called = hooks(sandbox, client)
    os.utime(sandbox.path / ".git/logs/HEAD", (1, 1))
    fire(prompt)
    if before == "call":
        fire(called)
    age(sandbox, ago=20)
    commit(sandbox, ago=40)

    assert "after git commit" not in fire(called)

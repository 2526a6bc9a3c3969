"""A guard of mode once in the real client: the first call is denied with the lesson, the retry is made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gitmem.memory.guard import FILE, ONCE, Guard
from tests.real_clients.claude import Claude, said_at
from tests.real_clients.model import Answer, Request, ScriptedModel, runs
from tests.real_clients.terminal import Terminal
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

LESSON = "Is the changelog done?"
ALLOWED = ["Bash(make *)"]


@pytest.fixture
def guarded(wired: Sandbox) -> Sandbox:
    guard = Guard(["Bash"], "make release", LESSON, flags=["a" * 12], mode=ONCE)
    recipe = "release:\n\t@echo made >> made.txt; echo it is out\n"
    wired.commit("a guard", {FILE: guard.line + "\n", "Makefile": recipe})
    return wired


def results(request: Request) -> list[tuple[bool, str]]:
    """Whether each tool result is an error, and its text, in order."""
    return list(_results(request.body["messages"]))


def _results(messages: list[dict[str, Any]]) -> Iterator[tuple[bool, str]]:
    for message in messages:
        blocks = message["content"] if isinstance(message["content"], list) else []
        for block in blocks:
            if block["type"] == "tool_result":
                yield bool(block.get("is_error")), json.dumps(block["content"])


def made(sandbox: Sandbox) -> int:
    """How often the guarded command ran."""
    file = sandbox.path / "made.txt"
    return len(file.read_text(encoding="utf-8").splitlines()) if file.exists() else 0


def attended(
    claude: Claude, sandbox: Sandbox, folder: Path, *answers: Answer
) -> tuple[list[Request], str]:
    """Run a session on a terminal; the requests of its main thread, and the last screen."""
    if not shutil.which("tmux"):
        pytest.skip("there is no tmux to run a session with a person in (2026-11)")
    script = ScriptedModel(main=[*answers, Answer(text="THE ANSWER")])
    with Terminal(folder / "tmux") as terminal, script as model:
        claude.show(sandbox, model, terminal, allow=ALLOWED)
        terminal.shows("mode on")  # below the prompt, once it takes words
        terminal.keys("Release.", "Enter")
        screen = terminal.shows("THE ANSWER")
    return [one for one in model.requests if not one.of_agent and not one.of_summary], screen


def test_the_first_call_is_denied_with_the_lesson_and_the_retry_is_made(
    claude: Claude, guarded: Sandbox, tmp_path: Path
) -> None:
    call = runs("make release")

    requests, _ = attended(claude, guarded, tmp_path, call, call, call)

    last = results(requests[-1])
    assert [error for error, _ in last] == [True, False, False]
    assert LESSON in last[0][1]
    assert "make it again, and it passes" in last[0][1]
    assert ["it is out" in text for _, text in last] == [False, True, True]
    assert made(guarded) == 2
    assert [len(said_at("PreToolUse:Bash", one)) for one in requests] == [0, 0, 1, 2]
    did = [line["did"] for line in ledger(guarded) if line["event"] == "PreToolUse"]
    assert did == [f"held {'a' * 12}", *[f"guarded {'a' * 12}"] * 2]
    # A denial is no failed command, so the retry is no recovery, and no hook is missing.
    assert {line["event"] for line in ledger(guarded)}.isdisjoint({"PostToolUseFailure"})
    assert [line for line in ledger(guarded) if "error" in line] == []


def test_of_parallel_calls_one_is_denied_and_the_others_are_made(
    claude: Claude, guarded: Sandbox, tmp_path: Path
) -> None:
    requests, _ = attended(
        claude, guarded, tmp_path, runs("make release", "make release", "make release")
    )

    last = results(requests[-1])
    assert [error for error, _ in last].count(True) == 1
    assert made(guarded) == 2


def test_where_no_person_attends_the_call_is_made_and_the_lesson_is_said(
    claude: Claude, guarded: Sandbox
) -> None:
    model = ScriptedModel(main=[runs("make release")])

    session = claude.session(guarded, model, "Release.", allow=ALLOWED)

    assert [error for error, _ in results(session.last)] == [False]
    (said,) = said_at("PreToolUse:Bash", session.last)
    assert LESSON in said
    assert made(guarded) == 1

"""The lives of a session of the real client: cleared, resumed, forked, rewired, watched by a person."""

from __future__ import annotations

import shutil
import time
from pathlib import Path

import pytest

from tests.real_clients.claude import Claude, said_at
from tests.real_clients.evidence import asked, marks, no_hook_failed, queued
from tests.real_clients.model import Answer, ScriptedModel, runs
from tests.real_clients.terminal import Terminal
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
MAY_COMMIT = ["Bash(git *)"]

TURN = "the end of the last turn"
COMMITTED = "git commit"


def test_a_cleared_session_ends_and_the_next_is_asked_about_its_last_turn(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[
            runs("gitmem flag 'before'", "ls"),
            Answer(text="ONE"),
            runs("gitmem flag 'after'"),
            runs(COMMIT),
            Answer(text="TWO"),
        ]
    )

    session = claude.session(wired, model, "Work.", "/clear", "Again.", allow=MAY_COMMIT)

    started = [line for line in ledger(wired) if line["event"] == "SessionStart"]
    assert [line["detail"] for line in started] == ["startup", "clear"]
    ids = [line["session"] for line in started]
    assert {flag["text"]: flag["session"] for flag in queued(wired)} == dict(
        zip(["before", "after"], ids, strict=True)
    )
    assert marks(wired, session)[-2:] == ["end clear", "asked"]
    # The new one is told what waits, and is asked about the turn before and about its own work.
    (booted,) = said_at("SessionStart", session.last)
    assert "1 flag waits undrained" in booted
    left = f"the last turn of session {ids[0][:8]}"
    assert asked(session)[2:] == [[left], [left], [left, COMMITTED]]
    assert (session.printed[0], session.printed[-1]) == ("ONE", "TWO")
    assert no_hook_failed(session)


def test_a_resumed_session_is_asked_about_the_turn_that_was_left(
    claude: Claude, wired: Sandbox
) -> None:
    steps = [runs(f"ls -{letter}") for letter in "abcd"]
    first = claude.session(wired, ScriptedModel(main=[*steps, Answer(text="ONE")]), "Work.")
    model = ScriptedModel(main=[runs("gitmem flag 'of the turn'"), Answer(text="TWO")])

    second = claude.session(wired, model, "Go on.", arguments=("--resume", first.id))

    assert second.id == first.id
    assert asked(second) == [[TURN], [TURN]]
    assert [flag["session"] for flag in queued(wired)] == [first.id]
    assert second.printed == ["TWO"]
    assert no_hook_failed(second)


def test_a_forked_session_is_another_one_and_is_asked_about_its_own_work(
    claude: Claude, wired: Sandbox
) -> None:
    script = [runs("ls", tokens=100_000), Answer(text="ONE", tokens=100_000)]
    first = claude.session(wired, ScriptedModel(main=script), "Work.")
    steps = [
        runs("ls", tokens=101_000),
        runs("ls -a", tokens=102_000),
        runs(COMMIT, tokens=103_000),
    ]
    model = ScriptedModel(main=[*steps, Answer(text="TWO", tokens=104_000)])

    forked = claude.session(
        wired, model, "Go on.", arguments=("--resume", first.id, "--fork-session"), allow=MAY_COMMIT
    )

    assert ledger(wired)[-1]["session"] != first.id
    (before, *_) = asked(forked)
    assert TURN not in before
    assert asked(forked) == [before, before, before, [*before, COMMITTED]]
    assert forked.printed == ["TWO"]
    assert no_hook_failed(forked)


def test_hooks_run_in_a_folder_that_is_not_trusted(claude: Claude, wired: Sandbox) -> None:
    model = ScriptedModel(main=[runs(COMMIT), Answer(text="THE ANSWER")])

    session = claude.session(wired, model, "Commit.", allow=MAY_COMMIT, trusted=False)

    assert asked(session) == [[], [COMMITTED]]
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


def test_a_session_that_is_wired_while_it_runs_is_nudged_from_then_on(
    claude: Claude, sandbox: Sandbox
) -> None:
    settings = sandbox.path / ".claude/settings.json"

    def wire() -> None:
        assert sandbox.gitmem("init").code == 0
        # The client looks at a settings file within 2.5 s of its change (measured, 2.1.328).
        time.sleep(3)

    def unwire() -> None:
        assert settings.exists()
        settings.write_text("{}\n", encoding="utf-8")
        time.sleep(3)

    script = [[runs(COMMIT), Answer(text=text)] for text in ("ONE", "TWO", "THREE")]
    model = ScriptedModel(main=[answer for turn in script for answer in turn])

    session = claude.session(
        sandbox, model, "Commit.", wire, "Again.", unwire, "Again.", allow=MAY_COMMIT
    )

    assert asked(session) == [[], [], [], [COMMITTED], [COMMITTED], [COMMITTED]]
    assert session.printed == ["ONE", "TWO", "THREE"]
    assert no_hook_failed(session)


def test_a_person_sees_the_boot_words_before_the_first_prompt(
    claude: Claude, wired: Sandbox, tmp_path: Path
) -> None:
    if not shutil.which("tmux"):
        pytest.skip("there is no tmux to see a screen with (2026-11)")
    wired.gitmem("flag", "the staging database is read-only")
    script = ScriptedModel(main=[runs("ls"), Answer(text="THE ANSWER")])
    with Terminal(tmp_path / "tmux") as terminal, script as model:
        claude.show(wired, model, terminal)

        screen = terminal.shows("SessionStart:startup says:")
        assert "1 flag waits undrained" in screen
        assert model.requests == []

        terminal.keys("Look.", "Enter")
        terminal.shows("THE ANSWER")
    (booted,) = said_at("SessionStart", model.requests[0])
    assert "1 flag waits undrained" in booted

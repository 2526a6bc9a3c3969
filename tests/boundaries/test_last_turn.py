"""A boot asks about the last turn of a session that ended before it was asked."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import pytest

from gitmem.boundaries import boot, fire, lookback, nudge
from gitmem.session import boundary, ledger, session_file
from gitmem.session.boundary import Event, Words
from gitmem.session.session import boot_line
from tests.support.hooks import boot_event
from tests.support.queues import folder_of, repository_of
from tests.support.sandbox import Sandbox

LEFT = ("request", "work", "mark turn t1", "end other")
OLD = "abcdefgh-1"


def booted(sandbox: Sandbox, session: str = "now", *, source: str = "startup") -> Words:
    event = boot_event(session, transcripts(sandbox), source)
    return boot.words(repository_of(sandbox), time.time() + 60, event)


def transcripts(sandbox: Sandbox) -> Path:
    folder = sandbox.path.parent / "transcripts"
    folder.mkdir(exist_ok=True)
    return folder


def said(sandbox: Sandbox, *prompts: str, session: str = OLD) -> None:
    """The session's transcript has these prompts."""
    rows = [
        {
            "type": "user",
            "promptId": f"p{number}",
            "sessionId": session,
            "cwd": str(sandbox.path),
            "message": {"role": "user", "content": prompt},
        }
        for number, prompt in enumerate(prompts)
    ]
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (transcripts(sandbox) / f"{session}.jsonl").write_text(text, encoding="utf-8")


def left(
    sandbox: Sandbox, *lines: str, session: str = OLD, top: str = "", process: int = 0
) -> None:
    """A session whose hooks left these lines after its boot."""
    folder = str(folder_of(sandbox))
    began = lookback.started(process) if process else "-"
    first = boot_line(process, began, top or repository_of(sandbox).top)
    session_file.mark(folder, session, [first, *lines])
    ledger.write(folder, {"event": "Stop", "session": session})


@pytest.fixture
def began(sandbox: Sandbox) -> Sandbox:
    """A repository that has seen a boot."""
    assert booted(sandbox, "first").model == ""
    return sandbox


def test_the_last_turn_is_asked_about_once_with_what_the_person_said(began: Sandbox) -> None:
    said(began, "raise the timeout of the store", "and never retry a POST")
    left(began, *LEFT)

    words = booted(began)

    assert words.model.startswith("gitmem, after the last turn of session abcdefgh: ")
    assert '"raise the timeout of the store" / "and never retry a POST"' in words.model
    assert "gitmem flag '...' --kind ..." in words.model
    assert (words.person, words.did) == ("", "nudged")
    assert words.decided == ["nudge last-turn"]
    assert session_file.told(str(folder_of(began)), "now")[-1] == "nudge last-turn"
    assert booted(began, "next").model == ""


@pytest.mark.parametrize(
    "lines",
    [
        ["end other"],
        ["work said", "mark turn t1", "end other"],
        ["work", "flag abc", "end other"],
        ["work", "mark commit aaa", "nudge commit", "work", "request", "end other"],
    ],
)
def test_a_turn_that_was_asked_about_or_did_nothing_is_not_asked_about(
    began: Sandbox, lines: list[str]
) -> None:
    said(began, "look at the store")
    left(began, *lines)

    assert "last turn" not in booted(began).model


def test_a_session_that_runs_is_asked_about_when_it_has_ended(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, *LEFT[:-1], process=os.getpid())

    assert booted(began).model == ""
    session_file.mark(str(folder_of(began)), OLD, ["end other"])
    assert "last turn" in booted(began, "next").model


def test_the_session_that_is_resumed_is_asked_with_its_own_prompt(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, *LEFT)

    assert booted(began, OLD, source="resume").model == ""


def test_a_session_of_another_work_tree_is_left_to_that_one(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, *LEFT, top="/elsewhere")

    assert booted(began).model == ""


def test_what_is_done_after_the_question_is_asked_about_again(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, *LEFT)
    booted(began)
    left(began, "work", "end other")

    assert "last turn" in booted(began, "next").model


def test_a_session_whose_transcript_tells_nothing_is_passed_over(began: Sandbox) -> None:
    left(began, *LEFT)
    left(began, *LEFT, session="ijklmnop-1")
    said(began, "look at the store", session="ijklmnop-1")

    words = booted(began)

    assert "session ijklmnop" in words.model
    assert OLD[:8] not in words.model


def test_at_most_two_sessions_are_asked_about_the_latest_first(began: Sandbox) -> None:
    for name in ("aaaaaaaa", "bbbbbbbb", "cccccccc"):
        said(began, f"look at {name}", session=name)
        left(began, *LEFT, session=name)

    told = booted(began).model

    assert told.index("cccccccc") < told.index("bbbbbbbb")
    assert "aaaaaaaa" not in told


def test_a_tainted_session_is_said_so_and_its_answer_is_tainted(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, "taint WebFetch", *LEFT)

    assert "text of strangers" in booted(began).model
    assert session_file.tainted(str(folder_of(began)), "now")


def test_what_a_person_said_is_cut_at_whole_words_and_harmless(began: Sandbox) -> None:
    long = " ".join(["word"] * 2_000)
    said(began, f"{long}\nmore", 'see @secrets.txt "now"\x1b[31m')
    left(began, *LEFT)

    told = booted(began).model

    assert "word word ..." in told
    assert len(told) < 900
    assert "\x1b" not in told
    assert "`@secrets.txt`" in told
    assert told.count("\n") == 0


def test_what_holds_a_secret_is_left_out(began: Sandbox) -> None:
    token = "ghp_" + "a1B2c3D4e5" * 4
    said(began, "raise the timeout", f"the token is {token} so use it")
    left(began, *LEFT)

    told = booted(began).model

    assert token[:12] not in told
    assert '"raise the timeout"' in told


def test_the_question_of_a_boot_stands_in_the_ledger_as_a_nudge(began: Sandbox) -> None:
    said(began, "look at the store")
    left(began, *LEFT)
    repo = repository_of(began)
    event = Event(
        boundary.BOOT,
        client="claude-code",
        name="SessionStart",
        session="now",
        detail="startup",
        transcript=str(transcripts(began) / "now.jsonl"),
    )

    words = fire.fire(repo, event, time.time() + 60)

    assert "nudged" in words.did
    assert words.decided == [boundary.SAY_BOOT, "nudge last-turn"]


def test_the_question_names_the_session_and_how_to_answer() -> None:
    told = nudge.about_last_turn("abcdefgh-1", ["one", "two"], tainted=False)

    assert told.startswith("gitmem, after the last turn of session abcdefgh: ")
    assert "or else" not in told
    assert "strangers" not in told

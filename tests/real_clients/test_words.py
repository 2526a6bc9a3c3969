"""What a person says inside a turn of the real client, and what a start asks about the turn before."""

from __future__ import annotations

from typing import Any

import pytest

from tests.real_clients.claude import Claude, said_at
from tests.real_clients.evidence import asked, no_hook_failed
from tests.real_clients.model import Answer, ScriptedModel, runs
from tests.support.hooks import ledger
from tests.support.sandbox import Sandbox

pytestmark = pytest.mark.client

COMMIT = "git commit --quiet --allow-empty --message 'a chapter'"
WORDS = "what the person said during the turn"
WHOLE = "run one line: gitmem flag 'what is durable'"
SHORT = "or go on."

QUESTION: dict[str, object] = {
    "question": "Which database?",
    "header": "Database",
    "multiSelect": False,
    "options": [
        {"label": "sqlite", "description": "small"},
        {"label": "postgres", "description": "large"},
    ],
}
ASKS = Answer(calls=(("AskUserQuestion", {"questions": [QUESTION]}),))


def allowed(given: dict[str, Any]) -> dict[str, object]:
    return {"behavior": "allow", "updatedInput": given}


def test_an_answer_and_a_refusal_with_words_are_asked_about_the_second_time_in_one_sentence(
    claude: Claude, wired: Sandbox
) -> None:
    def person(tool: str, given: dict[str, Any]) -> tuple[dict[str, object], str]:
        if tool == "AskUserQuestion":
            answers = {"Which database?": "neither, we use duckdb"}
            return allowed({**given, "answers": answers}), ""
        return {"behavior": "deny", "message": "use pnpm, never npm"}, ""

    steps = [ASKS, runs("touch x"), runs("ls"), runs("ls -a"), runs("ls -l")]
    model = ScriptedModel(main=[*steps, Answer(text="THE ANSWER")])

    session = claude.session(wired, model, "Work.", person=person)

    assert asked(session)[:2] == [[], [WORDS]]
    # The client writes the row of a refusal when it likes; the nudge comes with one of the next requests.
    assert asked(session)[-1] == [WORDS, WORDS]
    first, second = said_at("PostToolBatch", session.last)
    assert WHOLE in first
    assert second.endswith(SHORT)
    assert WHOLE not in second
    assert session.printed == ["THE ANSWER"]
    assert no_hook_failed(session)


def test_a_plan_that_is_approved_is_asked_about_with_the_next_request(
    claude: Claude, wired: Sandbox
) -> None:
    plan = Answer(calls=(("ExitPlanMode", {}),))
    model = ScriptedModel(main=[plan, runs("ls"), Answer(text="THE ANSWER")])

    session = claude.session(
        wired,
        model,
        "Plan.",
        arguments=("--permission-mode", "plan"),
        person=lambda _, given: (allowed(given), ""),
    )

    assert asked(session) == [[], [WORDS], [WORDS]]
    assert no_hook_failed(session)


def test_a_message_that_is_sent_inside_a_turn_is_asked_about_once(
    claude: Claude, wired: Sandbox
) -> None:
    sent = ["by the way, the port is 8099"]

    def person(_: str, given: dict[str, Any]) -> tuple[dict[str, object], str]:
        return allowed(given), sent.pop() if sent else ""

    steps = [runs("touch x; sleep 1"), runs("ls"), runs("ls -a"), runs("ls -l")]
    model = ScriptedModel(main=[*steps, Answer(text="THE ANSWER")])

    session = claude.session(wired, model, "Work.", person=person)

    assert "the port is 8099" in session.last.all
    assert asked(session)[-1] == [WORDS]
    assert asked(session)[1:3] in ([[], [WORDS]], [[WORDS], [WORDS]])
    assert no_hook_failed(session)


def test_the_next_session_is_asked_about_the_last_turn_with_what_the_person_said(
    claude: Claude, wired: Sandbox
) -> None:
    first = claude.session(
        wired,
        ScriptedModel(main=[runs("ls"), Answer(text="ONE")]),
        "Never retry a POST, the billing service counts it twice.",
    )

    second = claude.session(wired, ScriptedModel(main=[Answer(text="TWO")]), "And now?")
    third = claude.session(wired, ScriptedModel(main=[Answer(text="THREE")]), "Hello.")

    assert asked(second) == [[f"the last turn of session {first.id[:8]}"]]
    (told,) = said_at("SessionStart", second.last)
    assert '"Never retry a POST, the billing service counts it twice."' in told
    assert second.told_person == []
    (line,) = [one for one in ledger(wired) if one["session"] == second.id][:1]
    assert "nudged" in line["did"]
    assert asked(third) == [[]]
    assert no_hook_failed(second)


def test_a_compaction_right_behind_a_nudge_is_asked_about_one_request_later(
    claude: Claude, wired: Sandbox
) -> None:
    model = ScriptedModel(
        main=[
            runs("ls", tokens=20_000),
            runs(COMMIT, tokens=68_000),
            runs("ls -l", tokens=26_000),
            Answer(text="THE ANSWER", tokens=27_000),
        ]
    )

    session = claude.session(
        wired, model, "Work.", allow=["Bash(git *)"], arguments=("--autocompact", "100000")
    )

    after = [one for one, request in zip(asked(session), session.main, strict=True)
             if "THE SUMMARY" in request.all]  # fmt: skip
    assert after == [["git commit"], ["git commit", "a compaction"]]

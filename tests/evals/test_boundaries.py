"""The sessions of the eval of boundaries: frozen, as often as measured, and the policy's figures on them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from evals.boundaries import measure
from evals.boundaries.replay import Nudge, Replayed
from evals.boundaries.sessions import FROZEN, SETS, Fact, Recorded, digests, sessions
from gitmem.safety.secrets import find_secret

EVERY = [session for folder in SETS for session in sessions(folder)]
CALLS = [call for one in EVERY for step in one.steps for call in step.get("calls", ())]


def steps(key: str) -> Iterator[Mapping[str, Any]]:
    return (step for session in EVERY for step in session.steps if key in step)


def test_the_sessions_are_the_ones_that_were_frozen_before_the_policy_changed() -> None:
    assert FROZEN.read_text(encoding="utf-8") == digests()


def test_there_are_ten_sessions_to_tune_on_and_ten_held_out() -> None:
    assert [len(sessions(folder)) for folder in SETS] == [10, 10]
    assert len({session.name for session in EVERY}) == len(EVERY)


# Per session, from 273 real ones: calls 74, prompts 7.0, commits 0.76, compactions 0.31.
@pytest.mark.parametrize(
    ("what", "found", "each"),
    [
        ("calls", len(CALLS), 74),
        ("prompts", len(list(steps("prompt"))), 7.0),
        ("commits", sum("commit" in call for call in CALLS), 0.76),
        ("compactions", len(list(steps("compaction"))), 0.31),
        ("refused with words", sum("rejected" in call for call in CALLS), 144 / 273),
        ("queued messages", len(list(steps("queued"))), 112 / 273),
        ("facts", sum(len(session.facts) for session in EVERY), 85 / 15),
    ],
)
def test_a_session_has_as_many_as_real_ones_have(what: str, found: int, each: float) -> None:
    assert found / len(EVERY) == pytest.approx(each, rel=0.25), what


def test_long_and_short_sessions_are_as_far_apart_as_real_ones() -> None:
    calls = sorted(session.calls for session in EVERY)

    assert calls[0] < 10
    assert 40 < calls[len(calls) // 2] < 60
    assert calls[-1] > 300


def test_what_a_person_says_inside_a_turn_has_all_its_forms() -> None:
    tools = Counter(call["tool"] for call in CALLS)

    assert tools["AskUserQuestion"] >= 2
    assert tools["ExitPlanMode"] >= 1
    assert tools["TaskOutput"] >= 1
    assert {step["hook"] for step in steps("queued")} == {True, False}


def test_requests_are_counted_and_every_fact_is_known_to_one() -> None:
    for session in EVERY:
        numbers = [step["request"] for step in session.steps if "request" in step]
        assert numbers == list(range(1, len(numbers) + 1)), session.name
        assert all(1 <= fact.request <= len(numbers) + 1 for fact in session.facts)


def test_nothing_in_the_sessions_looks_like_a_secret() -> None:
    texts = [file.read_text(encoding="utf-8") for file in FROZEN.parent.glob("*/*.jsonl")]

    assert len(texts) == len(EVERY)
    assert [text for text in texts if find_secret(text)] == []


def replayed(facts: list[int], nudges: list[int]) -> Replayed:
    session = Recorded(name="x", client="2.1.42", model="m")
    session.facts = [Fact(text=str(at), channel="a prompt", request=at) for at in facts]
    told = [Nudge(request=at, kinds=("turn",), size=1) for at in nudges]
    return Replayed(session=session, nudges=told)


@pytest.mark.parametrize(
    ("facts", "nudges", "covered", "new", "near"),
    [
        ([3], [3], 1, 1, 0),
        ([3], [8], 1, 1, 0),
        ([3], [9], 0, 1, 0),
        ([3], [2], 0, 0, 0),
        ([3, 4], [4, 7], 2, 1, 1),
        ([3], [3, 3], 1, 1, 1),
        ([], [1, 4, 8], 0, 0, 1),
    ],
)
def test_a_nudge_counts_for_facts_that_are_known_and_new(
    facts: list[int], nudges: list[int], covered: int, new: int, near: int
) -> None:
    rates = measure.rates_of("x", [replayed(facts, nudges)])

    assert rates["x: facts with a nudge within 5 requests"].count == covered
    assert rates["x: nudges with a new fact"].count == new
    assert rates["x: nudges within 3 requests of the last"].count == near

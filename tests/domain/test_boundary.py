"""The policy: what happens at which event."""

from __future__ import annotations

import pytest

from gitmem.domain import boundary
from gitmem.domain.boundary import Action, Event, Session, decide

ONE, TWO = "1" * 40, "2" * 40


def event(kind: str, *, agent: str = "", commits: tuple[str, ...] = (), detail: str = "") -> Event:
    return Event(
        kind, client="c", name="n", session="s", agent=agent, commits=commits, detail=detail
    )


def test_a_boot_says_the_boot_words() -> None:
    assert decide(event(boundary.BOOT, detail="startup"), Session()) == [
        Action(boundary.SAY_BOOT, ["startup"])
    ]


def test_a_commit_is_marked_once_wherever_it_is_made() -> None:
    made = event(boundary.TOOL, commits=(ONE, TWO), agent="helper")

    assert decide(made, Session()) == [Action(boundary.MARK_BOUNDARY, [ONE, TWO])]
    assert decide(made, Session(seen=[ONE])) == [Action(boundary.MARK_BOUNDARY, [TWO])]
    assert decide(made, Session(seen=[ONE, TWO])) == []


def test_a_tool_without_a_commit_is_nothing() -> None:
    assert decide(event(boundary.TOOL), Session()) == []


def test_a_batch_nudges_once_for_all_that_was_marked() -> None:
    marked = Session(pending=["commit", "commit"])

    assert decide(event(boundary.BATCH), marked) == [Action(boundary.NUDGE, ["commit"])]
    assert decide(event(boundary.BATCH), Session()) == []


def test_a_sub_agent_is_never_nudged() -> None:
    assert decide(event(boundary.BATCH, agent="helper"), Session(pending=["commit"])) == []


def test_the_end_is_marked_and_the_unknown_is_left_alone() -> None:
    assert decide(event(boundary.END, detail="other"), Session()) == [
        Action(boundary.MARK_END, ["other"])
    ]
    assert decide(event(boundary.OTHER), Session(pending=["commit"])) == []


@pytest.mark.parametrize(("names", "said"), [(["commit"], "after git commit"), ([], "this point")])
def test_the_nudge_names_its_boundary_and_the_command(names: list[str], said: str) -> None:
    text = boundary.nudge_text(names)

    assert said in text
    assert "gitmem flag" in text
    assert "flag what's durable, now" in text
    assert "\n" not in text


def test_actions_are_values() -> None:
    assert len({Action("a", ["b"]), Action("a", ("b",)), Action("a")}) == 2
    assert repr(Action("a", ["b"])) == "Action('a', ('b',))"

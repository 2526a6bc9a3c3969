"""A hook fired: what is looked at, and what is written down."""

from __future__ import annotations

import time

import pytest

from gitmem.boundaries.fire import fire as run_fire
from gitmem.session import boundary, session_file
from gitmem.session.boundary import Event
from tests.support.queues import repository_of
from tests.support.sandbox import Sandbox


def event(kind: str, *, agent: str = "", seconds: float = 0.0) -> Event:
    return Event(kind, client="c", name="n", session="s", agent=agent, seconds=seconds, detail="d")


def fire(sandbox: Sandbox, wanted: Event, after: float = 0.0) -> str:
    return run_fire(repository_of(sandbox), wanted, time.time() + after).did


def test_a_commit_during_the_tool_is_marked_and_then_nudged(sandbox: Sandbox) -> None:
    sandbox.commit("one")

    assert fire(sandbox, event(boundary.TOOL)) == "marked commit"
    assert fire(sandbox, event(boundary.TOOL)) == ""
    assert fire(sandbox, event(boundary.BATCH)) == "nudged"
    assert fire(sandbox, event(boundary.BATCH)) == ""


@pytest.mark.parametrize(("seconds", "did"), [(0.0, ""), (60.0, "marked commit")])
def test_only_a_commit_made_while_the_tool_ran_counts(
    sandbox: Sandbox, seconds: float, did: str
) -> None:
    sandbox.commit("one")

    assert fire(sandbox, event(boundary.TOOL, seconds=seconds), after=30) == did


def test_the_end_is_marked(sandbox: Sandbox) -> None:
    assert fire(sandbox, event(boundary.END)) == "marked end"
    assert session_file.read(repository_of(sandbox).folder, "s").pending == []


def test_a_boot_says_its_words_or_nothing(sandbox: Sandbox) -> None:
    assert fire(sandbox, event(boundary.BOOT)) == ""
    assert fire(sandbox, event(boundary.OTHER)) == ""

"""`gitmem review` names lines of memory that no hook of this clone showed."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest

from gitmem.core.flag import make
from gitmem.records.drain_record import Fate, Header, Outcome, Run, render
from tests.cli.test_stats_arrival import showed
from tests.support.sandbox import Sandbox

OLD, YOUNG = "Deploys go out on Tuesdays", "The port is 5432"


def days_ago(days: int) -> str:
    return (datetime.now(UTC) - timedelta(days=days)).strftime("%Y-%m-%dT%H:%M:%SZ")


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    """Six old lines and a young one on the target, and one more in review."""
    sandbox.commit("start", {"README.md": "x\n"})
    made = [
        make({"id": f"a{letter * 11}", "kind": "fact", "text": text, "at": days_ago(age)})
        for letter, text, age in [
            *((letter, f"{OLD} {letter}", 90) for letter in "bcdefg"),
            ("h", YOUNG, 3),
        ]
    ]
    outcomes = [
        Outcome(flag=flag, fate=Fate.ADDED, file="memory/facts.md", line=flag.text) for flag in made
    ]
    header = Header(drain="d1", at=days_ago(90), queue="", run=Run(engine="verbatim"))
    lines = "".join(f"- {flag.text}\n" for flag in made)
    sandbox.commit(
        "memory",
        {
            "memory/facts.md": f"# facts\n\n{lines}",
            ".gitmem/drains/1.jsonl": render(header, outcomes),
        },
    )
    assert sandbox.gitmem("flag", "A new fact").code == 0
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0
    return sandbox


def test_it_is_quiet_before_this_clone_showed_any_line(memory: Sandbox) -> None:
    assert "never shown" not in memory.gitmem("review").out
    assert "never_shown" not in json.loads(memory.gitmem("review", "--json").out)


def test_old_lines_that_were_never_shown_are_named_a_few_and_counted(memory: Sandbox) -> None:
    showed(memory, days_ago(80), "one", "path", "a" + "b" * 11)

    said = memory.gitmem("review").out
    found = json.loads(memory.gitmem("review", "--json").out)["never_shown"]

    assert "5 lines of memory older than 30 days, never shown in this clone" in said
    assert [one["text"] for one in found["lines"]] == [f"{OLD} {letter}" for letter in "cdefg"]
    assert (found["count"], found["days"]) == (5, 30)
    assert f"memory/facts.md:4  {OLD} c" in said
    assert said.splitlines()[-2].startswith("next: gitmem accept")
    listed = said.partition("never shown")[2]
    assert f"{OLD} b" not in listed
    assert YOUNG not in listed


def test_nothing_of_it_is_in_the_commit(memory: Sandbox) -> None:
    showed(memory, days_ago(80), "one", "path", "a" + "b" * 11)
    memory.gitmem("review")

    tree = memory.git("grep", "-i", "never shown", "gitmem/drain", check=False)

    assert tree == ""

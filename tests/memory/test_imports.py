"""Which topic files the index imports: what fits, what comes first, and what never is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.memory.imports import OVER_BUDGET, SCOPED, imported_size, imports, refused, scopes
from gitmem.memory.topics import add_facts, new_topic_file
from tests.support.documents import files as documents


def topic(*facts: str, front: str = "") -> str:
    text = add_facts("# T\n", facts)
    return f"---\n{front}\n---\n{text}" if front else text


FIVE = {f"memory/{name}.md": topic(name * 100) for name in "abcde"}
SIZE = imported_size(FIVE["memory/a.md"])


def names(
    files: dict[str, str], newest: dict[str, str] | None = None, budget: int = 2 * SIZE
) -> tuple[str, ...]:
    return imports(files, newest or {}, folder="memory", budget=budget).names


def test_everything_that_fits_is_imported() -> None:
    found = imports(FIVE, {}, folder="memory", budget=5 * SIZE)

    assert found.names == ("a.md", "b.md", "c.md", "d.md", "e.md")
    assert (found.size, found.total, dict(found.left)) == (5 * SIZE, 5, {})


def test_over_the_budget_pinned_topics_come_first_then_the_newest_then_by_name() -> None:
    newest = {"memory/d.md": "20261101T000000Z-aaaaaa", "memory/c.md": "20261102T000000Z-aaaaaa"}
    pinned = {**FIVE, "memory/e.md": topic("e" * 100, front="pin: true")}

    assert names(FIVE) == ("a.md", "b.md")
    assert names(FIVE, newest) == ("c.md", "d.md")
    assert names(pinned, newest) == ("e.md", "c.md")
    assert (
        imports(FIVE, newest, folder="memory", budget=2 * SIZE).left["a.md"].reason == OVER_BUDGET
    )


def test_of_the_parts_of_a_topic_the_last_is_loaded_first() -> None:
    part = {n: topic("b" * 100, front=f"part_of: b\nname: b-{n}") for n in (2, 10)}
    files = {**FIVE, **{f"memory/b-{n}.md": text for n, text in part.items()}}

    assert names(files, budget=4 * SIZE) == ("a.md", "b-10.md", "b-2.md", "b.md")


def test_what_does_not_fit_is_passed_over_for_what_does() -> None:
    large = {**FIVE, "memory/a.md": topic("a" * 900)}

    assert names(large) == ("b.md", "c.md")


def test_front_matter_costs_nothing() -> None:
    assert imported_size(new_topic_file("testing", "About " + "tests " * 50)) == len("# Testing")


@pytest.mark.parametrize(
    ("front", "globs"),
    [
        ('paths:\n  - src/api/**\n  - "docs/*.md"', ("src/api/**", "docs/*.md")),
        ("paths: [src/api/**, 'docs/*.md']", ("src/api/**", "docs/*.md")),
        ("paths: src/api/**", ("src/api/**",)),
        ("paths:", ()),
        ("paths: []", ()),
        ("name: x", ()),
    ],
)
def test_a_topic_for_certain_files_is_shown_there_and_not_imported(
    front: str, globs: tuple[str, ...]
) -> None:
    text = topic("Handlers return typed errors", front=front)

    assert scopes(text) == globs
    reason = refused("api.md", text)
    assert (reason.reason if reason else "") == (SCOPED if globs else "")


@pytest.mark.parametrize(
    ("line", "number"),
    [
        ("See @~/.ssh/config for hosts", 3),
        ("Run `x @notes.md` first", 3),
        ("A word <!-- hidden --> here", 3),
        ("zero\u200bwidth", 3),
        ("two\u202ereversed", 3),
        ("[x](javascript:alert(1))", 3),
    ],
)
def test_a_topic_with_a_line_that_acts_or_hides_is_not_imported_even_if_a_person_wrote_it(
    line: str, number: int
) -> None:
    text = f"# T\n\n- {line}\n- A plain fact\n"

    reason = refused("topic.md", text)

    assert reason is not None
    assert reason.line == number
    assert names({"memory/topic.md": text}, budget=10_000) == ()


@pytest.mark.parametrize(
    "text",
    [
        "# T\n\n- mail bob@example.com\n",
        "# T\n\n```\n@file <!-- x -->\n```\n",
        "# T\n\n<!-- a note for people -->\n\n- A fact\n",
        "# T\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n---\n\nProse\n=====\n",
        "# T\n\n\tcode with a tab\n",
    ],
)
def test_an_honest_file_of_a_person_is_imported(text: str) -> None:
    assert refused("topic.md", text) is None


@pytest.mark.parametrize("name", ["my notes.md", "caf\u00e9.md", "-x.md", ".hidden.md", "a\\b.md"])
def test_a_name_that_a_client_would_not_follow_is_not_imported(name: str) -> None:
    assert refused(name, "# T\n\n- A fact\n") is not None


@given(
    st.dictionaries(
        st.text(max_size=8).map(lambda name: f"memory/{name}.md"), documents(), max_size=6
    ),
    st.integers(0, 500),
)
def test_any_files_are_within_the_budget_and_each_topic_is_in_one_place(
    files: dict[str, str], budget: int
) -> None:
    found = imports(files, {}, folder="memory", budget=budget)

    assert found.size <= budget
    assert {*found.names} & {*found.left} == set()
    assert found == imports(dict(reversed(files.items())), {}, folder="memory", budget=budget)

"""What a close brings reaches the next session: the index imports it, within the budget of the tree."""

from __future__ import annotations

import json

import pytest

from gitmem.memory.imports import PART, imported_size
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox

INDEX = "memory/MEMORY.md"
LONG = "The handler of number {n} retries three times and then gives up " + "x" * 200


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def landed(desk: Desk, text: str, **fields: str) -> None:
    desk.flag(text, **fields)
    desk.close()
    desk.accept()


def imported(desk: Desk, ref: str = "main") -> list[str]:
    rows = desk.show(INDEX, ref).splitlines()
    return [row.strip().removeprefix("@") for row in rows if row.startswith("  @")]


def budget(desk: Desk, size: int) -> None:
    desk.sandbox.commit("budget", {".gitmem/config.yaml": f"version: 1\nmemory.budget: {size}\n"})


def test_a_landed_fact_is_imported(desk: Desk) -> None:
    landed(desk, "Integration tests need Postgres", topic="testing")

    assert imported(desk) == ["testing.md"]


def test_an_old_repository_gets_the_imports_with_its_next_close(desk: Desk) -> None:
    old = "# Memory\n\nOurs.\n\n<!-- gitmem:begin x -->\n\n- [a](a.md): What was learned about a.\n\n<!-- gitmem:end -->\n"
    desk.sandbox.commit("memory", {INDEX: old, "memory/a.md": "# A\n\n- An old fact\n"})

    landed(desk, "A new fact", topic="b")

    assert imported(desk) == ["a.md", "b.md"]
    assert desk.show(INDEX, "main").startswith("# Memory\n\nOurs.\n")


def recorded(desk: Desk, *topics: str) -> None:
    """Three topics of one long fact, each of a drain record of its own, in this order."""
    files = {}
    for number, topic in enumerate(topics):
        files[f"memory/{topic}.md"] = f"# T\n\n- {LONG.format(n=number)}\n"
        row = f'{{"id":"{"a" * 12}","outcome":"added","file":"memory/{topic}.md","line":"x"}}'
        files[f".gitmem/drains/2026110{number + 1}T000000Z-aaaaaa.jsonl"] = f"{{}}\n{row}\n"
    desk.sandbox.commit("recorded", files)


def test_over_the_budget_the_newest_records_are_loaded(desk: Desk) -> None:
    budget(desk, 700)
    recorded(desk, "zoo", "bees", "ants")

    landed(desk, "A fact", topic="last")

    assert imported(desk) == ["ants.md", "bees.md", "last.md"]
    assert "[zoo](zoo.md): The handler of number 0 retries" in desk.show(INDEX, "main")


def test_the_budget_is_the_one_of_the_tree_and_not_of_the_work_tree(desk: Desk) -> None:
    landed(desk, "A fact", topic="one")
    desk.sandbox.write(".gitmem/config.yaml", "version: 1\nmemory.budget: 0\n")
    landed(desk, "Another", topic="two")

    assert imported(desk) == ["one.md", "two.md"]


def test_two_clones_derive_the_same_index(desk: Desk) -> None:
    budget(desk, 700)
    recorded(desk, "first", "second", "third")
    other = desk.clone("other")
    for one in (desk, other):
        one.sandbox.git("config", "user.email", "a@example.com")
        one.sandbox.git("config", "user.name", "A")
        one.flag("The same fact", topic="first")
        one.close()

    assert desk.show(INDEX) == other.show(INDEX)
    assert imported(desk, "gitmem/drain") == ["first.md", "third.md"]


def test_two_reviews_that_add_to_one_topic_do_not_meet_in_the_index(desk: Desk) -> None:
    landed(desk, "A fact", topic="testing")
    before = desk.show(INDEX, "main")

    landed(desk, "Another fact", topic="testing")

    assert desk.show(INDEX, "main") == before


def test_a_full_topic_goes_on_in_a_part_that_is_loaded_first(desk: Desk) -> None:
    budget(desk, PART + 500)
    for number in range(20):
        desk.flag(LONG.format(n=number), topic="api")
    desk.close()
    desk.accept()

    assert imported_size(desk.show("memory/api.md", "main")) <= PART
    assert "part_of: api\n" in desk.show("memory/api-2.md", "main")
    assert len(desk.lines("memory/api.md", "main") + desk.lines("memory/api-2.md", "main")) == 20
    landed(desk, "One more", topic="api")
    assert desk.lines("memory/api-2.md", "main")[-1] == "One more"
    assert "api-2.md" in imported(desk)


def test_a_topic_that_a_person_made_dangerous_is_not_imported_and_status_names_it(
    desk: Desk,
) -> None:
    landed(desk, "A fact", topic="one")
    desk.sandbox.commit("by hand", {"memory/two.md": "# Two\n\n- See @~/.netrc for hosts\n"})
    landed(desk, "Another", topic="one")

    assert imported(desk) == ["one.md"]
    said = desk.sandbox.gitmem("status").out
    assert "1 of 2 topics is loaded, 25 of 10,000 bytes" in said
    assert "not loaded: memory/two.md:3: An @ before a name loads a file in some clients" in said
    answer = json.loads(desk.sandbox.gitmem("status", "--json").out)["memory"]
    assert (answer["loaded"], answer["topics"], answer["tokens"]) == (["memory/one.md"], 2, 7)


def test_a_close_says_how_much_of_memory_is_loaded(desk: Desk) -> None:
    desk.flag("A fact", topic="one")

    assert "1 of 1 topic is loaded, 15 of 10,000 bytes" in desk.sandbox.gitmem("close").out


def test_status_says_calmly_that_an_old_repository_gets_its_imports(desk: Desk) -> None:
    index = "# Memory\n\n- [a](a.md)\n- [b](b.md)\n"
    topics = {"memory/a.md": "# A\n\n- One\n", "memory/b.md": "# B\n\n- Two\n"}
    desk.sandbox.commit("memory", {INDEX: index, **topics})

    said = desk.sandbox.gitmem("status").out

    told = "not loaded yet: 2 topics; the next close that changes memory imports them"
    assert [row for row in said.splitlines() if "not loaded" in row] == [told]
    landed(desk, "A fact", topic="c")
    assert "not loaded" not in desk.sandbox.gitmem("status").out
    assert imported(desk) == ["a.md", "b.md", "c.md"]

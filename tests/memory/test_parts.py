"""A topic that is full goes on in its next part."""

from __future__ import annotations

from gitmem.memory.imports import PART, imported_size
from gitmem.memory.parts import Parts
from gitmem.memory.topics import add_facts, new_topic_file

TOPIC = "memory/testing.md"


def filled(name: str, size: int, part_of: str = "") -> str:
    """A topic file of about so many bytes."""
    return add_facts(new_topic_file(name, part_of=part_of), ["x" * 98] * (size // 101))


def test_a_topic_with_room_takes_the_line() -> None:
    assert Parts("memory", {TOPIC: filled("testing", 1000)}).with_room(TOPIC, "a line") == TOPIC
    assert Parts("memory", {}).with_room(TOPIC, "a line") == TOPIC


def test_a_full_topic_begins_a_part_which_takes_what_comes_after() -> None:
    parts = Parts("memory", {TOPIC: filled("testing", PART)})

    assert [parts.with_room(TOPIC, "x" * 900) for _ in range(6)] == [
        *["memory/testing-2.md"] * 4,
        *["memory/testing-3.md"] * 2,
    ]
    assert parts.of == {"memory/testing-2.md": "testing", "memory/testing-3.md": "testing"}


def test_the_newest_part_takes_the_line_whichever_part_is_named() -> None:
    files = {
        TOPIC: filled("testing", PART),
        "memory/testing-2.md": filled("testing-2", PART, "testing"),
        "memory/testing-3.md": filled("testing-3", 200, "testing"),
    }

    assert Parts("memory", files).with_room(TOPIC, "a line") == "memory/testing-3.md"
    assert Parts("memory", files).with_room("memory/testing-2.md", "x") == "memory/testing-3.md"


def test_a_topic_whose_name_ends_in_a_number_is_no_part() -> None:
    files = {
        "memory/python.md": filled("python", PART),
        "memory/python-2.md": filled("python-2", 100),
        "memory/python-3.md": filled("python-3", 100),
    }

    assert Parts("memory", files).with_room("memory/python.md", "x" * 98) == "memory/python-4.md"
    assert Parts("memory", files).with_room("memory/python-3.md", "x") == "memory/python-3.md"


def test_what_is_not_a_topic_takes_its_own_lines() -> None:
    parts = Parts("memory", {"CLAUDE.md": "x" * 9000, "memory/PENDING.md": "x" * 9000})

    for path in ("CLAUDE.md", "memory/PENDING.md", ".claude/skills/a/SKILL.md"):
        assert parts.with_room(path, "a line") == path


def test_a_new_part_says_which_topic_it_goes_on_with() -> None:
    text = new_topic_file("testing-2", part_of="testing")

    assert text.splitlines()[:4] == [
        "---", "name: testing-2", "description: What was learned about testing 2.", "part_of: testing",
    ]  # fmt: skip
    assert imported_size(text) == len("# Testing 2")

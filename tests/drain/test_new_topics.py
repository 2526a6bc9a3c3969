"""New topics: which a close makes, and that a refused one keeps no flag in the queue."""

from __future__ import annotations

from itertools import permutations

import pytest

from gitmem.drain.assemble import assemble
from gitmem.drain.new_topics import LEAST, MOST, with_new_topics
from gitmem.drain.plan import Op, Operation
from gitmem.memory.tree import MemoryLine, MemoryTree
from tests.support.queues import new_flag

USUAL = "memory/facts.md"
TEXTS = {
    USUAL: "# Facts\n\n- the API listens on port 8080\n",
    "memory/testing.md": "# Testing\n\n- one\n",
    "memory/build.md": "# Build\n\n- a\n",
    "memory/build-2.md": "---\nname: build-2\npart_of: build\n---\n\n# Build\n\n- b\n",
    "memory/Notes.md": "# Notes\n",
}
GROUND = MemoryTree(folder="memory", texts=TEXTS)
LINES = (
    "a tag starts the release workflow",
    "release notes come from the fragments",
    "the signing key of a release is only in CI",
    "a release is published on approval",
)
FLAGS = {flag.id: flag for flag in [new_flag(f"flag {number}") for number in range(40)]}


def keep(number: int, topic: str, text: str = "", about: str = "", because: str = "") -> Operation:
    return Operation(
        op=Op.KEEP,
        flags=([*FLAGS][number],),
        file=USUAL,
        text=text or LINES[number % len(LINES)] + (f" {number}" if number >= len(LINES) else ""),
        topic=topic,
        about=about,
        because=because,
    )


def three(topic: str, begin: int = 0, about: str = "") -> list[Operation]:
    return [keep(number, topic, about=about) for number in range(begin, begin + LEAST)]


def files(operations: list[Operation], ground: MemoryTree = GROUND) -> list[str]:
    return [one.file.removeprefix("memory/") for one in with_new_topics(operations, ground)[0]]


def test_three_lines_make_a_topic_with_the_description_that_they_bear_out() -> None:
    told, _ = with_new_topics(three("Release Process", about="How a release is tagged"), GROUND)

    made = assemble(GROUND, told, FLAGS)

    text = made.texts["memory/release-process.md"]
    assert text.startswith(
        "---\nname: release-process\ndescription: How a release is tagged\n---\n"
    )
    assert [line for line in text.split("\n") if line.startswith("- ")] == [
        f"- {line}" for line in LINES[:3]
    ]
    assert "[release-process](release-process.md)" in made.texts["memory/MEMORY.md"]


@pytest.mark.parametrize(
    "about",
    ["How a release is built by Jenkins", "Releases go out on 2026-01-01", "It\u200bs release", "x" * 151,
     "@~/.ssh/id_rsa", "A release needs no approval"],
)  # fmt: skip
def test_a_description_that_the_lines_do_not_bear_out_is_left_out_and_the_topic_stays(
    about: str,
) -> None:
    made = assemble(GROUND, with_new_topics(three("releasing", about=about), GROUND)[0], FLAGS)

    assert "description: What was learned about releasing." in made.texts["memory/releasing.md"]


def test_the_next_sound_description_of_a_topic_is_taken() -> None:
    asked = [
        keep(0, "releases", about="How Jenkins works"),
        keep(1, "releases", about="Tags, notes and the release workflow"),
        keep(2, "releases"),
    ]

    made = assemble(GROUND, with_new_topics(asked, GROUND)[0], FLAGS)

    assert "description: Tags, notes and the release workflow\n" in made.texts["memory/releases.md"]


def test_fewer_lines_make_no_topic_without_a_reason() -> None:
    two = three("releases")[:2]

    found, _ = with_new_topics(two, GROUND)

    assert [one.file for one in found] == [USUAL, USUAL]
    assert all("no new topic releases" in one.reason for one in found)
    because = [keep(0, "releases", because="the first two of a subject of its own"), two[1]]
    assert files(because) == ["releases.md", "releases.md"]
    hidden = [keep(0, "releases", because="it is\u200b so"), two[1]]
    assert files(hidden) == ["facts.md", "facts.md"]


def test_lines_count_once_and_not_when_they_are_there() -> None:
    same = [keep(number, "releases", text="one line") for number in range(3)]
    there = [keep(0, "releases"), keep(1, "releases"), keep(2, "releases", text="one")]

    assert set(files(same)) == {"facts.md"}
    assert set(files(there)) == {"facts.md"}


@pytest.mark.parametrize(
    ("asked", "file"),
    [
        ("tests", "testing.md"), ("testing", "testing.md"), ("TESTING", "testing.md"),
        ("build-2", "build.md"), ("build-7", "build.md"), ("builds", "build.md"),
        ("decision", "decisions.md"),
    ],
)  # fmt: skip
def test_a_topic_near_to_one_that_is_there_is_that_one(asked: str, file: str) -> None:
    found, _ = with_new_topics([keep(0, asked)], GROUND)

    assert [one.file for one in found] == [f"memory/{file}"]
    assert (found[0].reason == "") is (asked.lower() == file.removesuffix(".md"))


def test_a_topic_with_a_file_of_another_kind_is_not_made() -> None:
    found, _ = with_new_topics(three("notes"), GROUND)

    assert [one.file for one in found] == [USUAL] * 3
    assert "Notes is there" in found[0].reason


def test_a_topic_whose_file_nobody_may_write_is_not_made() -> None:
    ground = MemoryTree(
        folder="memory", texts=TEXTS, odd={"memory/releases.md": "it is not UTF-8 text"}
    )

    found, _ = with_new_topics(three("release"), ground)

    assert [one.file for one in found] == [USUAL] * 3
    assert "releases is there" in found[0].reason


@pytest.mark.parametrize("name", ["memory", "README", "../x", "a/b", "con", "x" * 41, "-", "ä"])
def test_a_reserved_or_impossible_name_makes_no_topic(name: str) -> None:
    found, _ = with_new_topics(three(name), GROUND)

    assert [one.file for one in found] == [USUAL] * 3
    assert all(one.reason and not one.topic for one in found)


def test_two_names_for_one_new_topic_agree_on_the_one_that_the_queue_has_first() -> None:
    asked = [keep(0, "deploy"), keep(1, "deployments"), keep(2, "deploying")]

    found, _ = with_new_topics(asked, GROUND)

    assert {one.file for one in found} == {"memory/deploy.md"}
    assert [bool(one.reason) for one in found] == [False, True, True]
    assert files([keep(0, "ship-2"), keep(1, "ship"), keep(2, "ship")]) == ["ship.md"] * 3


def test_a_close_makes_five_topics_those_with_the_most_lines() -> None:
    names = ["alpha", "bravo", "charly", "delta", "foxtrot", "golf"]
    asked = [one for at, name in enumerate(names) for one in three(name, begin=at * 4)]
    asked.append(keep(39, "golf"))

    found = files(asked)

    assert len({*found} - {"facts.md"}) == MOST
    assert found[-1] == "golf.md"
    assert found[12:15] == ["facts.md"] * 3  # of equals the last one
    for order in list(permutations(range(6)))[::97]:
        groups = [asked[at * 3 : at * 3 + 3] for at in order]
        mixed = [one for group in groups for one in group] + asked[18:]
        mixed.sort(key=asked.index)  # as a drain does: by the queue
        assert files(mixed) == found


def test_a_line_that_replaces_another_stays_where_that_is() -> None:
    merged = Operation(
        op=Op.SUPERSEDE, flags=(next(iter(FLAGS)),), file=USUAL, text="x", topic="releases"
    )

    assert files([merged]) == ["facts.md"]


def move(text: str, topic: str) -> Operation:
    line = MemoryLine(file=USUAL, text=text)
    return Operation(op=Op.MOVE, flags=(), text=text, replaced=(line,), topic=topic)


def test_a_line_moves_to_a_topic_that_the_close_makes_and_to_no_other_new_one() -> None:
    line = "the API listens on port 8080"
    moves = [move(line, "release"), move(line, "tests"), move(line, "ports"), move(line, "fact")]

    _, found = with_new_topics(three("releases"), GROUND, moves)

    assert [one.file for one in found] == ["memory/releases.md", "memory/testing.md"]
    assert with_new_topics(three("releases")[:2], GROUND, moves[:1])[1] == []

"""The words that are said to a model."""

from __future__ import annotations

import pytest

from gitmem.boundaries import nudge
from gitmem.clients import registry
from gitmem.clients.client import Client
from gitmem.session import boundary

NAMES = [
    boundary.COMMIT, boundary.AGENT, boundary.BACKGROUND, boundary.TASK, boundary.CHAPTER, boundary.RECOVERY,
    boundary.SLOW, boundary.TURN, boundary.TOKENS, boundary.PRESSURE, boundary.COMPACTION, boundary.WORDS,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_nudge_is_one_short_instruction(name: str) -> None:
    text = nudge.text([name])

    for part in (
        "flag what's durable, now",
        "gitmem flag 'what is durable'",
        "gitmem snag 'what snagged' --better 'the better path'",
        "single quotes",
        "gitmem flag -",
        "--body",
        "Nothing durable is a fine answer",
        "even if it is noted elsewhere",
    ):
        assert text.count(part) == 1, part
    assert "\n" not in text
    assert len(text) < 700


def test_a_nudge_names_its_boundaries_each_in_its_own_words() -> None:
    first = [nudge.text([name]).partition(":")[0] for name in NAMES]

    assert len(set(first)) == len(NAMES)
    assert first[0] == "gitmem, after git commit"
    assert "after git commit and a completed task:" in nudge.text(["commit", "task"])
    assert "after this point:" in nudge.text([])


@pytest.mark.parametrize("name", [boundary.RECOVERY, boundary.SLOW])
def test_after_trouble_the_snag_comes_first(name: str) -> None:
    for names in ([name], ["commit", name]):
        text = nudge.text(names)
        assert text.index("gitmem snag") < text.index("gitmem flag '")
        assert text.count("gitmem snag") == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_reminder_is_one_sentence_that_names_both_commands(name: str) -> None:
    text = nudge.reminder([name])

    assert text.partition(":")[0] == nudge.text([name]).partition(":")[0]
    assert "`gitmem flag '...' --kind ...`" in text
    assert "`gitmem snag '...' --better '...'`" in text
    assert text.endswith("or go on.")
    assert text.count(". ") == 0
    assert len(text) < 220


def test_after_trouble_a_reminder_names_the_snag_first() -> None:
    for name in (boundary.RECOVERY, boundary.SLOW):
        text = nudge.reminder([name])
        assert text.index("gitmem snag") < text.index("gitmem flag")


def test_what_the_summary_is_asked_for_is_what_is_asked_about_after_it() -> None:
    assert nudge.SECTION in nudge.for_summary()
    assert nudge.SECTION in nudge.text([boundary.COMPACTION])
    assert "\n" not in nudge.for_summary()


@pytest.mark.parametrize("client", registry.every(), ids=lambda client: client.name)
def test_a_section_of_the_summary_is_named_where_its_writer_can_be_asked_for_it(
    client: Client,
) -> None:
    events = [
        boundary.Event(boundary.COMPACTING, client=client.name, name=name, session="s")
        for name in ("PreCompact", "PreCompress", "compacting")
    ]

    asked = {client.answer(event, person="", model="THE WORDS") for event in events} - {""}

    assert client.briefs == bool(asked)
    named = nudge.SECTION in nudge.text([boundary.COMPACTION], briefed=client.briefs)
    assert named == client.briefs

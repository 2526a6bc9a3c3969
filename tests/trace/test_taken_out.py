"""Where a line comes from and went to when a close replaced several, settled an item, or moved a line."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from gitmem.drain.plan import Op, Operation
from gitmem.memory.tree import MemoryLine
from gitmem.records import in_review
from gitmem.records.drain_record import Change, Fate
from gitmem.review.forget import ForgetRequest, ForgetResult, forget
from gitmem.trace.filings import Filings
from gitmem.trace.line_fate import FlagStory, LineState, flag_story
from gitmem.trace.origin import Origin, OriginKind
from gitmem.trace.trace_check import check_trace
from gitmem.trace.why import why
from tests.support.desk import Desk
from tests.support.sandbox import Sandbox
from tests.support.scripted import Scripted, move, operation

FACTS, GOTCHAS, CI, PENDING = (
    "memory/facts.md",
    "memory/gotchas.md",
    "memory/ci.md",
    "memory/PENDING.md",
)
CORES = "The runner has two cores"
ITEM = "Which PDF library draws the invoices?"
ANSWER = "The invoices are drawn with the PDF library pdf-lib"


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def asked(desk: Desk, what: str) -> Origin:
    return why(desk.repo, what, cwd=str(desk.sandbox.path), folder="memory")


def story(desk: Desk, flag: str) -> FlagStory:
    return flag_story(desk.repo, flag, configured="main", folder="memory")


def forgotten(desk: Desk, *flags: str) -> ForgetResult:
    return forget(desk.repo, ForgetRequest(flags=flags, configured="main", folder="memory"))


def renamed(desk: Desk) -> tuple[list[str], str]:
    """Three lines in two files, and the rename that makes all of them stale, landed."""
    texts = ["The queue is rabbit", "Jobs go through rabbit", "Never restart rabbit at noon"]
    old = [desk.flag(texts[0]), desk.flag(texts[1]), desk.flag(texts[2], kind="gotcha")]
    desk.land()
    new = desk.flag("rabbit was renamed to hare")
    lines = [
        MemoryLine(file=file, text=text)
        for file, text in zip([FACTS, FACTS, GOTCHAS], texts, strict=True)
    ]
    desk.close(engine=Scripted(replacing(new, "rabbit is hare now", lines)))
    desk.accept()
    return old, new


def replacing(flag: str, text: str, lines: Sequence[MemoryLine]) -> Operation:
    return Operation(
        op=Op.SUPERSEDE, flags=(flag,), file=lines[0].file, text=text, replaced=tuple(lines)
    )


def test_a_line_that_took_the_place_of_several_names_each_with_its_flag(desk: Desk) -> None:
    old, new = renamed(desk)

    found = asked(desk, "rabbit is hare now")

    assert [one.outcome.flag.id for one in found.filed] == [new]
    assert [[one.outcome.flag.id for one in line.filed] for line in found.replaced] == [
        [flag] for flag in old
    ]
    assert [line.line.file for line in found.replaced] == [FACTS, FACTS, GOTCHAS]
    assert not desk.sandbox.path.joinpath(GOTCHAS).exists()
    assert check_trace(desk.repo, folder="memory").ok


def test_each_flag_of_several_lines_says_what_took_its_place(desk: Desk) -> None:
    old, new = renamed(desk)

    for flag in old:
        (told,) = story(desk, flag).outcomes
        (fate,) = told.lines
        assert fate.state is LineState.REPLACED
        assert [one.outcome.flag.id for one in fate.later] == [new]


def test_a_line_that_replaced_several_names_them_when_it_is_forgotten(desk: Desk) -> None:
    _, new = renamed(desk)

    notes = " ".join(forgotten(desk, new).notes)

    assert notes.count("had replaced:") == 3
    assert "Never restart rabbit at noon" in notes


def open_item(desk: Desk) -> str:
    asking = desk.flag(ITEM, kind="pending")
    desk.flag("something else")
    desk.land()
    return asking


def settled(desk: Desk, text: str = ANSWER, **fields: str) -> str:
    flag = desk.flag(text, **fields)
    desk.close(
        engine=Scripted(
            operation("keep", flag, FACTS, text), operation("settled", flag, PENDING, "", ITEM)
        )
    )
    return flag


@pytest.mark.parametrize("names", [("a", "b"), ("b", "a")])
def test_of_one_second_the_item_comes_before_what_settled_it(
    desk: Desk, names: tuple[str, str]
) -> None:
    open_item(desk)
    settled(desk)
    desk.accept()
    listed = desk.sandbox.git("ls-tree", "--name-only", "main", ".gitmem/drains/").split()
    texts = [desk.show(path, "main") for path in listed]
    texts.sort(key=lambda text: '"change"' in text)

    found = Filings(
        {
            f".gitmem/drains/20260102T030405Z-{name}.jsonl": text
            for name, text in zip(names, texts, strict=True)
        }
    )

    (asked_for,) = [one for one in found.all if one.outcome.line == ITEM]
    assert found.settling(asked_for) is not None


def test_a_settled_item_goes_and_both_flags_say_so(desk: Desk) -> None:
    asking = open_item(desk)
    answer = settled(desk)

    assert ITEM in desk.show(PENDING, "main")
    assert ITEM not in desk.sandbox.git("ls-tree", "-r", "--name-only", "gitmem/drain")
    message = desk.sandbox.git("log", "-1", "--format=%B", "gitmem/drain")
    assert f"- {ITEM}\n  (settled by {answer})" in message

    desk.accept()

    assert not desk.sandbox.path.joinpath(PENDING).exists()
    (told,) = story(desk, answer).settled
    assert (told.item.line, told.item.file) == (ITEM, PENDING)
    (outcome,) = story(desk, asking).outcomes
    (fate,) = outcome.lines
    assert fate.state is LineState.SETTLED
    assert fate.settled is not None
    assert fate.settled.item.flags == (answer,)
    assert check_trace(desk.repo, folder="memory").ok
    assert "undrained" not in desk.states()


def test_a_reverted_landing_brings_the_item_back_and_the_flag_is_open_again(desk: Desk) -> None:
    open_item(desk)
    settled(desk)
    desk.accept()

    desk.sandbox.git("revert", "--no-edit", "HEAD")

    assert f"- [ ] {ITEM}\n" in desk.show(PENDING, "main")
    assert desk.states()["undrained"] == [ANSWER]


def test_a_discarded_review_leaves_the_item_open(desk: Desk) -> None:
    open_item(desk)
    settled(desk)

    desk.discard()

    assert f"- [ ] {ITEM}\n" in desk.show(PENDING, "main")


def test_a_review_that_is_made_again_settles_again(desk: Desk) -> None:
    open_item(desk)
    answer = settled(desk)
    other = desk.flag("to be dropped")
    desk.close()
    desk.drop(other)

    made = desk.close()

    assert any("rebuilt" in note for note in made.notes)
    assert [(one.what, one.line, one.flags) for one in made.changes] == [
        (Change.SETTLED, ITEM, (answer,))
    ]
    assert not desk.lines(PENDING)


def test_an_item_that_a_person_changed_meanwhile_stays_and_the_reviewer_is_told(desk: Desk) -> None:
    open_item(desk)
    answer = settled(desk)
    theirs = desk.show(PENDING, "main").replace(
        ITEM, "Which PDF library draws the invoices, and why?"
    )
    desk.sandbox.commit(
        "by hand",
        {PENDING: theirs, FACTS: desk.show(FACTS, "main").replace("something", "anything")},
    )

    made = desk.close()

    assert made.changes == ()
    assert "and why?" in " ".join(desk.lines(PENDING))
    assert [(one.flag.id, one.reason) for one in made.outcomes] == [
        (answer, f"it was to settle {ITEM!r}, which is not there as it was")
    ]


def test_an_item_that_a_review_settles_is_not_there_for_the_next_close_upon_it(desk: Desk) -> None:
    open_item(desk)
    settled(desk)
    more = desk.flag("pdf-lib draws the invoices with embedded fonts")

    made = desk.close(
        engine=Scripted(
            operation("keep", more, FACTS, "pdf-lib draws the invoices with embedded fonts"),
            operation("settled", more, PENDING, "", ITEM),
        )
    )

    assert made.changes == ()
    assert len(in_review.changes_between(desk.repo, "main", "gitmem/drain")) == 1


def test_a_forgotten_flag_says_what_it_had_settled_and_reopens_nothing(desk: Desk) -> None:
    open_item(desk)
    answer = settled(desk)
    desk.accept()

    done = forgotten(desk, answer)

    assert any(f"{answer} had settled: {ITEM}" in note for note in done.notes)
    assert ITEM not in "".join(text or "" for text in done.files.values())


def test_a_tainted_flag_that_settles_is_said_to_be(desk: Desk) -> None:
    open_item(desk)
    flag = desk.foreign_flag(text=ANSWER, tainted=True, at="2026-11-20T10:00:00Z", by="A <a@b>")
    desk.close(
        engine=Scripted(
            operation("keep", flag, FACTS, ANSWER), operation("settled", flag, PENDING, "", ITEM)
        )
    )

    assert f"(settled by {flag}, tainted)" in desk.sandbox.git(
        "log", "-1", "--format=%B", "gitmem/drain"
    )


def moved(desk: Desk) -> tuple[str, str]:
    """A line that a close filed under facts and a later one moved to ci, landed: its flag, the other's."""
    first = desk.flag(CORES)
    desk.flag("The runner runs Debian", topic="ci")
    desk.land()
    second = desk.flag("The runner is in Oslo", topic="ci")
    desk.close(
        engine=Scripted(
            operation("keep", second, CI, "The runner is in Oslo"), move(FACTS, CORES, CI)
        )
    )
    desk.accept()
    return first, second


def test_a_line_that_moved_leads_to_its_flag_and_says_from_where(desk: Desk) -> None:
    first, _ = moved(desk)

    found = asked(desk, CORES)

    assert (found.line.file, found.kind) == (CI, OriginKind.FILED)
    assert [one.outcome.flag.id for one in found.filed] == [first]
    assert [one.outcome.fate for one in found.filed] == [Fate.ADDED]
    assert [one.moved.outcome.file if one.moved else "" for one in found.moves] == [FACTS]
    assert not desk.sandbox.path.joinpath(FACTS).exists()


def test_the_flag_of_a_line_that_moved_says_where_it_is_now(desk: Desk) -> None:
    first, _ = moved(desk)

    (told,) = story(desk, first).outcomes
    (fate,) = told.lines

    assert (fate.state, fate.file, fate.text) == (LineState.MOVED, CI, CORES)
    assert len(fate.later) == 1
    assert check_trace(desk.repo, folder="memory").ok


def test_a_line_that_moved_and_was_reworded_by_hand_or_replaced_is_followed(desk: Desk) -> None:
    first, _ = moved(desk)
    new = desk.flag("The runner has four cores")
    desk.close(engine=Scripted(operation("supersede", new, CI, "The runner has four cores", CORES)))
    desk.accept()

    (told,) = story(desk, first).outcomes
    (fate,) = told.lines

    assert fate.state is LineState.REPLACED
    assert [one.outcome.flag.id for one in fate.later] == [new]
    (before,) = asked(desk, "The runner has four").replaced
    assert [one.outcome.flag.id for one in before.filed] == [first]


def test_forgetting_a_flag_takes_its_line_out_of_where_it_moved(desk: Desk) -> None:
    first, _ = moved(desk)

    done = forgotten(desk, first)

    assert [(one.file, one.item.text) for one in done.taken] == [(CI, CORES)]
    assert CORES not in (done.files[CI] or "")


def test_a_reverted_move_puts_the_line_back_and_no_flag_of_it_is_open(desk: Desk) -> None:
    moved(desk)

    desk.sandbox.git("revert", "--no-edit", "HEAD")

    assert desk.lines(FACTS, "main") == [CORES]
    assert desk.states()["undrained"] == ["The runner is in Oslo"]


def test_a_line_that_a_person_wrote_or_changed_or_moved_is_not_moved(desk: Desk) -> None:
    for text in (CORES, "The runner runs Debian", "The runner is slow"):
        desk.flag(text)
    desk.land()
    theirs = desk.show(FACTS, "main").replace("Debian", "Debian 13") + "- Mine\n"
    theirs = theirs.replace("- The runner is slow\n", "")
    desk.sandbox.commit("by hand", {FACTS: theirs, GOTCHAS: "# Gotchas\n\n- The runner is slow\n"})
    flag = desk.flag("The runner is in Oslo", topic="ci")

    made = desk.close(
        engine=Scripted(
            operation("keep", flag, CI, "The runner is in Oslo"),
            move(FACTS, CORES, CI),
            move(FACTS, "The runner runs Debian 13", CI),
            move(FACTS, "Mine", CI),
            move(GOTCHAS, "The runner is slow", CI),
        )
    )

    assert [one.line for one in made.changes] == [CORES]
    assert desk.lines(FACTS) == ["The runner runs Debian 13", "Mine"]


def test_a_line_that_several_flags_made_moves_for_all_of_them(desk: Desk) -> None:
    one, two = desk.flag(CORES), desk.flag("two cores are in the runner")
    merged = dataclasses.replace(operation("merge", f"{one} {two}", FACTS, CORES))
    desk.close(engine=Scripted(merged))
    desk.accept()
    other = desk.flag("The runner is in Oslo", topic="ci")
    desk.close(
        engine=Scripted(
            operation("keep", other, CI, "The runner is in Oslo"), move(FACTS, CORES, CI)
        )
    )
    desk.accept()

    assert {filed.outcome.flag.id for filed in asked(desk, CORES).filed} == {one, two}
    done = forgotten(desk, one)
    assert "two cores are in the runner" in (done.files[CI] or "")


def test_rows_that_move_a_line_to_and_fro_without_end_are_followed_for_a_while(desk: Desk) -> None:
    flag = desk.flag(CORES)
    desk.land()
    (name,) = [
        path
        for path in desk.repo.git("ls-files", ".gitmem").text.split()
        if path.endswith(".jsonl")
    ]
    drain = name.rpartition("/")[2].removesuffix(".jsonl")
    rows = "".join(
        f'{{"change":"moved","file":"{there}","line":"{CORES}","from":"{here}","drain":"{drain}",'
        f'"flags":["{flag}"]}}\n'
        for _ in range(3_000)
        for here, there in ((FACTS, CI), (CI, FACTS))
    )
    desk.sandbox.commit("made up", {name: desk.sandbox.read(name) + rows})

    (told,) = story(desk, flag).outcomes
    found = asked(desk, CORES)

    assert told.lines[0].state in {LineState.THERE, LineState.MOVED}
    assert {one.outcome.flag.id for one in found.filed} == {flag}
    assert check_trace(desk.repo, folder="memory").ok

"""What comes beside the flags' own operations: an item is settled by what answers it, a line moves as it is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitmem.core.flag import Flag
from gitmem.drain.beside import MOVES, Beside, proposed, standing, told, unsettled
from gitmem.drain.gate import check
from gitmem.drain.limits import bounded
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.memory.places import FiledLine
from gitmem.memory.tree import MemoryLine
from tests.support.queues import new_flag

PENDING = "memory/PENDING.md"
FACTS = "memory/facts.md"
CI = "memory/ci.md"
ITEM = MemoryLine(file=PENDING, text="Which PDF library draws the invoices?")
OTHER = MemoryLine(file=PENDING, text="Rotate the deploy key of the staging cluster")
LINE = MemoryLine(file=FACTS, text="The runner caches the toolchain")
OWN = MemoryLine(file=FACTS, text="A person wrote this")
WRONG = MemoryLine(file=FACTS, text="The runner has two cores")
ANSWER = new_flag("The invoices are drawn with the PDF library pdf-lib")
ALSO = new_flag("pdf-lib is the PDF library for invoices")
ELSE = new_flag("Backups are kept for 30 days")


def request(*flags: Flag, work: Work = Work.MEMORY) -> Request:
    return Request(
        work=work,
        flags=flags or (ANSWER, ALSO, ELSE),
        files=(CI, FACTS, "memory/gotchas.md"),
        existing=(ITEM, OTHER) if work is Work.PENDING else (LINE, OWN, WRONG),
        pending_lines=() if work is Work.PENDING else (ITEM, OTHER),
        usual={flag.id: FACTS for flag in (ANSWER, ALSO, ELSE)},
        movable={line: FiledLine(drain="d", flags=("a" * 12,)) for line in (LINE, WRONG)},
        corrected={ELSE.id: WRONG},
    )


def keep(flag: Flag) -> Operation:
    return Operation(op=Op.KEEP, flags=(flag.id,), file=FACTS, text=flag.text)


def settle(*flags: Flag, items: tuple[MemoryLine, ...] = (ITEM,)) -> Operation:
    return Operation(op=Op.SETTLED, flags=tuple(flag.id for flag in flags), replaced=items)


def move(line: MemoryLine = LINE, target: str = CI) -> Operation:
    return Operation(op=Op.MOVE, flags=(), file=target, text=line.text, replaced=(line,))


def found(*operations: Operation, work: Work = Work.MEMORY) -> Beside:
    """What a gate lets pass beside the flags' own operations, every flag kept as it is."""
    return check(
        request(work=work), [*map(keep, (ANSWER, ALSO, ELSE)), *operations], folder="memory"
    ).beside


@pytest.mark.parametrize(
    ("flag", "item"),
    [
        ("The importer retries three times", "How often should the importer retry?"),
        ("Condition reports are signed by Henrike or, on her leave, by Tomasz", "Who signs the condition reports when Henrike is on leave?"),
        ("The quay gateway speaks MQTT to ingest: the modem's data plan counts bytes", "Choose between MQTT and HTTPS for the quay gateway"),
        ("\u91cd\u8bd5\u4e09\u6b21", "\u91cd\u8bd5\u51e0\u6b21\uff1f"),
        ("A manager may close a bakery, not an account", "May a manager close a bakery?"),
    ],
)  # fmt: skip
def test_what_answers_an_item_settles_it(flag: str, item: str) -> None:
    assert unsettled(flag, item) == ""


@pytest.mark.parametrize(
    ("flag", "item"),
    [
        ("Backups are kept for 30 days", "How often should the importer retry?"),
        ("The importer reads CSV files", "How often should the importer retry a failed CSV row?"),
        ("How often should the importer retry?", "How often should the importer retry?"),
        ("Whether the importer should retry is still open", "Should the importer retry?"),
        ("We plan to let the importer retry failed rows", "Should the importer retry failed rows?"),
        ("The importer probably retries failed rows", "Should the importer retry failed rows?"),
        ("The importer's retry of failed rows has not been decided", "Should the importer retry failed rows?"),
        ("The move of the importer to uv hasn't been done", "Move the importer to uv"),
        ("port", "port"),
        ("", "Should the importer retry failed rows?"),
        ("\u5907\u4efd\u4fdd\u7559", "\u91cd\u8bd5\u51e0\u6b21\uff1f"),
        ("\u91cd\u8bd5\u51e0\u6b21\uff1f", "\u91cd\u8bd5\u51e0\u6b21\uff1f"),
    ],
)  # fmt: skip
def test_what_leaves_an_item_open_or_is_about_something_else_does_not(flag: str, item: str) -> None:
    assert unsettled(flag, item) != ""


def test_of_several_flags_those_settle_an_item_that_say_something_of_it() -> None:
    (one,) = found(settle(ANSWER, ELSE, ALSO)).operations

    assert one.flags == (ANSWER.id, ALSO.id)
    assert (one.replaced, one.file) == ((ITEM,), PENDING)


def test_a_flag_about_something_else_leaves_the_item_open_and_says_so() -> None:
    beside = found(settle(ELSE), settle(ANSWER, items=(ITEM, OTHER)))
    (kept,) = beside.operations

    assert (kept.flags, kept.replaced) == ((ANSWER.id,), (ITEM,))
    assert list(beside.told) == [ELSE.id, ANSWER.id]
    (first, second, third) = told([keep(ANSWER), keep(ALSO), keep(ELSE)], beside)
    assert "does not settle 'Rotate the deploy key" in first.reason
    assert second.reason == ""
    assert third.reason == (
        "it does not settle 'Which PDF library draws the invoices?': the two have too little in common"
    )


@pytest.mark.parametrize("work", [Work.MEMORY, Work.PENDING])
def test_an_item_is_settled_in_both_questions_that_show_it(work: Work) -> None:
    assert [one.replaced for one in found(settle(ANSWER), work=work).operations] == [(ITEM,)]


def test_only_an_item_that_was_shown_can_be_settled_and_no_line_of_memory() -> None:
    gone = MemoryLine(file=PENDING, text="Which PDF library draws the invoices and more?")

    assert found(settle(ANSWER, items=(gone,)), settle(ANSWER, items=(LINE,))).operations == []


def test_an_item_stays_where_the_flag_that_settles_it_does_not_stand() -> None:
    beside = found(settle(ANSWER), settle(ALSO))

    assert standing([keep(ELSE)], beside).operations == []
    assert [one.flags for one in standing([keep(ALSO)], beside).operations] == [(ALSO.id,)]


def test_a_skipped_flag_settles_too() -> None:
    skipped = Operation(op=Op.SKIP, flags=(ANSWER.id,), reason="said already")

    assert standing([skipped], found(settle(ANSWER))).operations != []


def test_an_item_that_another_flag_of_the_close_asks_again_stays() -> None:
    for again in (
        Operation(op=Op.DUPLICATE, flags=(ELSE.id,), survivor=ITEM.text, within=PENDING),
        Operation(op=Op.PENDING, flags=(ELSE.id,), file=PENDING, text=f"{ITEM.text}."),
    ):
        beside = standing([keep(ANSWER), again], found(settle(ANSWER)))

        assert beside.operations == []
        assert "asks the same" in beside.told[ANSWER.id][0]


def test_items_that_are_settled_count_as_lines_that_go() -> None:
    items = [MemoryLine(file=PENDING, text=f"{ITEM.text} {number}") for number in range(12)]
    beside = Beside([settle(ANSWER, items=(item,)) for item in items])

    kept = bounded(beside, [keep(ANSWER)], lines=20)

    assert len(kept.operations) == 8
    assert len(kept.told[ANSWER.id]) == 4


def test_a_line_that_a_drain_filed_in_a_catch_all_topic_moves_as_it_is() -> None:
    (one,) = found(move()).operations

    assert (one.file, one.text, one.replaced) == (CI, LINE.text, (LINE,))
    assert one.filed == FiledLine(drain="d", flags=("a" * 12,))


@pytest.mark.parametrize(
    "refused",
    [
        move(OWN),  # a person's
        move(WRONG),  # a flag corrects it
        move(target=FACTS),
        move(target="memory/gotchas.md"),  # another catch-all
        move(target=PENDING),
        move(target="memory/MEMORY.md"),
        move(target="CLAUDE.md"),
        move(target="memory/../CLAUDE.md"),
        move(target=""),
        move(MemoryLine(file=FACTS, text="not there")),
        replace(move(), replaced=(LINE, OWN)),
        replace(move(), replaced=()),
    ],
    ids=repr,
)
def test_any_other_line_and_any_other_place_is_none_to_move_to(refused: Operation) -> None:
    assert found(refused).operations == []


def test_nothing_moves_in_a_close_that_files_no_flag_and_few_lines_move_in_one() -> None:
    lines = [MemoryLine(file=FACTS, text=f"line {number}") for number in range(12)]
    beside = Beside([move(line) for line in lines])

    assert standing([], beside).operations == []
    assert len(standing([keep(ANSWER)], beside).operations) == MOVES


def test_a_line_that_is_replaced_does_not_move() -> None:
    instead = Operation(op=Op.SUPERSEDE, flags=(ANSWER.id,), file=FACTS, text="x", replaced=(LINE,))

    assert standing([instead], found(move())).operations == []


def test_a_line_moves_once() -> None:
    beside = proposed(request(), [move(), move()], folder="memory")

    assert len(standing([keep(ANSWER)], beside).operations) == 1


def test_what_comes_beside_accounts_for_no_flag() -> None:
    passed = check(request(ANSWER), [settle(ANSWER), move()], folder="memory")

    assert [left.id for left in passed.left] == [ANSWER.id]
    assert standing(passed.operations, passed.beside).operations == []

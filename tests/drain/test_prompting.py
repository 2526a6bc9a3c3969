"""What is asked, and what an answer's labels stand for."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from gitmem.core.flag import make
from gitmem.drain.gate import check
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.prompting import TOPIC_ABOUT, make_question, read_operations, schema
from gitmem.memory.tree import MemoryLine
from tests.support.judge import operation
from tests.support.operations import IDS, flags

LINE = MemoryLine(file="memory/ci.md", text="of ci")
REQUEST = Request(
    work=Work.MEMORY,
    flags=flags(2),
    files=("memory/ci.md", "memory/facts.md"),
    existing=(LINE,),
    usual=dict.fromkeys(IDS, "memory/facts.md"),
)


def told(*rows: object, request: Request = REQUEST) -> tuple[Operation, ...]:
    return read_operations(request, make_question(request, "m").labels, {"operations": [*rows]})


def one(row: object) -> Operation:
    (found,) = told(row)
    return found


def test_data_stands_between_lines_with_the_mark_and_has_labels_for_ids() -> None:
    asked = make_question(REQUEST, "w0rd")
    lines = asked.text.split("\n")

    assert lines[0] == lines[2] == "FLAGS w0rd"
    assert json.loads(lines[1])[0] == {"id": "f1", "kind": "fact", "text": "text 0", "target": "t2"}
    assert json.loads(lines[4]) == [{"id": "m1", "in": "t1", "text": "of ci"}]
    assert not any(flag.id in asked.text for flag in REQUEST.flags)


def test_a_flag_and_a_line_have_the_day_on_which_they_came_and_nothing_where_it_is_unknown() -> (
    None
):
    dated = make({"id": IDS[0], "kind": "fact", "text": "it is so", "at": "2026-02-28T23:59:59Z"})
    undated = make({"id": IDS[1], "kind": "fact", "text": "it is", "at": "2026-02-30T00:00:00Z"})
    lines = (LINE, MemoryLine(file="memory/ci.md", text="of yore"))
    request = replace(REQUEST, flags=(dated, undated), existing=lines, days={"of ci": "2025-12-31"})

    parts = make_question(request, "m").text.split("\n")

    assert [one.get("day") for one in json.loads(parts[1])] == ["2026-02-28", None]
    assert [one.get("day") for one in json.loads(parts[4])] == ["2025-12-31", None]
    assert "23:59" not in parts[1]


def test_a_topic_without_a_line_here_says_what_it_is_about_in_few_characters() -> None:
    files = ("memory/ci.md", "memory/deploys.md", "memory/facts.md")
    about = {"memory/ci.md": "How CI runs.", "memory/deploys.md": "How releases " * 20}
    request = replace(REQUEST, files=files, about=about)

    targets = json.loads(make_question(request, "m").text.split("\n")[7])

    assert targets == [
        {"id": "t1", "file": "memory/ci.md"},
        {"id": "t2", "file": "memory/deploys.md", "about": ("How releases " * 20)[:TOPIC_ABOUT]},
        {"id": "t3", "file": "memory/facts.md"},
    ]


def test_a_flag_cannot_end_the_data() -> None:
    hostile = flags(1)[0]
    request = Request(work=Work.MEMORY, flags=(hostile,), files=())

    assert len(make_question(request, "m").text.split("\n")) == 9


@pytest.mark.parametrize("work", list(Work))
def test_the_schema_is_flat_complete_and_the_same_for_every_request(work: Work) -> None:
    found: Any = schema(work)
    item = found["properties"]["operations"]["items"]

    assert found == schema(work)
    assert item["required"] == list(item["properties"])
    assert item["additionalProperties"] is False


def test_labels_become_what_they_stand_for() -> None:
    assert one(operation("keep", "f2", target="t1", text=" a text ")) == Operation(
        op=Op.KEEP, flags=(IDS[1],), file="memory/ci.md", text="a text"
    )
    assert one(operation("duplicate", "f2", lines=["f1"])).survivor == IDS[0]


def test_a_replaced_line_stays_where_it_is_whatever_the_target() -> None:
    found = one(operation("supersede", "f1", target="t2", lines=["m1"]))

    assert (found.file, found.survivor) == ("memory/ci.md", "")
    assert found.replaced == (MemoryLine(file="memory/ci.md", text="of ci"),)


ITEM = MemoryLine(file="memory/PENDING.md", text="is it fast?")
RULE = MemoryLine(file="CLAUDE.md", text="Use pnpm.")
BOTH = Request(
    work=Work.MEMORY,
    flags=flags(2),
    files=("memory/ci.md", "memory/facts.md"),
    existing=(LINE, MemoryLine(file="memory/facts.md", text="of facts")),
    pending_lines=(ITEM,),
    fixed_lines=(RULE,),
    usual=dict.fromkeys(IDS, "memory/facts.md"),
)


def test_one_operation_may_name_several_lines_each_once_and_only_lines_that_may_go() -> None:
    named = ["m2", "m1", "m2", "m9", "p1", "i1", "f1"]

    (found,) = told(operation("supersede", "f1", lines=named), request=BOTH)

    assert found.replaced == BOTH.existing[::-1]
    assert found.file == "memory/facts.md"


@pytest.mark.parametrize(("label", "line"), [("p1", ITEM), ("i1", RULE), ("m1", LINE)])
def test_a_duplicate_may_name_a_line_that_cannot_be_changed(label: str, line: MemoryLine) -> None:
    (found,) = told(operation("duplicate", "f1", lines=[label]), request=BOTH)

    assert (found.survivor, found.within, found.replaced) == (line.text, line.file, ())


def test_only_an_open_item_is_settled() -> None:
    (found,) = told(operation("settled", "f1", lines=["m1", "p1", "i1"]), request=BOTH)

    assert (found.op, found.flags, found.replaced) == (Op.SETTLED, (IDS[0],), (ITEM,))


def test_a_line_that_moves_keeps_its_words() -> None:
    (found,) = told(operation("move", lines=["m2"], target="t1", text="other words"), request=BOTH)

    assert (found.op, found.flags, found.file) == (Op.MOVE, (), "memory/ci.md")
    assert (found.text, found.replaced) == ("of facts", (BOTH.existing[1],))


def test_a_new_topic_is_named_only_where_no_target_is() -> None:
    new = {"topic": "deploys", "about": "How releases go out."}

    named = one({**operation("keep", "f1"), **new})
    chosen = one({**operation("keep", "f1", target="t1"), **new})

    assert (named.topic, named.about) == ("deploys", "How releases go out.")
    assert (chosen.topic, chosen.about, chosen.file) == ("", "", "memory/ci.md")


def test_without_a_target_a_flag_goes_where_it_would_go_anyway() -> None:
    assert one(operation("keep", "f1")).file == "memory/facts.md"
    assert one(operation("keep", "f1", target="memory/facts.md")).file == ""


def test_only_a_skip_carries_the_models_own_reason_and_not_much_of_it() -> None:
    assert one(operation("keep", "f1", reason="because I say so")).reason == ""
    assert one(operation("skip", "f1", reason="no\n" * 500)).reason == ("no " * 500)[:200]


@pytest.mark.parametrize(
    "row",
    [
        None, [], 1, "keep", {}, {"op": "keep"}, operation("keep", "f3"), operation("keep", IDS[0]),
        operation("edit", "f1"), {**operation("keep"), "flags": "f1"},
        {**operation("keep"), "flags": [["f1"]]}, {**operation("keep", "f1"), "text": None},
        {**operation("keep", "f1"), "op": ["keep"]},
    ],
    ids=repr,
)  # fmt: skip
def test_an_entry_of_another_shape_is_no_operation(row: object) -> None:
    assert told(row) == ()


@pytest.mark.parametrize("rows", [None, {}, "x", 3])
def test_an_answer_of_another_shape_has_no_operations(rows: object) -> None:
    labels = make_question(REQUEST, "m").labels

    assert read_operations(REQUEST, labels, {"operations": rows}) == ()


def test_what_is_said_about_a_flags_file_reaches_the_reviewer() -> None:
    snags = flags(1, "snag")
    request = Request(
        work=Work.RULES,
        flags=snags,
        files=("CLAUDE.md",),
        usual={IDS[0]: "CLAUDE.md"},
        remarks={IDS[0]: "there is no skill named ship"},
    )

    (found,) = told(operation("edit", "f1"), request=request)
    assert (found.file, found.reason) == ("CLAUDE.md", "there is no skill named ship")


READ_ONLY = Request(
    work=Work.MEMORY,
    flags=flags(2),
    files=("memory/ci.md", "memory/facts.md"),
    existing=(LINE,),
    pending_lines=(MemoryLine(file="memory/PENDING.md", text="which runner?"),),
    fixed_lines=(MemoryLine(file="CLAUDE.md", text="Run the tests."),),
    usual=dict.fromkeys(IDS, "memory/facts.md"),
)


def test_open_items_and_instructions_are_shown_with_labels_of_their_own() -> None:
    lines = json.loads(make_question(READ_ONLY, "m").text.split("\n")[4])

    assert lines == [
        {"id": "m1", "in": "t1", "text": "of ci"},
        {"id": "p1", "text": "which runner?"},
        {"id": "i1", "text": "Run the tests."},
    ]


@pytest.mark.parametrize(("label", "text"), [("p1", "which runner?"), ("i1", "Run the tests.")])
def test_a_duplicate_may_name_an_open_item_or_an_instruction_and_nothing_may_replace_one(
    label: str, text: str
) -> None:
    (same,) = told(operation("duplicate", "f1", lines=[label]), request=READ_ONLY)
    (stale,) = told(operation("supersede", "f2", lines=[label], text="new"), request=READ_ONLY)
    passed = check(READ_ONLY, [same, stale], folder="memory")

    assert same.survivor == text
    assert passed.operations == (same,)
    assert [one.id for one in passed.left] == [IDS[1]]


def test_a_new_topic_is_asked_for_where_no_file_is_named_with_a_reason_for_few_lines() -> None:
    new = {"topic": "releases", "about": "How it is released", "reason": "the first of it"}
    found = one(operation("keep", "f1", **new))

    assert (found.topic, found.about, found.because) == (
        "releases",
        "How it is released",
        "the first of it",
    )
    assert (found.file, found.reason) == ("memory/facts.md", "")
    there = one(operation("keep", "f1", target="t1", **new))
    assert (there.file, there.topic, there.about) == ("memory/ci.md", "", "")

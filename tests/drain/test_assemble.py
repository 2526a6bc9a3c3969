"""Assembly: which texts come of which operations, and what can never come of any."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.drain.assemble import assemble
from gitmem.drain.gate import check
from gitmem.drain.limits import fitting
from gitmem.drain.plan import Op, Operation, Request
from gitmem.memory import topics
from gitmem.memory.tree import MemoryLine, MemoryTree, existing_lines
from gitmem.records.drain_record import Fate
from gitmem.safety.paths import PathKind, writable
from tests.support.operations import FOLDER, IDS, TEXTS, flags, operations, requests

ONE, TWO, THREE = IDS[:3]
FLAGS = {flag.id: flag for flag in flags(8)}
GROUND = MemoryTree(folder=FOLDER, texts=TEXTS)


def keep(flag_id: str, text: str, file: str = "memory/facts.md") -> Operation:
    return Operation(op=Op.KEEP, flags=(flag_id,), file=file, text=text)


def test_memory_lines_are_those_of_topics_and_the_open_ones_of_pending() -> None:
    found = [(line.file, line.text) for line in existing_lines(GROUND)]

    assert found == [
        ("memory/PENDING.md", "open"),
        ("memory/ci.md", "of ci"),
        ("memory/facts.md", "known"),
        ("memory/facts.md", "also known"),
    ]


def test_a_line_goes_to_the_end_of_its_file_and_the_index_follows() -> None:
    made = assemble(GROUND, [keep(ONE, "new"), keep(TWO, "fresh", "memory/new.md")], FLAGS)

    assert made.texts["memory/facts.md"] == TEXTS["memory/facts.md"] + "- new\n"
    assert made.texts["memory/new.md"].endswith("- fresh\n")
    assert "[new](new.md)" in made.texts["memory/MEMORY.md"]
    assert set(made.files) == {"memory/facts.md", "memory/new.md", "memory/MEMORY.md"}


def test_a_fact_stands_in_one_topic_only() -> None:
    made = assemble(GROUND, [keep(ONE, "of ci."), keep(TWO, "new"), keep(THREE, "new")], FLAGS)

    assert [(item.fate, item.survivor) for item in made.outcomes] == [
        (Fate.DUPLICATE, "memory/ci.md: of ci"),
        (Fate.ADDED, ""),
        (Fate.DUPLICATE, TWO),
    ]


def test_what_replaces_a_line_is_what_later_duplicates_fold_into() -> None:
    supersede = Operation(
        op=Op.SUPERSEDE,
        flags=(ONE,),
        file="memory/facts.md",
        text="better",
        replaced=(MemoryLine(file="memory/facts.md", text="known"),),
    )
    merge = replace(
        supersede,
        op=Op.MERGE,
        flags=(TWO, THREE),
        text="both",
        replaced=(MemoryLine(file="memory/facts.md", text="also known"),),
    )
    again = [keep(IDS[3], "better"), keep(IDS[4], "known")]

    made = assemble(GROUND, [supersede, merge, *again], FLAGS)

    assert made.texts["memory/facts.md"] == "# Facts\n\n- better\n- both\n- known\n"
    assert [(item.fate, item.survivor) for item in made.outcomes] == [
        (Fate.SUPERSEDED, "known"),
        (Fate.MERGED, "also known"),
        (Fate.MERGED, "also known"),
        (Fate.DUPLICATE, ONE),
        (Fate.ADDED, ""),
    ]


def test_an_odd_file_takes_nothing_and_is_listed_all_the_same() -> None:
    texts = {path: text for path, text in TEXTS.items() if path != "memory/ci.md"}
    ground = MemoryTree(folder=FOLDER, texts=texts, odd={"memory/ci.md": "it is a link"})

    with pytest.raises(Refused, match=r"memory/ci\.md: it is a link"):
        assemble(ground, [keep(ONE, "x", "memory/ci.md")], FLAGS)
    assert "[ci](ci.md)" in assemble(ground, [keep(ONE, "x")], FLAGS).texts["memory/MEMORY.md"]


def test_what_does_not_fit_leaves_its_own_flags_and_no_others() -> None:
    ground = replace(GROUND, odd={"memory/odd.md": "it is a link"})
    wanted = [keep(flag_id, f"line {flag_id}") for flag_id in IDS]
    wanted[2] = keep(IDS[2], "x", "memory/odd.md")
    wanted[5] = Operation(op=Op.DUPLICATE, flags=(IDS[5],), survivor=IDS[2])
    wanted[6] = Operation(op=Op.DUPLICATE, flags=(IDS[6],), survivor=IDS[5])
    wanted[7] = Operation(op=Op.DUPLICATE, flags=(IDS[7],), survivor=IDS[0])

    kept, left = fitting(ground, wanted, FLAGS)

    assert [operation.flags[0] for operation in kept] == [IDS[at] for at in (0, 1, 3, 4, 7)]
    assert {item.id for item in left} == {IDS[2], IDS[5], IDS[6]}


@given(request=requests(), answer=operations())
def test_whatever_an_engine_answers_no_other_path_is_written_and_every_flag_has_one_fate(
    request: Request, answer: list[Operation]
) -> None:
    by_id = {flag.id: flag for flag in request.flags}
    passed = check(request, answer, folder=FOLDER)
    kept, left = fitting(GROUND, passed.operations, by_id)

    made = assemble(GROUND, kept, by_id)

    allowed = {*request.files, "memory/MEMORY.md"}
    assert set(made.files) <= allowed
    for path in made.files:
        assert writable(path, folder=FOLDER) is not PathKind.DRAIN
    fates = [item.flag.id for item in made.outcomes]
    assert sorted([*fates, *(item.id for item in (*passed.left, *left))]) == sorted(by_id)


@given(
    wanted=st.lists(
        st.tuples(
            st.sampled_from(["known", "new", "of ci", "open", "other.", "other"]),
            st.sampled_from(["memory/facts.md", "memory/ci.md", "memory/new.md"]),
        ),
        max_size=8,
    )
)
def test_adding_never_removes_a_line_and_never_writes_one_twice(
    wanted: list[tuple[str, str]],
) -> None:
    made = assemble(
        GROUND,
        [keep(flag_id, text, file) for flag_id, (text, file) in zip(IDS, wanted, strict=False)],
        FLAGS,
    )

    for path, text in made.texts.items():
        if path == "memory/MEMORY.md":
            continue
        before = TEXTS.get(path, "")
        rest = iter(text.splitlines())
        assert all(line in rest for line in before.splitlines()), path
    after = existing_lines(MemoryTree(folder=FOLDER, texts={**TEXTS, **made.texts}))
    keys = [topics.fact_key(line.text) for line in after if line.file != "memory/PENDING.md"]
    assert len(keys) == len(set(keys))

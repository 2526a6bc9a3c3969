"""Rows of a record beside the flags' own: an item that is settled, a line that moved."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.models.usage import NOTHING
from gitmem.records import record_files
from gitmem.records.drain_record import (
    Change,
    Fate,
    Header,
    LineChange,
    Outcome,
    Run,
    newest_by_file,
    read_changes,
    read_header,
    read_outcomes,
    render,
)
from tests.support.queues import new_flag

FLAG = new_flag("The invoices are drawn with pdf-lib")
HEADER = Header(
    drain="20260101T000000Z-abcdef",
    at="2026-01-01T00:00:00Z",
    queue="",
    run=Run(engine="x", usage=NOTHING),
)
SETTLED = LineChange(
    what=Change.SETTLED, file="memory/PENDING.md", line="Which library?", flags=(FLAG.id,)
)
MOVED = LineChange(
    what=Change.MOVED,
    file="memory/ci.md",
    line="The runner has two cores",
    flags=("a" * 12, "b" * 12),
    before="memory/facts.md",
    drain="20250101T000000Z-abcdef",
)
OUTCOME = Outcome(
    flag=FLAG,
    fate=Fate.SUPERSEDED,
    file="memory/facts.md",
    line=FLAG.text,
    survivor="one",
    also=("memory/ci.md: two: three", "memory/facts.md: four"),
)


def record(*changes: LineChange, outcome: Outcome = OUTCOME) -> str:
    return render(HEADER, [outcome], changes)


def test_they_come_back_as_they_were_and_the_flags_own_rows_too() -> None:
    text = record(SETTLED, MOVED)

    assert read_changes(text) == [SETTLED, MOVED]
    assert read_outcomes(text) == [OUTCOME]
    assert OUTCOME.replaced == (
        ("memory/facts.md", "one"),
        ("memory/ci.md", "two: three"),
        ("memory/facts.md", "four"),
    )


def test_they_account_for_no_flag_and_count_as_none() -> None:
    text = record(SETTLED, MOVED)
    header = read_header(text)

    assert record_files.ids_in([text.encode()]) == {FLAG.id}
    assert header is not None
    assert header.flags == 1
    assert newest_by_file({".gitmem/drains/x.jsonl": text}) == {"memory/facts.md": "x"}


def test_a_reader_that_knows_them_not_takes_the_rest() -> None:
    """An older version reads a row by its flag, and of several replaced lines the first."""
    rows = [json.loads(row) for row in record(SETTLED, MOVED).splitlines()[1:]]
    own = [row for row in rows if "flag" in row]

    assert [row["id"] for row in own] == [FLAG.id]
    assert own[0]["survivor"] == "one"
    assert [sorted(row) for row in rows if "flag" not in row] == [
        ["change", "file", "flags", "line"],
        ["change", "drain", "file", "flags", "from", "line"],
    ]


@pytest.mark.parametrize(
    "row",
    [
        '{"change":"settled"}',
        '{"change":"settled","file":"memory/PENDING.md","line":"x","flags":[]}',
        '{"change":"settled","file":"memory/PENDING.md","line":"x","flags":["short"]}',
        '{"change":"settled","file":"../x.md","line":"x","flags":["aaaaaaaaaaaa"]}',
        '{"change":"settled","file":"memory/PENDING.md","line":"","flags":["aaaaaaaaaaaa"]}',
        '{"change":"settled","file":"memory/x.md","from":"memory/y.md","line":"x","flags":["aaaaaaaaaaaa"]}',
        '{"change":"moved","file":"memory/x.md","line":"x","flags":["aaaaaaaaaaaa"]}',
        '{"change":"moved","file":"memory/x.md","from":"/etc/passwd","line":"x","flags":["aaaaaaaaaaaa"]}',
        '{"change":"eaten","file":"memory/x.md","line":"x","flags":["aaaaaaaaaaaa"]}',
        '{"change":"settled","file":1,"line":[],"flags":{}}',
        '{"change":"settled","file":"memory/PENDING.md","line":"x","flags":3}',
        '{"change":"',
        '{"change":"settled"' + "[" * 10_000,
    ],
)
def test_a_row_that_is_none_is_passed_over(row: str) -> None:
    text = record(SETTLED)

    assert read_changes(f"{text}{row}\n") == [SETTLED]
    assert read_outcomes(f"{text}{row}\n") == [OUTCOME]


@pytest.mark.parametrize("also", ["x", {}, [1, None], ["../x: y"], ["/etc/x: y"], [""]])
def test_further_lines_that_are_none_are_passed_over(also: object) -> None:
    row = json.loads(record().splitlines()[1])
    text = json.dumps({**row, "also": also}, separators=(",", ":"))

    (found,) = read_outcomes(text)

    assert found.also == ()
    assert found.survivor == "one"


_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=40)


@given(line=_TEXT, flags=st.lists(st.sampled_from(["a" * 12, "b" * 12]), min_size=1, unique=True))
def test_any_line_comes_back(line: str, flags: list[str]) -> None:
    settled = LineChange(
        what=Change.SETTLED, file="memory/PENDING.md", line=line, flags=tuple(flags)
    )

    assert read_changes(record(settled)) == [settled]

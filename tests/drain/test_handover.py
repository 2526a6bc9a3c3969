"""Requests handed out and answers handed in, as lines."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.drain.handover import (
    AnswerRow,
    BadRow,
    key_of,
    match_answers,
    model_name,
    plan_of,
    read_answers,
)
from gitmem.models.reply import Prompt

KEYS = ["a" * 32, "b" * 32]
PLAN = plan_of(KEYS)


def line(**fields: object) -> str:
    return json.dumps({"operations": [], **fields})


def fits(*lines: str) -> tuple[list[str], tuple[str, ...]]:
    found = match_answers(read_answers("\n".join(lines)), KEYS)
    return sorted(found.answers.keys() - found.twice), found.notes


def test_a_key_is_of_all_that_is_asked_and_of_nothing_else() -> None:
    prompt = Prompt(system="s", text="t", schema={"type": "object"})
    others = [
        Prompt(system="x", text="t", schema={"type": "object"}),
        Prompt(system="s", text="x", schema={"type": "object"}),
        Prompt(system="s", text="t", schema={"type": "array"}),
    ]

    assert len({key_of(prompt), *map(key_of, others)}) == 4
    assert key_of(Prompt(system="s", text="t", schema={"type": "object"}, max_tokens=1)) == key_of(
        prompt
    )


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"key": KEYS[0]}, KEYS[0]),
        ({"key": KEYS[1], "request": 2, "plan": PLAN}, KEYS[1]),
        ({"request": 2, "plan": PLAN}, KEYS[1]),
        # The number is of an older plan; the key is what counts.
        ({"key": KEYS[1], "request": 1, "plan": "old"}, KEYS[1]),
    ],
)
def test_an_answer_names_its_request_by_key_or_by_plan_and_number(
    fields: dict[str, object], key: str
) -> None:
    assert fits(line(**fields)) == ([key], ())


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"key": "c" * 32}, "changed since gitmem plan"),
        ({"request": 1, "plan": "old"}, "changed since gitmem plan"),
        ({"request": 1}, "give the key as well"),
        ({"request": 0, "plan": PLAN}, "there is no request 0"),
        ({"request": 3, "plan": PLAN}, "there is no request 3"),
        ({"request": -1, "plan": PLAN}, "there is no request -1"),
        ({"key": KEYS[0], "request": 2, "plan": PLAN}, "do not belong together"),
    ],
)
def test_an_answer_to_something_else_is_not_applied(fields: dict[str, object], why: str) -> None:
    answers, (note,) = fits(line(**fields))

    assert answers == []
    assert note.startswith("line 1 ")
    assert why in note


@pytest.mark.parametrize(
    "text",
    [
        "{", "null", "[]", '"x"', "{}", '{"operations":[]}', '{"operations":{},"key":"k"}',
        '{"operations":[],"key":5}', '{"operations":[],"request":true}',
        '{"operations":[],"request":"1"}', '{"operations":["\\ud800"],"key":"k"}', "[" * 100_000,
        '{"operations":[],"key":"k"} {}', '{"request":' + "9" * 5000 + ',"operations":[]}',
    ],
)  # fmt: skip
def test_a_line_of_another_shape_is_said_with_its_number(text: str) -> None:
    rows = read_answers(f"\n{text}\n \n")

    (row,) = rows
    assert isinstance(row, BadRow)
    assert row.line == 2
    assert fits(line(key=KEYS[0]), text)[0] == [KEYS[0]]


def test_two_answers_to_one_request_are_none_unless_they_are_the_same() -> None:
    same = line(key=KEYS[0])

    assert fits(same, same) == ([KEYS[0]], ())
    answers, notes = fits(same, json.dumps({"key": KEYS[0], "operations": [1]}))
    assert (answers, len(notes)) == ([], 1)


@pytest.mark.parametrize("name", ["claude-haiku-5-5", "qwen3:8b", "a/b@1.0", "GPT 5 mini"])
def test_a_models_name_is_kept(name: str) -> None:
    assert model_name(name) == name


@pytest.mark.parametrize(
    "name", [None, 5, "x" * 101, "a\nGitmem-Tree: b", "a\u202eb", "`id`", "\x1b[0m", "é"]
)
def test_what_is_no_models_name_is_left_out(name: object) -> None:
    assert model_name(name) == ""


@given(st.text())
def test_no_text_breaks_the_reading(text: str) -> None:
    rows = read_answers(text)

    assert all(isinstance(row, AnswerRow | BadRow) for row in rows)
    assert len(rows) <= text.count("\n") + 1

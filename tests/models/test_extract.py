from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.models.extract import extract, flaws, outline

SCHEMA = {
    "type": "object",
    "properties": {
        "ops": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {
                    "op": {"type": "string", "enum": ["keep", "skip"]},
                    "flags": {"type": "array", "items": {"type": "string"}},
                    "line": {"type": "integer"},
                    "sure": {"type": "boolean"},
                },
                "required": ["op", "flags"],
                "additionalProperties": False,
            },
        },
        "note": {"type": "string"},
    },
    "required": ["ops"],
    "additionalProperties": False,
}
OP = {"op": "keep", "flags": ["f1"]}
GOOD = {"ops": [OP]}
SAYS = json.dumps(GOOD)
OTHER = json.dumps({"ops": []})

_ITEMS = st.fixed_dictionaries(
    {"op": st.sampled_from(["keep", "skip"]), "flags": st.lists(st.text(max_size=8), max_size=3)},
    optional={"line": st.integers(), "sure": st.booleans()},
)
ANSWERS = st.fixed_dictionaries(
    {"ops": st.lists(_ITEMS, max_size=3)}, optional={"note": st.text(max_size=60)}
)
PROSE = st.text(max_size=60).filter(lambda text: "{" not in text)


@pytest.mark.parametrize(
    "text",
    [
        SAYS,
        f"\ufeff \n{SAYS}\n",
        f"```json\n{json.dumps(GOOD, indent=2)}\n```",
        f"```\n{SAYS}\n```\nThat is {{all}}.",
        f"Sure. In a set like {{a, b}} I would say: {SAYS} or {OTHER}",
        f"<think>{OTHER}</think>{SAYS}",
        f"{OTHER} would be lazy </think>\n```json\n{SAYS}\n```",
        f"<thinking>{{</thinking>{SAYS}",
        f'{{"answer": {SAYS}}}',
        f"[{SAYS}]",
        f'{{"error": null}} {SAYS}',
        f"<think>the answer is {SAYS}</think>\nDone.",
    ],
)
def test_the_first_fitting_object_is_found_in_whatever_surrounds_it(text: str) -> None:
    assert extract(text, SCHEMA).data == GOOD


def test_an_object_that_speaks_of_thinking_is_found_whole() -> None:
    whole = {"ops": [], "note": "models end with </think> and then say {}"}

    assert extract(json.dumps(whole), SCHEMA).data == whole


def test_braces_inside_a_text_are_no_objects() -> None:
    hidden = {"ops": [], "note": SAYS}

    assert extract(f"Here: {json.dumps(hidden)}", SCHEMA).data == hidden


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "there is no JSON object in it"),
        ("I see no reason to.", "there is no JSON object in it"),
        ("[1, 2]", "there is no JSON object in it"),
        (SAYS[:-1], "not the one asked for: it has no ops"),
        ('{"ops": {}}', "not the one asked for: its ops is not a list"),
        ('{"ops": null}', "not the one asked for: its ops is not a list"),
        ('{"ops": [], "ops": [1]}', "there is no JSON object in it"),
        ('{"ops": [NaN]}', "there is no JSON object in it"),
        ('{"ops": [' + "9" * 5000 + "]}", "there is no JSON object in it"),
        (json.dumps(SCHEMA), "it has no ops"),
    ],
)
def test_what_is_no_answer_says_why(text: str, reason: str) -> None:
    found = extract(text, SCHEMA)

    assert found.data is None
    assert reason in found.reason


@given(ANSWERS, PROSE, PROSE, st.sampled_from([None, 2]))
def test_any_fitting_object_is_found_in_any_prose_and_has_no_flaws(
    answer: dict[str, Any], before: str, after: str, indent: int | None
) -> None:
    text = f"{before} {json.dumps(answer, indent=indent)} {after}"
    expected = json.loads(json.dumps(answer))

    assert extract(text, SCHEMA).data == expected
    assert flaws(expected, SCHEMA) == ()


@given(st.text(alphabet='{}[]":,\\ aou0\n', max_size=200))
def test_no_text_is_too_broken_to_be_read(text: str) -> None:
    found = extract(text, SCHEMA)

    assert (found.data is None) == bool(found.reason)


@pytest.mark.parametrize(
    "text",
    [
        "{" * 256_000,
        '{"' * 128_000,
        '{"a" ' * 50_000,
        '{"a":' * 50_000,
        '{"a":[' + '{"a":[1,1,1,1,1,1,1,1,1,1,1,1,' * 8_000,
        ('{"a":[' + "1," * 1_000) * 120,
        '{"ops":1,"ops":2}' * 15_000,
        '{"a":1}' * 35_000,
        "</think>" * 30_000,
        "[" * 256_000,
    ],
)
def test_hostile_text_takes_time_in_proportion_to_its_length(text: str) -> None:
    began = time.process_time()
    extract(text, SCHEMA)

    assert time.process_time() - began < 1.0


# ---------------------------------------------------------------- flaws


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (GOOD, ()),
        ({"ops": [{**OP, "line": 3, "sure": True}], "note": ""}, ()),
        ([], ("the answer is not an object",)),
        ({}, ("the answer has no ops",)),
        ({"ops": "x"}, ("the answer.ops is not a list",)),
        ({"ops": [7]}, ("the answer.ops[0] is not an object",)),
        ({"ops": [{"op": "keep"}]}, ("the answer.ops[0] has no flags",)),
        (
            {"ops": [OP, {"op": "delete", "flags": [1]}]},
            (
                "the answer.ops[1].op is 'delete', which is not among the choices",
                "the answer.ops[1].flags[0] is not a text",
            ),
        ),
        ({"ops": [{**OP, "line": True}]}, ("the answer.ops[0].line is not a whole number",)),
        ({"ops": [{**OP, "line": 1.0}]}, ("the answer.ops[0].line is not a whole number",)),
        ({"ops": [{**OP, "sure": 1}]}, ("the answer.ops[0].sure is not true or false",)),
        (
            {"ops": [], "\x1b[2J": 1},
            ("the answer has '\\x1b[2J', which was not asked for",),
        ),
        (
            {"ops": [], "note": "half \ud800"},
            ("the answer.note holds half of a surrogate pair",),
        ),
    ],
)
def test_every_flaw_is_named_with_its_place(value: object, found: tuple[str, ...]) -> None:
    assert flaws(value, SCHEMA) == found


def test_one_item_can_be_judged_alone() -> None:
    item = SCHEMA["properties"]["ops"]["items"]  # type: ignore[index]

    assert flaws(OP, item) == ()
    assert flaws({"op": "keep"}, item, at="operation 2") == ("operation 2 has no flags",)


def test_the_outline_looks_at_the_top_level_only() -> None:
    assert outline({"ops": [{"op": "delete"}], "more": 1}, SCHEMA) == ""
    assert outline([], SCHEMA) == "it is not an object"
    assert outline({"note": "x"}, SCHEMA) == "it has no ops"

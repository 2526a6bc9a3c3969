"""The line of a flag: what is written reads back, and nothing else passes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import FIELDS, ID_ALPHABET, KINDS, BadLine, Flag, is_id, make, new_id, parse

IDS = st.text(ID_ALPHABET, min_size=12, max_size=12)
WORDS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
FLAG_FIELDS = st.fixed_dictionaries(
    {"id": IDS, "kind": st.sampled_from(KINDS), "text": WORDS},
    optional={
        **dict.fromkeys(("at", "by", "session", "branch", "topic", "better", "source"), WORDS),
        "paths": st.lists(WORDS, min_size=1, max_size=3),
        "tainted": st.just(True),
    },
)
GOOD = {"v": 1, "id": "abcdefgh2345", "kind": "fact", "text": "a fact"}


@given(FLAG_FIELDS)
def test_a_flag_reads_back_with_every_field(fields: dict[str, object]) -> None:
    flag = make(fields)
    again = parse(flag.line)

    assert again == flag
    assert json.loads(flag.line) == {"v": 1, **fields}
    assert [getattr(again, name) for name in fields if name != "paths"] == [
        value for name, value in fields.items() if name != "paths"
    ]
    assert again.paths == tuple(fields.get("paths", ()))  # type: ignore[arg-type]


@given(FLAG_FIELDS)
def test_the_fields_stand_in_the_documented_order_without_blanks(fields: dict[str, object]) -> None:
    line = make(fields).line

    names = list(json.loads(line))
    assert names == [name for name in FIELDS if name in names]
    assert line.startswith('{"v":1,"id":"')
    assert "\n" not in line


@given(st.text())
def test_any_text_is_a_flag_or_a_bad_line(text: str) -> None:
    try:
        flag = parse(text)
    except BadLine:
        return
    assert flag.line == text


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"id": "ABCDEFGH2345"}, "no id"),
        ({"id": "abc"}, "no id"),
        ({"id": 5}, "no id"),
        ({"v": 3}, "upgrade gitmem"),
        ({"v": True}, "no version"),
        ({"v": 0}, "no version"),
        ({"kind": "rumour"}, "unknown kind"),
        ({"kind": []}, "unknown kind"),
        ({"text": ""}, "no text"),
        ({"text": 1}, "no text"),
        ({"text": "a\nGitmem-Journal: x 1"}, "line break"),
        ({"text": "a\x1b[31m"}, "control character"),
        ({"text": "\ud800"}, "not valid Unicode"),
        ({"source": "\udc80"}, "not valid Unicode"),
        ({"by": 3}, "by is not a string"),
        ({"paths": "a"}, "paths"),
        ({"paths": [1]}, "paths"),
        ({"v": 2, "body": ""}, "body is not a text"),
        ({"v": 2, "body": 5}, "body is not a text"),
        ({"v": 2, "body": "more", "kind": "snag"}, "a snag has no body"),
        ({"v": 2, "body": "a\rb"}, "body has a control character"),
        ({"v": 2, "body": "a\x1b[31m"}, "body has a control character"),
    ],
)
def test_a_wrong_field_is_named(change: dict[str, object], reason: str) -> None:
    with pytest.raises(BadLine, match=reason):
        parse(json.dumps({**GOOD, **change}))


def test_a_bad_line_of_a_newer_version_still_tells_its_id() -> None:
    with pytest.raises(BadLine) as raised:
        parse(json.dumps({**GOOD, "v": 3, "text": {"shape": "nobody knows"}}))

    assert raised.value.flag_id == GOOD["id"]


def test_fields_of_a_later_release_stay_in_the_line() -> None:
    line = json.dumps({**GOOD, "mood": "calm"})

    assert parse(line).line == line


@given(
    FLAG_FIELDS,
    st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from("\n\t"), min_size=1),
)
def test_only_a_flag_with_a_body_is_of_version_two(fields: dict[str, object], body: str) -> None:
    fields = {**fields, "kind": "fact"}
    plain, long = make(fields), make({**fields, "body": body})

    assert json.loads(plain.line) == {"v": 1, **fields}
    assert json.loads(long.line) == {"v": 2, **fields, "body": body}
    assert parse(long.line).body == body
    assert parse(plain.line).body == ""
    assert "\n" not in long.line


def test_a_flag_without_a_body_is_written_as_before_there_were_bodies() -> None:
    fields = {
        "id": "abcdefgh2345",
        "kind": "fact",
        "text": "a fact",
        "at": "2026-01-02T03:04:05Z",
        "topic": "ci",
    }

    assert make(fields).line == (
        '{"v":1,"id":"abcdefgh2345","kind":"fact","text":"a fact","at":"2026-01-02T03:04:05Z","topic":"ci"}'
    )


def test_a_field_named_body_of_version_one_is_no_body() -> None:
    assert parse(json.dumps({**GOOD, "body": "what a tool put there"})).body == ""
    assert parse(json.dumps({**GOOD, "body": 5})).body == ""


def test_a_reader_of_the_version_before_says_that_a_newer_one_wrote_a_body(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    line = make({"id": "abcdefgh2345", "kind": "fact", "text": "a fact", "body": "more"}).line
    monkeypatch.setattr("gitmem.core.flag.VERSION", 1)

    with pytest.raises(
        BadLine, match=r"written by a newer gitmem \(version 2\): upgrade gitmem"
    ) as raised:
        parse(line)
    assert raised.value.flag_id == "abcdefgh2345"


def test_ids_are_drawn_from_random_bytes_only() -> None:
    assert new_id(bytes(range(12))) == "abcdefghijkl"
    assert is_id(new_id(bytes([255] * 12)))


def test_flags_are_equal_when_their_lines_are() -> None:
    one, two = parse(json.dumps(GOOD)), parse(json.dumps(GOOD))

    assert one == two
    assert len({one, two}) == 1
    assert one != Flag({**GOOD, "text": "other"}, "other")
    assert "abcdefgh2345" in repr(one)

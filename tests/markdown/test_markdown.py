from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.markdown.lines import (
    front_matter_lines,
    front_value,
    insert_lines,
    newline_of,
    rows,
    split_lines,
)
from tests.support.documents import files


@given(st.text())
def test_the_lines_of_any_text_put_together_are_the_text(text: str) -> None:
    assert "".join(split_lines(text)) == text


@given(st.text())
def test_only_a_line_feed_ends_a_line_as_git_counts_them(text: str) -> None:
    expected = text.count("\n") + (not text.endswith("\n") and text != "")

    assert len(split_lines(text)) == expected


def test_separators_that_python_would_split_at_stay_inside_a_line() -> None:
    assert split_lines("a\x0bb\x0cc\x85d\u2028e\u2029f\rg\n") == [
        "a\x0bb\x0cc\x85d\u2028e\u2029f\rg\n"
    ]


def test_rows_have_neither_line_ends_nor_a_byte_order_mark() -> None:
    assert rows("\ufeffa\r\nb\n\nc") == ["a", "b", "", "c"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "\n"),
        ("a", "\n"),
        ("a\n", "\n"),
        ("a\r\n", "\r\n"),
        ("a\r\nb\n", "\n"),
        ("a\r\nb\r\nc\n", "\r\n"),
        ("a\rb", "\n"),
    ],
)
def test_the_line_end_of_a_file_is_the_one_most_lines_have(text: str, expected: str) -> None:
    assert newline_of(text) == expected


@given(files(), st.data())
def test_inserted_lines_leave_all_other_bytes_where_they_are(
    text: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(rows(text))))

    after = insert_lines(text, at, ["one", "two"])

    extra = len(after) - len(text)
    cut = next(at for at in range(len(after)) if after[at : at + 1] != text[at : at + 1])
    places = range(cut + 1)
    assert any(text[at:] == after[at + extra :] for at in places)
    assert rows(after) == [*rows(text)[:at], "one", "two", *rows(text)[at:]]
    assert after.endswith("\n") is (text.endswith("\n") or text in {"", "\ufeff"})
    assert after.startswith("\ufeff") is text.startswith("\ufeff")


def test_lines_added_to_a_file_without_a_final_line_break_end_without_one() -> None:
    assert insert_lines("a\r\nb", 2, ["c", "d"]) == "a\r\nb\r\nc\r\nd"


def test_inserting_nothing_changes_nothing() -> None:
    assert insert_lines("a", 1, []) == "a"


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("", 0),
        ("# Title\n", 0),
        ("---\na: b\n---\n", 3),
        ("---\r\na: b\r\n---\r\nbody\r\n", 3),
        ("\ufeff---\na: b\n---\n", 3),
        ("\n\n---\na: b\n---\n", 5),
        ("---\na: x --- y\nb: |\n  ---\n---\n", 5),
        ("--- \na: b\n---\t\n", 3),
        ("---\n---\n", 2),
        ("----\na\n---\n", 0),
        (" ---\na\n---\n", 0),
        ("---\na: b\n", None),
        ("---\na: b\n ---\n", None),
        ("---", None),
    ],
)
def test_front_matter_lies_between_two_lines_of_three_hyphens(text: str, count: int | None) -> None:
    assert front_matter_lines(text) == count


@pytest.mark.parametrize(
    ("lines", "value"),
    [
        ("description: Plain words: and more", "Plain words: and more"),
        ("description:   spaced   # a comment", "spaced"),
        ("description: # only a comment", ""),
        ('description: "quoted \\"twice\\" \\\\"  # why', 'quoted "twice" \\'),
        ("description: 'it''s here'", "it's here"),
        ("description: wrapped\n  over\n\n  lines\nother: x", "wrapped over lines"),
        ("description: >-\n  folded\n  text\nother: x", "folded text"),
        ("description: |\n  kept\n  text", "kept text"),
        ("description:", ""),
        ("descriptions: no\nother: description: no", ""),
        ("nested:\n  description: no", ""),
        ('description: "never closed', '"never closed'),
    ],
)
def test_a_value_of_the_front_matter_is_read_as_people_write_it(lines: str, value: str) -> None:
    assert front_value(f"---\n{lines}\n---\ndescription: body\n", "description") == value


def test_without_front_matter_there_is_no_value() -> None:
    assert front_value("description: body\n", "description") == ""


@given(st.text(alphabet="-: >|'\"#\\\n a", max_size=60))
def test_any_front_matter_can_be_asked_for_a_value(text: str) -> None:
    assert "\n" not in front_value(f"---\n{text}\n---\n", "a")

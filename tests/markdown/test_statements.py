"""What a Markdown text says, a statement a line."""

from __future__ import annotations

import pytest
from hypothesis import given

from gitmem.markdown.statements import statements
from tests.support.documents import bodies

LONG = "Every release is cut from main. The tag is signed by the person on duty. " * 6


def said(text: str) -> list[str]:
    return [line.text for line in statements(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Run `make test` before\nyou push.\n", ["Run `make test` before you push."]),
        ("- one\n  wrapped\n- two\n", ["one wrapped", "two"]),
        ("1. first\n2. second\n", ["first", "second"]),
        ("> Never force push.\n", ["Never force push."]),
        ("- [ ] open\n- [x] done\n", ["open", "done"]),
        ("| tool | use |\n|---|---|\n| uv | packages |\n", ["tool use", "uv packages"]),
        ("# Title\n\n```\nmake\n```\n\n<!-- note -->\n", []),
        ("@memory/MEMORY.md\n\n<rules>\nKeep it.\n</rules>\n", ["Keep it."]),
        ("- a list\n  - with a part\n", ["a list with a part"]),
        ("- run\n\n  ```\n  make\n  ```\n", ["run"]),
        ("", []),
    ],
)
def test_items_prose_and_rows_are_statements(text: str, expected: list[str]) -> None:
    assert said(text) == expected


def test_a_long_paragraph_comes_in_sentences_and_a_long_item_in_its_parts() -> None:
    assert said(LONG)[:2] == [
        "Every release is cut from main.",
        "The tag is signed by the person on duty.",
    ]
    parts = [f"part {number} " + "word " * 20 for number in range(6)]
    assert said("- head\n" + "".join(f"  - {part}\n" for part in parts)) == [
        "head",
        *(part.strip() for part in parts),
    ]


def test_a_long_text_in_japanese_comes_in_sentences() -> None:
    assert len(said("\u767a\u884c\u306f\u6708\u66dc\u65e5\u3002" * 60)) == 60


@given(bodies())
def test_every_statement_is_one_line_of_a_block(text: str) -> None:
    for line in statements(text):
        assert line.text == line.text.strip()
        assert "\n" not in line.text
        assert 1 <= line.number <= text.count("\n") + 1

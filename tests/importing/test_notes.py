"""What of a Markdown text is an item, and what hangs on it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.importing.items import Item
from gitmem.importing.notes import items_in, shortened, topic_of, whole
from gitmem.safety.text import MAX_TEXT


def told(text: str) -> list[tuple[str, str]]:
    return [(item.text, item.body) for item in items_in(text, "notes.md")]


def test_each_list_item_and_each_paragraph_is_an_item_with_its_line() -> None:
    found = items_in(
        "# Notes\n\n- One rule.\n2. Another\n   that wraps.\n\nA paragraph\nof two lines.\n", "n.md"
    )

    assert [(item.text, item.source) for item in found] == [
        ("One rule.", "n.md:3"),
        ("Another that wraps.", "n.md:4"),
        ("A paragraph of two lines.", "n.md:7"),
    ]


def test_what_is_nested_and_the_code_below_is_the_body() -> None:
    assert told(
        "- Deploy in two steps\n  - build\n  - push\n\nRun it so:\n\n```sh\nmake\n```\n"
    ) == [
        ("Deploy in two steps", "- build\n- push"),
        ("Run it so:", "```sh\nmake\n```"),
    ]


def test_a_table_is_one_item_named_by_its_heading() -> None:
    table = "| port | what |\n|---|---|\n| 8080 | web |"
    assert told(f"## Ports\n\n{table}\n") == [("Ports", table)]


def test_headings_lead_ins_comments_imports_rules_and_done_boxes_are_no_items() -> None:
    text = "# Title\n\nWe do:\n\n- A thing\n\n<!-- - hidden -->\n\n@other.md\n\n---\n\n- [x] done\n- [ ] open\n"
    found = items_in(text, "notes.md")
    assert [(item.text, item.kind) for item in found] == [("A thing", "fact"), ("open", "pending")]


def test_a_short_heading_names_the_topic_and_a_long_or_empty_one_does_not() -> None:
    text = (
        "# Project\n\n- a\n\n## Build system\n\n- b\n\n## What everybody should know of it\n\n- c\n"
    )
    assert [item.topic for item in items_in(text, "n.md")] == ["", "build-system", ""]
    assert [topic_of(one) for one in ("General rules", "", "Über uns", "con")] == [
        "",
        "",
        "ber-uns",
        "",
    ]


def test_a_long_text_keeps_a_headline_and_all_of_it_below() -> None:
    long = "The first sentence says it. " + "And more follows here. " * 60

    short = shortened(Item(text=long.strip(), source="n.md:1"))

    assert short.text == "The first sentence says it."
    assert short.body == long.strip()


def test_a_file_that_is_one_fact_is_one_item() -> None:
    item = whole(
        "---\nname: x\n---\n\n# Use pnpm\n\nBecause npm is slow.\n", "", Item(text="", source="x")
    )
    assert (item.text, item.body) == ("Use pnpm", "Because npm is slow.")


@pytest.mark.parametrize(
    ("text", "headline"),
    [
        ("```suggestion\nlimit = 9\n```\n", "limit = 9"),
        ("```suggestion\n\n  limit = 9\n```\n\nEight is too few.\n", "Eight is too few."),
        ("~~~\n# a heading\n~~~", "# a heading"),
    ],
)
def test_a_comment_that_begins_with_code_has_a_headline_of_its_words_or_of_the_code(
    text: str, headline: str
) -> None:
    item = whole(text, "", Item(text="", source="x"))
    assert (item.text, item.body) == (headline, text.strip())


@given(st.text(alphabet=st.sampled_from("ab -*1.#>`~|[]x\n\t:<!@"), max_size=200))
def test_any_text_has_items_of_one_line_that_fit(text: str) -> None:
    for item in items_in(text, "n.md"):
        assert item.text
        assert "\n" not in item.text
        assert len(item.text) <= MAX_TEXT


@given(st.lists(st.from_regex(r"[a-z]{3,8} [a-z]{3,8}", fullmatch=True), min_size=1, max_size=20))
def test_no_bullet_is_lost(lines: list[str]) -> None:
    found = items_in("".join(f"- {line}\n" for line in lines), "n.md")
    assert [item.text for item in found] == lines

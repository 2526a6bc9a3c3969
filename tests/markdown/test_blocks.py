from __future__ import annotations

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from gitmem.markdown.blocks import BlockKind, blocks
from tests.support.documents import bodies

FULL_PARSER = MarkdownIt("commonmark")


def first_lines(text: str, kind: BlockKind) -> list[int]:
    return [block.first for block in blocks(text) if block.kind is kind]


def bullets_of_a_full_parser(text: str) -> list[int]:
    found, in_bullets = [], False
    for token in FULL_PARSER.parse(text):
        if token.level == 0 and token.type in {"bullet_list_open", "ordered_list_open"}:
            in_bullets = token.type == "bullet_list_open"
        elif token.level == 1 and token.type == "list_item_open" and in_bullets and token.map:
            found.append(token.map[0])
    return found


def maps_of_a_full_parser(text: str, *names: str) -> list[tuple[int, int]]:
    tokens = [token for token in FULL_PARSER.parse(text) if token.type in names]
    return [(token.map[0], token.map[1]) for token in tokens if token.map and token.level == 0]


@given(bodies())
def test_top_level_bullets_start_where_a_full_parser_sees_them(text: str) -> None:
    assert first_lines(text, BlockKind.BULLET) == bullets_of_a_full_parser(text)


@given(bodies())
def test_headings_start_where_a_full_parser_sees_them(text: str) -> None:
    expected = [first for first, _ in maps_of_a_full_parser(text, "heading_open")]

    assert first_lines(text, BlockKind.HEADING) == expected


@given(bodies())
def test_code_and_comments_are_where_a_full_parser_sees_them(text: str) -> None:
    found = [block for block in blocks(text) if block.kind is BlockKind.OPAQUE]

    expected = maps_of_a_full_parser(text, "fence", "html_block")
    assert [(block.first, block.last + 1) for block in found] == expected


@given(bodies())
def test_no_line_that_says_something_is_left_out_or_in_two_blocks(text: str) -> None:
    covered = [line for block in blocks(text) for line in range(block.first, block.last + 1)]

    assert covered == sorted(set(covered))
    lines = text.split("\n")
    assert {at for at, line in enumerate(lines) if line.strip()} <= set(covered)


@pytest.mark.parametrize(
    ("text", "title", "level"),
    [
        ("## Gotchas ##\n", "Gotchas", 2),
        ("# C#\n", "C#", 1),
        ("###### deep\n", "deep", 6),
        ("#\n", "", 1),
        ("Notes\n=====\n", "Notes", 1),
        ("Notes\n--\n", "Notes", 2),
    ],
)
def test_a_heading_has_its_title_and_level(text: str, title: str, level: int) -> None:
    (block,) = blocks(text)

    assert (block.kind, block.text, block.level) == (BlockKind.HEADING, title, level)


def test_a_wrapped_bullet_with_bullets_and_code_inside_is_one_block() -> None:
    text = "- Run\n  it:\n\n  ```sh\n  make\n  ```\n  - twice\nlazily\n\n- next\n"

    found = [(block.first, block.last, block.text) for block in blocks(text)]

    assert found == [(0, 7, "Run it: ```sh make ``` - twice lazily"), (9, 9, "next")]


def test_a_fence_that_a_bullet_opens_ends_with_the_bullet() -> None:
    assert [block.text for block in blocks("- ```sh\n- next\n")] == ["```sh", "next"]


def test_front_matter_holds_no_blocks() -> None:
    text = "---\nallowed-tools:\n- Bash\n---\n- fact\n"

    assert [(block.text, block.first) for block in blocks(text)] == [("fact", 4)]


def test_front_matter_that_never_closes_is_body() -> None:
    assert first_lines("---\n- fact\n", BlockKind.BULLET) == [1]


def test_a_rule_of_spaced_hyphens_reads_as_a_bullet_so_that_ours_always_reads_back() -> None:
    assert [(block.kind, block.text) for block in blocks("- - -\n")] == [(BlockKind.BULLET, "- -")]

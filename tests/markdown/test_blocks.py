from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from markdown_it import MarkdownIt

from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.memory import instructions, skills
from tests.support.documents import bodies
from tests.support.layouts import INSTRUCTIONS, SKILLS, variants

ROOT = Path(__file__).parents[2]
FULL_PARSER = MarkdownIt("commonmark")
LISTS = {"bullet_list_open": BlockKind.BULLET, "ordered_list_open": BlockKind.NUMBERED}
REAL = [
    path.read_text(encoding="utf-8")
    for folder in ("docs", "hooks", "templates", "tests/data")
    for path in (ROOT / folder).rglob("*.md")
] + [path.read_text(encoding="utf-8") for path in ROOT.glob("*.md")]
LAID_OUT = [
    text for layout in (*SKILLS.values(), *INSTRUCTIONS.values()) for text in variants(layout)
]
GENERATED = [
    *(skills.add_body_lines(text, ["Run `make changelog`."]) for text in SKILLS.values()),
    *(instructions.add_rules(text, ["Run `make changelog`."]) for text in INSTRUCTIONS.values()),
]


def first_lines(text: str, kind: BlockKind) -> list[int]:
    return [block.first for block in blocks(text) if block.kind is kind]


def read(text: str) -> list[tuple[BlockKind, int, int, int]]:
    """Each block that is not prose: kind, first line, line after it (of an item its first), level."""
    return [
        (block.kind, block.first, block.first if block.kind in LISTS.values() else block.last + 1, block.level)
        for block in blocks(text)
        if block.kind is not BlockKind.PROSE
    ]  # fmt: skip


def read_by_a_full_parser(text: str) -> list[tuple[BlockKind, int, int, int]]:
    """The same of the parser, which knows of no front matter."""
    start = front_matter_lines(text) or 0
    listed, seen = BlockKind.BULLET, []
    for token in FULL_PARSER.parse("\n".join(rows(text)[start:]) + "\n"):
        first, end = (line + start for line in token.map or (0, 0))
        if token.level == 0 and token.type in LISTS:
            listed = LISTS[token.type]
        elif token.level == 1 and token.type == "list_item_open":
            seen.append((listed, first, first, 0))
        elif token.level == 0 and token.type == "heading_open":
            seen.append((BlockKind.HEADING, first, end, int(token.tag[1:])))
        elif token.level == 0 and (
            token.type == "fence" or token.content.lstrip().startswith("<!--")
        ):
            seen.append((BlockKind.OPAQUE, first, end, 0))
    return seen


@pytest.mark.parametrize(
    "texts", [REAL, LAID_OUT, GENERATED], ids=["real", "laid out", "generated"]
)
def test_documents_have_the_blocks_that_a_full_parser_sees(texts: list[str]) -> None:
    assert len(texts) > 20

    for text in texts:
        assert read(text) == read_by_a_full_parser(text)


@given(bodies())
def test_any_lines_have_the_blocks_that_a_full_parser_sees(text: str) -> None:
    assert read(text) == read_by_a_full_parser(text)


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

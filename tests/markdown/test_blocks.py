from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitmem.markdown import blocks as module
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.bullets import replace_lines
from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.memory import instructions, skills
from tests.support.documents import LINES, bodies
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
#: More than `LINES` of what people nest.
NESTED = (
    "\t- t", "> - q", "- > q", "1. ```", "- 1. n", "   - three", "    - four", "- [x] box", "\tcode",
    "***bold***", "a", ">", "===", "  ```", "     ```", "- a\tb", "-\t\tcode", "9. nine", "  > x",
)  # fmt: skip


def nested_bodies() -> st.SearchStrategy[str]:
    lines = st.lists(st.sampled_from(LINES + NESTED), max_size=8)
    return lines.map(lambda drawn: "\n".join(["start", "", *drawn, ""]))


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


@given(nested_bodies())
def test_nested_lines_have_the_blocks_that_a_full_parser_sees(text: str) -> None:
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


@pytest.mark.parametrize("drawn", ["***", "* * *", "___", "_ _ _", "---", "-----"])
def test_every_other_rule_is_a_rule(drawn: str) -> None:
    assert [block.kind for block in blocks(f"a\n\n{drawn}\n")] == [BlockKind.PROSE] * 2


def test_bullets_between_tags_are_bullets() -> None:
    text = "<rules>\n- one\n- two\n</rules>\n<details>\n## More\n- three\n</details>\n"

    assert [block.text for block in blocks(text) if block.text] == ["one", "two", "More", "three"]


def test_a_tag_below_a_bullet_is_not_part_of_the_bullet() -> None:
    found = blocks("<details>\n\n- one\n</details>\n")

    assert [(block.kind, block.first, block.last) for block in found] == [
        (BlockKind.PROSE, 0, 0),
        (BlockKind.BULLET, 2, 2),
        (BlockKind.PROSE, 3, 3),
    ]


def test_link_definitions_are_prose_and_not_left_out() -> None:
    found = blocks("- one\n\n[a]: b.md\n[c]: d.md\n")

    assert [(block.kind, block.first, block.last) for block in found] == [
        (BlockKind.BULLET, 0, 0),
        (BlockKind.PROSE, 2, 3),
    ]


@pytest.mark.parametrize("marker", ["- ", "1. ", "> ", ">", "- > "])
@pytest.mark.parametrize("depth", [10, 31, 200, 5000])
def test_what_stands_below_the_deepest_list_is_still_read(marker: str, depth: int) -> None:
    found = blocks(f"{marker * depth}x\n\n# Title\n\n- fact\n")

    assert [block.text for block in found[1:]] == ["Title", "fact"]


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("```\na\n```\n", True),
        ("```\na\n", False),
        ("```\n", False),
        ("````\n```\n", False),
        ("```\n     ```\n", False),
        ("~~~\n~~~~~  \n", True),
        ("<!-- a -->\n", True),
        ("<!--\na\n--> b\n", True),
        ("<!-- a\n\n", False),
    ],
)
def test_a_fence_or_comment_that_runs_to_the_end_of_the_file_is_open(
    text: str, closed: bool
) -> None:
    (block,) = blocks(text)

    assert (block.kind, block.closed) == (BlockKind.OPAQUE, closed)


def test_a_heading_of_two_lines_has_the_words_above_the_line() -> None:
    assert [block.text for block in blocks("a\nNotes\n===\n")] == ["Notes"]


def test_no_more_blocks_are_kept_than_a_close_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_MOST_KEPT", 100)

    for number in range(9):
        assert len(blocks(f"# {number}\n" * 40)) == 40

    assert 0 < sum(map(len, module._kept.values())) <= 100


def test_a_bullet_is_replaced_and_the_tag_below_it_stays() -> None:
    text = "<rules>\n- one\n- two\n</rules>\n"

    after = replace_lines(text, blocks(text)[2], "three")

    assert after == "<rules>\n- one\n- three\n</rules>\n"

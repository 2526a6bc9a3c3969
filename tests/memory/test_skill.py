from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.core.failures import Internal
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.memory.skills import add_body_lines, assert_only_added, front_matter
from tests.support.documents import files, sentences

FRONT = "---\nname: deploy\ndescription: Ship it --- carefully\nallowed-tools: Read\n---\n"
SKILL = FRONT + "\n# Deploy\n\nRun `make`.\n"


@pytest.mark.parametrize(
    ("text", "front"),
    [
        (SKILL, FRONT),
        (SKILL.replace("\n", "\r\n"), FRONT.replace("\n", "\r\n")),
        ("\ufeff" + SKILL, "\ufeff" + FRONT),
        ("---\nx: |\n  ---\n---\n---\n", "---\nx: |\n  ---\n---\n"),
        ("---\na: b\n---", "---\na: b\n---"),
        ("# No front matter\n\n---\n\na\n\n---\n", ""),
        ("\ufeff# Title\n", ""),
        ("", ""),
    ],
)
def test_front_matter_is_split_off_byte_for_byte(text: str, front: str) -> None:
    assert front_matter(text) == (front, text[len(front) :])


@pytest.mark.parametrize("text", ["---\nname: x\n", "---\nname: x\n# Title\n ---\n", "---"])
def test_a_skill_whose_front_matter_never_closes_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="not closed"):
        front_matter(text)
    with pytest.raises(Refused, match="not closed"):
        add_body_lines(text, ["line"])


def test_lines_go_into_a_new_section_at_the_end_and_the_next_ones_below_them() -> None:
    text = add_body_lines(SKILL, ["One.", "Two."])

    assert text == SKILL + "\n## Learned\n\n- One.\n- Two.\n"
    assert add_body_lines(text, ["Three."]) == text + "- Three.\n"


@pytest.mark.parametrize(
    "title",
    [
        "## Gotchas",
        "### PITFALLS",
        "## Lessons learned",
        "## Notes:",
        "## Tips & tricks",
        "Notes\n-----",
    ],
)
def test_lines_go_into_the_section_a_person_has_for_them(title: str) -> None:
    text = f"{SKILL}\n{title}\n\nThese:\n\n* old\n\nMind them.\n\n## Next\n\n- step\n"

    assert add_body_lines(text, ["new"]) == text.replace("* old\n", "* old\n* new\n")


@pytest.mark.parametrize(
    "title", ["## Release notes", "## Steps", "## Take notes of everything", "## Tipping", "## "]
)
def test_a_section_of_another_meaning_is_left_alone(title: str) -> None:
    text = f"{SKILL}\n{title}\n\n- step\n"

    assert add_body_lines(text, ["new"]) == text + "\n## Learned\n\n- new\n"


def test_a_section_without_a_list_gets_one_before_its_subsections() -> None:
    text = SKILL + "\n## Gotchas\n\nNone yet.\n\n### On Macs\n\n- mac\n"

    expected = text.replace("None yet.\n", "None yet.\n\n- new\n")
    assert add_body_lines(text, ["new"]) == expected


def test_the_title_of_the_skill_is_no_section() -> None:
    text = FRONT + "# Notes\n\nHow to take notes.\n\n## Steps\n\n- step\n"

    assert add_body_lines(text, ["new"]) == text + "\n## Learned\n\n- new\n"


@pytest.mark.parametrize("text", ["# Notes\n\n- old\n", "# Steps\n\n- step\n\n# Notes\n\n- old\n"])
def test_a_top_heading_that_is_a_section_is_one(text: str) -> None:
    assert add_body_lines(text, ["new"]) == text + "- new\n"


def test_a_heading_or_list_in_code_is_neither_section_nor_list() -> None:
    code = "\n```md\n## Gotchas\n\n- example\n```\n"
    text = f"{SKILL}{code}\n## Tips\n{code}"

    after = add_body_lines(text, ["new"])

    assert after == text + "\n- new\n"


@pytest.mark.parametrize("section", ["", "## Gotchas\n\n"])
def test_lines_stay_out_of_a_fence_that_never_closes(section: str) -> None:
    text = f"{FRONT}{section}```\n- code\n"

    after = add_body_lines(text, ["new"])

    heading = section or "\n## Learned\n\n"
    assert after == f"{FRONT}{heading}- new\n\n```\n- code\n"
    assert_only_added(text, after)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "## Learned\n\n- new\n"),
        (FRONT, FRONT + "\n## Learned\n\n- new\n"),
        ("---\na: b\n---", "---\na: b\n---\n\n## Learned\n\n- new"),
        ("# T", "# T\n\n## Learned\n\n- new"),
        ("\ufeff# T\r\n", "\ufeff# T\r\n\r\n## Learned\r\n\r\n- new\r\n"),
    ],
)
def test_line_ends_and_what_is_missing_stay_as_they_are(before: str, after: str) -> None:
    assert add_body_lines(before, ["new"]) == after


def test_adding_no_lines_changes_nothing() -> None:
    assert add_body_lines(SKILL, []) == SKILL


@pytest.mark.parametrize("line", ["", "two\n---\nlines", " - x"])
def test_what_is_not_one_line_is_refused(line: str) -> None:
    with pytest.raises(Refused, match="not one line"):
        add_body_lines(SKILL, ["good", line])


@given(files(), st.lists(sentences(), min_size=1, max_size=3))
def test_every_line_becomes_a_bullet_of_the_body_and_nothing_else_changes(
    text: str, lines: list[str]
) -> None:
    after = add_body_lines(text, lines)
    more = add_body_lines(after, ["the last of all"])

    assert_only_added(text, after)
    assert_only_added(after, more)
    found = [block.text for block in blocks(more) if block.kind is BlockKind.BULLET]
    at = found.index("the last of all")
    assert found[at - len(lines) : at] == lines
    assert front_matter(more)[0].rstrip("\r\n") == front_matter(text)[0].rstrip("\r\n")


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (SKILL, SKILL.replace("Read", "Bash") + "- x\n"),
        (SKILL, SKILL.replace("allowed-tools: Read\n", "allowed-tools: Read\nhooks: x\n")),
        (SKILL, SKILL.replace("Run `make`.\n", "")),
        (SKILL, SKILL.replace("Run `make`.", "Run `make x`.")),
        (SKILL, SKILL.replace("make", "!make")),
        (SKILL, SKILL + "plain prose\n"),
        (SKILL, SKILL + "---\n"),
        (SKILL, SKILL + "- x\n```\n"),
        (SKILL, SKILL + "# Learned\n"),
        (SKILL, SKILL.replace("\n", "\r\n")),
        (SKILL, SKILL.removesuffix("\n")),
        (SKILL + "- a\n- a\n", SKILL + "- a\n"),
        (SKILL, "\ufeff" + SKILL),
        (SKILL, "- x\n" + SKILL),
        (SKILL, SKILL.replace("# Deploy\n", "- x\n# Deploy\n") + "- y\n"),
        ("# T\n\nprose\n", "# T\n\nprose\n    - code\n"),
        ("# T\n\n```\ncode\n```\n", "# T\n\n```\n- x\ncode\n```\n"),
        ("# T\n", "---\na: b\n---\n# T\n"),
        ("# T\n- a\n", "# T\n- a - b\n"),
    ],
)
def test_the_proof_rejects_all_but_added_plain_lines(before: str, after: str) -> None:
    with pytest.raises(Internal):
        assert_only_added(before, after)


def test_the_proof_accepts_no_change() -> None:
    assert_only_added(SKILL, SKILL)

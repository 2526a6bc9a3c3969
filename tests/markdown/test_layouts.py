"""An edit of a file that a person wrote: only lines come in, and everything else stays byte for byte."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import front_matter_lines, rows, split_lines
from gitmem.markdown.sections import sections
from gitmem.memory import instructions, skills
from tests.support.documents import sentences
from tests.support.layouts import INSTRUCTIONS, SKILLS, variants

LESSONS = ["Run `make changelog` before the tag.", "Deploys need the VPN (ask ops)."]

_SKILLS = [text for layout in SKILLS.values() for text in variants(layout)]
_INSTRUCTIONS = [text for layout in INSTRUCTIONS.values() for text in variants(layout)]


def added(before: str, after: str) -> list[str]:
    """The lines that came in, without their ends; fails when any other line changed or went."""
    old, new = split_lines(before), split_lines(after)
    if old and new[-1] != old[-1] and not old[-1].endswith("\n"):  # a line follows it now
        old[-1] = next(line for line in reversed(new) if line.rstrip("\r\n") == old[-1])
    came: list[str] = []
    for tag, start, end, first, last in difflib.SequenceMatcher(
        None, old, new, autojunk=False
    ).get_opcodes():
        assert tag in {"equal", "insert"}, (old[start:end], new[first:last])
        came += [line.rstrip("\r\n") for line in new[first:last]] if tag == "insert" else []
    return came


def outline(text: str) -> list[tuple[str, str]]:
    """What a full parser sees of a body, bullets apart: kinds of blocks, and text of code and headings."""
    body = "\n".join(rows(text)[front_matter_lines(text) or 0 :])
    tokens = MarkdownIt("commonmark").enable("table").parse(body)
    return [
        (token.type, token.content if token.type in {"fence", "code_block", "html_block"} else "")
        for token in tokens
        if token.type
        in {"heading_open", "fence", "code_block", "table_open", "blockquote_open", "hr"}
        or token.type == "html_block"
    ]


@pytest.mark.parametrize("name", SKILLS)
@pytest.mark.parametrize("section", ["", "Steps", "Checks", "nowhere"])
def test_a_skill_keeps_every_byte_around_the_lines_it_gets(name: str, section: str) -> None:
    for text in variants(SKILLS[name]):
        after = skills.add_body_lines(text, LESSONS, section=section)

        skills.assert_only_added(text, after)
        front, same = skills.front_matter(text)[0], skills.front_matter(after)[0]
        assert same.rstrip("\r\n") == front.rstrip("\r\n")
        came = [line for line in added(text, after) if line and line != skills.HEADING]
        assert [line.lstrip(" -*+\t") for line in came] == LESSONS
        assert "\r\n" not in after or after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize("name", SKILLS)
def test_a_full_parser_still_sees_the_same_code_tables_and_headings(name: str) -> None:
    text = SKILLS[name]
    after = skills.add_body_lines(text, LESSONS)

    before, seen = outline(text), outline(after)
    more = [kind for kind, _ in seen].count("heading_open")
    assert more - [kind for kind, _ in before].count("heading_open") in {0, 1}
    assert [item for item in seen if item[0] != "heading_open"] == [
        item for item in before if item[0] != "heading_open"
    ]


@pytest.mark.parametrize(
    ("name", "section", "above"),
    [
        ("numbered steps", "Steps", "3. Watch the logs."),
        ("nested list, then links", "Checks", "  2. Look at the logs"),
        ("code in the middle", "Usage", "```"),
        ("table", "Environments", "| production | p.example |"),
        ("stars", "", "* The clock is UTC."),
        ("loose list", "Rules", "  With a reason below it."),
        ("empty section", "Troubleshooting", "## Troubleshooting"),
        ("link definitions at the end", "Steps", "3. Watch the logs."),
        ("numbered steps", "", "## Learned"),
        ("link definitions at the end", "", "## Learned"),
    ],
)
def test_a_line_stands_where_a_person_would_put_it(name: str, section: str, above: str) -> None:
    lines = rows(skills.add_body_lines(SKILLS[name], ["The lesson."], section=section))

    at = next(number for number, line in enumerate(lines) if line.endswith("The lesson."))
    assert [line for line in lines[:at] if line.strip()][-1] == above


@pytest.mark.parametrize("name", ["numbered steps", "loose list", "link definitions at the end"])
def test_a_new_section_stands_before_the_links_that_close_a_skill(name: str) -> None:
    after = skills.add_body_lines(SKILLS[name], ["The lesson."])

    learned = after.index("## Learned")
    assert learned < max(after.find("## References"), after.find("[runbook]:"))


@pytest.mark.parametrize("name", INSTRUCTIONS)
def test_an_instruction_file_gets_its_rule_inside_the_block_and_nowhere_else(name: str) -> None:
    for text in variants(INSTRUCTIONS[name]):
        after = instructions.add_rules(text, LESSONS)

        assert [rule.text for rule in instructions.rules(after)] == ["Old rule.", *LESSONS]
        assert [line for line in added(text, after) if line] == [f"- {line}" for line in LESSONS]


@given(st.sampled_from(_SKILLS), st.lists(sentences(), min_size=1, max_size=3), st.data())
def test_any_sentence_becomes_a_bullet_of_any_section_of_any_layout(
    text: str, lines: list[str], data: st.DataObject
) -> None:
    titles = [part.title for part in sections(text) if not part.is_title]
    section = data.draw(st.sampled_from(["", *titles]))

    after = skills.add_body_lines(text, lines, section=section)

    skills.assert_only_added(text, after)
    found = [block.text for block in blocks(after) if block.kind is BlockKind.BULLET]
    assert any(found[at : at + len(lines)] == lines for at in range(len(found)))


@given(st.sampled_from(_SKILLS), sentences(), st.data())
def test_replacing_a_line_changes_that_line_alone(text: str, new: str, data: st.DataObject) -> None:
    there = skills.replaceable(text)
    if not there:
        return
    old = data.draw(st.sampled_from(there))

    after = skills.replace_body_line(text, old, new)

    skills.assert_only_replaced(text, after)
    before, now = split_lines(text), split_lines(after)
    assert len(before) == len(now)
    assert sum(one != other for one, other in zip(before, now, strict=True)) <= 1


@given(st.sampled_from(_INSTRUCTIONS), sentences())
def test_replacing_a_rule_changes_that_line_alone(text: str, new: str) -> None:
    after = instructions.replace_rule(text, "Old rule.", new)

    before, now = split_lines(text), split_lines(after)
    assert sum(one != other for one, other in zip(before, now, strict=True)) <= 1
    assert instructions.rules(after)[0].text == new

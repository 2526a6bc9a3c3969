from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.markdown.blocks import blocks
from gitmem.memory.instructions import (
    HEADING,
    add_rules,
    as_today,
    block_of,
    has_block,
    own_lines,
    rules,
    transplant_block,
    with_block,
    without_block,
)
from tests.support.documents import files, sentences

BEGIN = "<!-- gitmem:begin -->"
END = "<!-- gitmem:end -->"


def wired(text: str | None, kind: Literal["claude", "agents"] = "claude") -> str:
    return with_block(text, folder="memory", kind=kind)


def can_be_wired(text: str) -> bool:
    return all(block.closed for block in blocks(text))


def texts(text: str) -> list[str]:
    return [rule.text for rule in rules(text)]


def test_the_block_for_claude_imports_the_index_on_a_line_of_its_own() -> None:
    lines = with_block(None, folder="docs/memory", kind="claude").split("\n")

    assert lines[0].startswith("<!-- gitmem:begin ")
    assert lines[0].endswith(" -->")
    assert lines[-2:] == [END, ""]
    assert "@docs/memory/MEMORY.md" in lines


def test_the_block_for_other_clients_names_the_index_in_words_and_imports_it_too() -> None:
    text = wired(None, "agents")

    assert "`memory/MEMORY.md`" in text
    assert "\n@memory/MEMORY.md\n" in text


@pytest.mark.parametrize("kind", ["claude", "agents"])
def test_the_block_names_both_ways_to_capture_and_no_heading_without_rules(
    kind: Literal["claude", "agents"],
) -> None:
    text = wired(None, kind)

    assert "`gitmem flag '" in text
    assert "`gitmem snag '" in text
    assert "#" not in text


def test_the_block_comes_after_a_blank_line_at_the_end() -> None:
    assert wired("# Project\n").startswith("# Project\n\n<!-- gitmem:begin ")


@given(files())
def test_a_file_gets_its_block_once_and_is_restored_byte_for_byte(text: str) -> None:
    assume(can_be_wired(text))

    after = wired(text)

    assert has_block(after)
    assert wired(after) == after
    assert without_block(after) == text
    assert not has_block(text)


@given(files(), st.lists(sentences(), min_size=1, max_size=3), files())
def test_rules_read_back_survive_a_refresh_and_leave_with_the_block(
    text: str, lines: list[str], below: str
) -> None:
    assume(can_be_wired(text))
    below = "\n\nBelow\n" + below.removeprefix("\ufeff").replace("\r", "")
    assume(can_be_wired(below))
    after = add_rules(wired(text), lines)
    changed = after + below

    assert texts(after) == lines
    assert wired(after) == after
    assert without_block(after) == text
    assert texts(changed) == lines
    assert wired(changed, "agents").endswith(below)
    assert without_block(changed).endswith(below)


def test_rules_stand_under_a_heading_of_their_own_and_the_next_ones_below_them() -> None:
    text = add_rules(add_rules(wired("# Project\n"), ["One."]), ["Two.", "Three."])

    expected = f"\n\n{HEADING}\n\n- One.\n- Two.\n- Three.\n\n{END}\n"
    assert text == wired("# Project\n").replace(f"\n\n{END}\n", expected)
    assert [rule.number for rule in rules(text)] == [15, 16, 17]


def test_no_rules_to_add_change_nothing() -> None:
    assert add_rules(wired(None), []) == wired(None)


def test_what_a_person_made_of_the_rules_is_kept_when_the_block_is_refreshed() -> None:
    text = add_rules(wired("# Project\n"), ["One."])
    edited = text.replace("- One.\n", "1. One,\n   wrapped.\n\nA word.\n\n* Two.\n")

    assert wired(edited) == edited
    assert texts(add_rules(edited, ["Three."])) == ["Two.", "Three."]
    assert "* Three.\n" in add_rules(edited, ["Three."])


def test_a_block_of_an_older_version_is_brought_up_to_date_in_its_place() -> None:
    old = f"# P\n\n<!-- gitmem:begin v0 -->\nOld words.\n\n## Rules\n\n- One.\n{END}\nBelow\n"

    new = wired(old)

    assert "Old words." not in new
    assert new.startswith("# P\n\n<!-- gitmem:begin managed")
    assert new.endswith(f"\n\n## Rules\n\n- One.\n\n{END}\nBelow\n")


@pytest.mark.parametrize("kind", ["claude", "agents"])
def test_the_block_says_how_to_name_a_topic(kind: Literal["claude", "agents"]) -> None:
    assert "`--topic NAME`" in with_block(None, folder="memory", kind=kind)


def test_only_what_an_earlier_version_wrote_reads_as_it_does_today() -> None:
    today = wired("# P\n")
    before = today.replace(", with `--topic NAME` where a topic of the index fits, or", ", or")
    edited = before.replace("as soon as", "whenever")

    assert before != today
    assert as_today(before) == today
    assert as_today(edited) == edited
    assert as_today("# P\n") == "# P\n"


def test_a_difference_in_blanks_is_none() -> None:
    """What prettier, markdownlint and mdformat make of a block, and of one of an older version."""
    text = add_rules(wired("# Project\n"), ["One.", "Two."])
    squeezed = text.replace(" -->\n\n", " -->\n").replace(f"\n\n{END}", f"\n{END}")
    spread = text.replace("- Two.", "-  Two.").replace(HEADING, HEADING + "\n")

    assert squeezed != text
    for formatted in (text, squeezed, spread):
        assert wired(formatted) == formatted


def test_rules_need_a_block() -> None:
    with pytest.raises(Refused, match="no managed block"):
        add_rules("# Project\n", ["One."])


def test_a_file_without_a_block_has_no_rules_and_nothing_to_take_out() -> None:
    text = "# Project\n\n- not a rule\n"

    assert (rules(text), block_of(text), without_block(text)) == ([], None, text)


def test_the_block_comes_with_both_marks_and_without_a_final_line_end() -> None:
    text = f"a\r\n\r\n{BEGIN}\r\nx\r\n{END}\r\nb\r\n"

    assert block_of(text) == f"{BEGIN}\r\nx\r\n{END}"


def test_text_of_a_person_below_the_block_does_not_join_what_stands_above_it() -> None:
    assert without_block(f"above\n\n{BEGIN}\n{END}\nbelow\n") == "above\n\nbelow\n"


def test_a_block_that_a_person_moved_up_to_their_text_leaves_all_of_it() -> None:
    assert without_block(f"above\n{BEGIN}\n{END}\n") == "above\n"


def test_rules_whose_heading_a_person_took_away_are_kept() -> None:
    text = add_rules(wired("# Project\n"), ["One."]).replace(f"{HEADING}\n\n", "")

    assert wired(text) == text
    assert texts(text) == ["One."]


def test_a_block_moves_into_a_file_with_edits_of_its_own() -> None:
    proposed = add_rules(wired("# Old\n"), ["One."])
    edited = wired("# New\n").replace("\n", "\r\n") + "mine\r\n"

    after = transplant_block(proposed, edited)

    assert texts(after) == ["One."]
    assert after.startswith("# New\r\n")
    assert after.endswith(f"{END}\r\nmine\r\n")
    assert after.count("\n") == after.count("\r\n")
    assert transplant_block(proposed, "# Bare\n") == add_rules(wired("# Bare\n"), ["One."])


def test_only_a_block_can_be_moved() -> None:
    with pytest.raises(Refused):
        transplant_block("# No block\n", wired(None))


@pytest.mark.parametrize(
    "text",
    [
        f"{BEGIN}\n",
        f"{END}\n",
        f"{END}\n{BEGIN}\n",
        f"{BEGIN}\n{BEGIN}\n{END}\n{END}\n",
        f"{BEGIN}\n{END}\n\n{BEGIN}\n{END}\n",
        f"{BEGIN}\n{END}\n{END}\n",
        f"<!-- gitmem:begin\n-->\n{END}\n",
        f"{BEGIN} mine\n{END}\n",
        f"{BEGIN}\n{END} mine\n",
        f"{BEGIN}\n```\n{END}\n",
        f"<<<<<<< ours\n{BEGIN}\n=======\n{BEGIN}\n>>>>>>> theirs\n{END}\n",
    ],
)
def test_marks_that_are_not_one_pair_are_left_to_a_person(text: str) -> None:
    for use in (has_block, wired, without_block, rules, lambda t: add_rules(t, ["x"])):
        with pytest.raises(NeedsPerson) as caught:
            use(text)
        assert "line" in caught.value.message
        assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        f"```html\n{BEGIN}\n{END}\n```\n",
        f"- like this:\n  {BEGIN}\n  {END}\n",
        f"---\nnote: x\n{BEGIN}\n---\n",
        f"The marks are {BEGIN} and {END}.\n",
        "<!-- gitmem:beginning -->\n",
    ],
)
def test_marks_in_code_lists_front_matter_and_sentences_are_text_about_gitmem(text: str) -> None:
    assert not has_block(text)
    assert without_block(wired(text)) == text


@pytest.mark.parametrize("text", ["# P\n\n```sh\nmake\n", "# P\n\n<!-- todo\n"])
def test_nothing_is_added_below_a_fence_or_comment_that_never_closes(text: str) -> None:
    with pytest.raises(NeedsPerson, match="not closed"):
        wired(text)


@pytest.mark.parametrize("kind", ["claude", "agents"])
def test_the_block_says_how_to_get_at_memory(kind: Literal["claude", "agents"]) -> None:
    text = with_block(None, folder="memory", kind=kind)

    assert "Before you work on a topic, read its file; `gitmem recall WORDS` finds" in text


def test_a_person_s_own_lines_are_those_outside_the_block() -> None:
    own = "# Guide\n\nUse pnpm here.\n\n- Never push to main.\n\n```\nmake\n```\n"
    text = add_rules(wired(own), ["Tag before a release."]) + "\nAsk Ada about billing.\n"

    assert [line.text for line in own_lines(text)] == [
        "Use pnpm here.",
        "Never push to main.",
        "Ask Ada about billing.",
    ]
    assert [line.number for line in own_lines(own)] == [3, 5]

"""A rule and its why: one line that reads back from any file, on one row or on two."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.markdown.rule_text import WIDTH, rows_of, rule_of, why_of, with_why
from gitmem.memory import instructions, path_rules
from gitmem.memory.guard_file import same_rule
from gitmem.memory.topics import facts

LONG = "the build machine has only two cores and the linker of the second one is killed"
WORDS = st.text(alphabet="abc d`(.)", min_size=1, max_size=60).map(str.strip).filter(bool)


@pytest.mark.parametrize(
    ("rule", "why", "line"),
    [
        ("Use pnpm", "npm install rewrote the lock file", "Use pnpm (npm install rewrote the lock file)"),
        ("Use pnpm.", "It broke.", "Use pnpm (It broke)."),
        ("Use pnpm (not npm)", "it broke", "Use pnpm (not npm) (it broke)"),
        ("Use pnpm", "it broke (twice)", "Use pnpm (it broke (twice))"),
        ("Use pnpm", "", "Use pnpm"),
    ],
)  # fmt: skip
def test_a_rule_says_what_went_wrong_behind_it(rule: str, why: str, line: str) -> None:
    assert with_why(rule, why, 400) == line


def test_a_why_that_is_too_long_is_cut_at_a_word_and_a_rest_of_one_is_left_out() -> None:
    assert with_why("Use it", f"{LONG} and more", 90) == f"Use it ({LONG}…)"
    assert with_why("Use it", LONG, 40) == "Use it"


@given(rule=WORDS, why=WORDS)
def test_no_line_is_longer_than_it_may_be(rule: str, why: str) -> None:
    line = with_why(rule, why, len(rule) + 50)

    assert line == rule or len(line) <= len(rule) + 50
    assert line == rule or line.startswith(rule.rstrip(". "))


def test_the_rule_and_the_why_of_a_line_are_told_apart() -> None:
    assert (rule_of("Use a (b) (c (d))."), why_of("Use a (b) (c (d)).")) == ("Use a (b)", "c (d)")
    for line in ("Use a", "(all of it)", "call main()", "Use a (b) c", "Use a b)"):
        assert (rule_of(line), why_of(line)) == (line, "")
    assert same_rule("Use a (it broke)", "Use a.")
    assert same_rule("Use a (it broke)", "Use a (it broke again)")
    assert not same_rule("Use a", "Use b (it broke)")


@pytest.mark.parametrize("lead", ["-", "*"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_long_rule_has_its_why_on_a_row_of_its_own_and_reads_back_as_one_line(
    lead: str, end: str
) -> None:
    line = with_why("Run the linker with one job " * 4, LONG, 1_000)
    assert len(line) > WIDTH
    block = instructions.with_block(None, folder="memory", kind="claude")
    text = block.replace("\n", end)
    if lead != "-":
        text = instructions.add_rules(text, ["first"]).replace("- first", f"{lead} first")

    added = instructions.add_rules(text, [line, "last"])

    assert [rule.text for rule in instructions.rules(added)][-2:] == [line, "last"]
    assert f"{end}  ({LONG}){end}" in added
    assert instructions.replace_rule(added, line, "short").count(LONG) == 0
    back = instructions.replace_rule(added, "last", f"{line} again (and {LONG})")
    assert [rule.text for rule in instructions.rules(back)][-1] == f"{line} again (and {LONG})"


def test_a_rule_for_paths_with_a_long_why_is_replaced_as_one_line() -> None:
    line = with_why("Run the linker with one job " * 4, LONG, 1_000)
    text = path_rules.add_lines(path_rules.new_file(("src/*.c",)), [line, "other"])
    assert f"\n  ({LONG})\n" in text

    after = path_rules.replace_line(text, line, "Run it once")

    assert [fact.text for fact in facts(after)] == ["Run it once", "other"]


@given(rule=WORDS, why=WORDS)
def test_rows_put_together_are_the_line(rule: str, why: str) -> None:
    line = with_why(rule * 4, why * 4, 1_000)

    assert " ".join(rows_of(line)) == line

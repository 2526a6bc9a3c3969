"""Two versions of a memory file that both gained lines."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitmem.memory import topics
from gitmem.review.rebuild import united

BEFORE = "# Facts\n\nProse.\n\n- base\n"


def test_added_lines_of_both_sides_stand_there_once() -> None:
    one = "# Facts, renamed\n\nProse.\n\n- base, corrected\n- of both\n"
    other = BEFORE + "- of both.\n- of the other\n"

    assert united(BEFORE, one, other) == one + "- of the other\n"


def test_it_does_not_matter_which_side_did_more_than_add() -> None:
    one, other = BEFORE + "- of one\n", BEFORE.replace("base", "corrected")

    assert united(BEFORE, one, other) == other + "- of one\n"


def test_two_sides_that_did_more_are_not_for_this_to_decide() -> None:
    assert united(BEFORE, BEFORE.replace("Prose", "One"), BEFORE.replace("base", "two")) is None


facts = st.lists(st.sampled_from(["a", "b", "c", "d", "base"]), max_size=4, unique=True)


@given(one=facts, other=facts)
def test_no_line_of_either_side_is_lost_or_doubled(one: list[str], other: list[str]) -> None:
    first, second = (
        topics.add_facts(BEFORE, [line for line in lines if line != "base"])
        for lines in (one, other)
    )

    text = united(BEFORE, first, second)

    assert text is not None
    found = [line.text for line in topics.facts(text)]
    assert sorted(found) == sorted({*one, *other, "base"})

"""Likeness of words: which section, skill or earlier snag a sentence is about."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.memory import likeness

SECTIONS = [
    ("Installing", "Install the packages with pip."),
    ("Deploying to production", "Run the deploy script, then watch the graphs."),
    ("Rolling back", "Undo the last deploy with the rollback script."),
    ("Notes", "Anything else."),
]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("The rollback script needs the VPN.", 2),
        ("Watch the graphs for an hour after a production deploy.", 1),
        ("Installed packages are cached by pip.", 0),
        ("The staging database is read-only.", None),
        ("the and of", None),
        ('"; DROP TABLE one; --', None),
        ("", None),
    ],
)
def test_the_nearest_document_shares_words_that_say_something(text: str, place: int | None) -> None:
    assert likeness.nearest(text, SECTIONS) == ([] if place is None else [place])


def test_one_word_of_a_title_is_enough_where_a_title_counts_more() -> None:
    assert likeness.nearest("Deploys wait for QA.", SECTIONS) == []
    assert likeness.nearest("Deploys wait for QA.", SECTIONS, title=2) == [1]


def test_nothing_is_near_to_nothing() -> None:
    assert likeness.nearest("text", []) == []


@given(
    st.text(max_size=200),
    st.lists(st.tuples(st.text(max_size=50), st.text(max_size=50)), max_size=5),
)
def test_any_text_may_be_asked_about_any_documents(
    text: str, documents: list[tuple[str, str]]
) -> None:
    found = likeness.nearest(text, documents, most=3)

    assert len(set(found)) == len(found) <= 3
    assert all(0 <= place < len(documents) for place in found)

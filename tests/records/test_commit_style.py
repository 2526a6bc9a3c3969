"""The form of gitmem's proposed commits: any subject, any width, the same words."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from gitmem.records.commit_style import NARROWEST, CommitStyle

_WORDS = st.lists(st.text("abcdefghij.:/", min_size=1, max_size=30), min_size=1, max_size=60)
_LINES = st.lists(st.tuples(st.sampled_from(["", "- ", "  ", "  - "]), _WORDS), max_size=5)


def test_the_subject_says_what_the_commit_does_in_the_repository_s_own_form() -> None:
    style = CommitStyle(subject="chore(memory): {what}")

    assert style.head("file 2 flags") == "chore(memory): file 2 flags"
    assert CommitStyle().head("file 1 flag") == "memory: file 1 flag"


@given(lines=_LINES, width=st.integers(NARROWEST, 120))
def test_no_line_is_wider_than_asked_and_no_word_is_lost(
    lines: list[tuple[str, list[str]]], width: int
) -> None:
    text = "\n".join(lead + " ".join(words) for lead, words in lines)

    wrapped = CommitStyle(width=width).wrapped(text)

    assert wrapped.split() == text.split()
    assert all(len(line) <= width for line in wrapped.split("\n"))
    assert CommitStyle().wrapped(text) == text


def test_what_is_wrapped_stands_under_its_own_text() -> None:
    told = CommitStyle(width=40).wrapped("- " + "word " * 12 + "end")

    assert all(line.startswith(("  word", "  end")) for line in told.split("\n")[1:])


def test_a_word_longer_than_the_width_stays_whole() -> None:
    address = "https://example.org/" + "x" * 90

    assert address in CommitStyle(width=40).wrapped(f"- see {address} for more").split("\n")[1]

"""Names of topic files."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.core.flag import slug


@pytest.mark.parametrize(
    ("raw", "name"), [("Build System", "build-system"), (" ci_cache ", "ci-cache"), ("v2", "v2")]
)
def test_a_topic_is_written_as_a_file_name(raw: str, name: str) -> None:
    assert slug(raw) == name


@pytest.mark.parametrize(
    "raw", ["", "  ", "../x", "a/b", ".git", "-a", "a-", "x" * 41, "café", "a.md", "a\nb\x00"]
)
def test_what_is_no_plain_name_is_refused_with_what_is(raw: str) -> None:
    with pytest.raises(Refused, match="cannot name a topic") as raised:
        slug(raw)

    assert "build-system" in raised.value.hint


@pytest.mark.parametrize("raw", ["MEMORY", "pending", "Claude", "con", "COM1", "lpt9"])
def test_names_that_mean_something_else_are_refused(raw: str) -> None:
    with pytest.raises(Refused, match="reserved"):
        slug(raw)


@given(st.text(max_size=50))
def test_a_slug_is_its_own_slug(raw: str) -> None:
    try:
        name = slug(raw)
    except Refused:
        return
    assert slug(name) == name
    assert name.isascii()


def test_a_name_in_another_script_is_told_which_letters_are_meant() -> None:
    with pytest.raises(Refused) as raised:
        slug("données")

    assert "letters from a to z" in raised.value.hint

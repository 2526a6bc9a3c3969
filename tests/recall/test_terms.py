"""What a text is searched by."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.recall.terms import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Use parseJSONFile", ["parsejsonfile", "parse", "json", "file"]),
        ("DB_URL and max-retries", ["dburl", "db", "url", "max", "retries"]),
        ("src/api/client.py", ["src", "api", "client", "py"]),
        ("port 8080 of HTTPServer2", ["port", "8080", "httpserver2", "http", "server", "2"]),
        ("it doesn\u2019t and won't", []),
        ("the developer's laptop", ["developer", "laptop"]),
        ("Überprüfung schlägt fehl", ["überprüfung", "schlägt", "fehl"]),
        ("並列化 する", ["並列", "列化", "並列化", "する"]),
        ("a b c", []),
        ("", []),
    ],
)
def test_identifiers_are_also_searched_by_their_parts_and_filler_words_by_none(
    text: str, expected: list[str]
) -> None:
    assert terms(text) == expected


@given(st.text())
def test_a_term_has_no_sign_that_a_query_would_read(text: str) -> None:
    assert [term for term in terms(text) if not term.isalnum()] == []


@given(st.text(alphabet="aeouéüñ한글カ\u3099e\u0301 _"))
def test_composed_and_decomposed_letters_give_the_same_terms(text: str) -> None:
    assert terms(unicodedata.normalize("NFD", text)) == terms(text)


def test_a_text_of_many_megabytes_is_read_at_its_beginning_only() -> None:
    assert terms("first " + "x y z " * 1_000_000 + "last") == ["first"]

"""What may be a flag's body: Markdown as a person writes it, and nothing that hides, acts or gives away."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.safety.body import MAX_BODY, clean_body, find_unfit, has_secret

KEY = "AKIA" + "J7XQ2MWN4PRTV5ZB"
LESSON = """\
The first request after a deploy times out.

## What happens

1. The pool opens **lazily**:

   ```python
   @app.on_event("startup")
   def warm() -> None:
   {TAB}pool.open()
   ```

2. The probe asks `/health`, which needs no pool.

| cause | seconds |
|-------|--------:|
| pool  | 4.2     |

> "It is always the pool." (the on-call)

---

日本語の行も、そのまま残る。"""
LESSON = LESSON.replace("{TAB}", "\t")


def test_markdown_as_a_person_writes_it_passes_unchanged() -> None:
    assert clean_body(LESSON) == LESSON


def test_blank_lines_around_it_and_blanks_at_line_ends_go() -> None:
    assert clean_body("\n \t\n  one  \r\n\r\ntwo\t\n\n") == "  one\n\ntwo"


def test_it_is_written_in_normal_form() -> None:
    assert clean_body("cafe\u0301\nna\u0131\u0308ve") == unicodedata.normalize(
        "NFC", "cafe\u0301\nna\u0131\u0308ve"
    )


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("", "it is empty"),
        (" \n\t\n", "it is empty"),
        ("x" * (MAX_BODY + 1), "the limit is 4000"),
        ("x" * 10 * MAX_BODY, "the limit is 4000"),
        ("fine\na\x1b[31mb", "line 2: "),
        ("a\rb", "line 1: "),
        ("a\u202eb", "line 1: "),
        ("```\na\u200bb\n```", "line 2: "),
        ("a\u2028b", "line 1: "),
        ("one\n```\ntwo", "line 2: a code fence begins here and does not end"),
        ("~~~\ntwo\n```", "line 1: a code fence begins here and does not end"),
        ("````\ntwo\n```", "line 1: a code fence begins here and does not end"),
        ("[x]: https://example.com", "line 1: a reference definition"),
        ("- a\n  [x](javascript:alert)", "line 2: a link may not run a script"),
        ("<<<<<<< ours\n", "line 1: it is a conflict marker"),
    ],
)
def test_what_hides_acts_or_breaks_the_file_is_refused(body: str, said: str) -> None:
    with pytest.raises(Refused) as raised:
        clean_body(body)

    assert said in raised.value.message


def test_a_body_at_the_limit_passes() -> None:
    assert len(clean_body("é" * MAX_BODY)) == MAX_BODY


def test_code_may_say_what_a_line_may_not() -> None:
    body = "```html\n<script>@import/url</script>\n<!-- x -->\n```"

    assert clean_body(body) == body


@pytest.mark.parametrize(
    "body",
    [
        f"one\n{KEY}\nthree",
        f"```\nexport KEY={KEY}\n```",
        f"{KEY[:9]}\n{KEY[9:]}",
        f"- {KEY[:9]}\n  {KEY[9:]}",
        f"> {KEY[:9]}\n>\n> {KEY[9:]}",
        f"```sh\ncurl -u x:{KEY[:9]}\\\n{KEY[9:]}\n```",
    ],
    ids=["a line", "code", "parted", "by an indentation", "by a quote", "by a backslash"],
)
def test_a_credential_is_found_in_a_line_in_code_and_over_lines(body: str) -> None:
    with pytest.raises(Refused, match="credential") as raised:
        clean_body(body)
    assert KEY not in raised.value.message
    assert has_secret("", body)
    assert find_unfit(body)


def test_a_credential_is_found_that_begins_in_the_headline() -> None:
    with pytest.raises(Refused, match="credential"):
        clean_body("is\n" + "Tr0ub4dor" + "&3", headline="the admin password")


@given(st.text())
def test_what_passes_reads_back_as_it_is(text: str) -> None:
    try:
        body = clean_body(text)
    except Refused:
        return
    assert clean_body(body) == body
    assert find_unfit(body) is None
    assert len(body) <= MAX_BODY


def test_a_body_that_gitmem_would_not_write_so_is_told_apart() -> None:
    assert find_unfit("a \nb") == "its body is not as gitmem writes one"

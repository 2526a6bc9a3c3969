"""Details files: what is written reads back, and a person's own bytes stay."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.memory import topics
from gitmem.memory.details.sections import (
    DetailsFile,
    emptied,
    headings,
    new_file,
    section_at,
    section_of,
    sections,
    united,
    written,
)
from gitmem.memory.imports import acts
from gitmem.memory.passages import find, line_key
from gitmem.safety.body import clean_body

EMPTY = new_file("db.md")
ROWS = st.sampled_from(
    [
        "", "", "plain words", "# Title", "## Why", "###### deep", "Under", "===", "---", "- item", "  - nested",
        "1. one", "   ```py", "   ```", "```", "```", "~~~", "    code", "\tcode", "> quote", "> ## in a quote",
        "| a | b |", "|---|---|", "@docs/x.md", "see @me", "<b>x</b>", "<!-- x -->", "<!--", "-->", "a  b",
        "[x](y)", "![i](j)", "日本語", "* * *", "#hash", "# ", "#", "- # in a list", "+++", "<div>", "</div>",
    ]
)  # fmt: skip
BODIES = st.lists(ROWS, min_size=1, max_size=14).map("\n".join)
HEADLINES = st.sampled_from(
    [
        "the pool opens late",
        "use C#",
        "a #",
        "# a",
        "- a",
        "1. b",
        "`x` | y",
        "日本",
        "a.",
        "*b*",
        "end --- ",
    ]
).map(str.strip)


def with_body(text: str, line: str, body: str) -> str:
    file = DetailsFile(text)
    file.add(line, body)
    assert file.body(line)
    return file.text()


def without_section(text: str, line: str) -> str:
    file = DetailsFile(text)
    file.remove(line)
    assert not file.has(line)
    return file.text()


def without_body(text: str, line: str, body: str) -> str | None:
    file = DetailsFile(text)
    return file.text() if file.remove_body(line, body) else None


def passing(body: str) -> str:
    """The body as it stands in a file; for what no flag could have, another example is drawn."""
    try:
        return written(clean_body(body))
    except Refused:
        assume(False)
        raise


@given(st.lists(st.tuples(HEADLINES, BODIES), min_size=1, max_size=5))
def test_what_is_written_reads_back_below_its_line(pairs: list[tuple[str, str]]) -> None:
    text, expected = EMPTY, dict[str, str]()
    for headline, raw in pairs:
        body = passing(raw)
        text = with_body(text, headline, body)
        key = topics.fact_key(headline)
        before = expected.get(key, "")
        expected[key] = (
            before if f"\n{body}\n" in f"\n{before}\n" else f"{before}\n\n{body}".strip("\n")
        )

    assert [(topics.fact_key(one.headline), one.body) for one in sections(text)] == [
        *expected.items()
    ]
    for headline, _ in pairs:
        section = section_of(text, headline)
        assert section is not None
        assert section_at(text, section.first + 1) == section
    for headline, _ in pairs:
        text = without_section(text, headline)
    assert emptied(text, "db.md")


@given(BODIES)
def test_a_body_as_it_is_written_stays_so_and_no_client_would_act_on_it(raw: str) -> None:
    body = passing(raw)

    assert passing(body) == body
    assert sections(f"# t\n\n{body}\n") == []
    refusal = acts(f"# t\n\n{body}\n")
    # Marks of code within a list are told as what begins code in a line.
    assert refusal is None or "fence" in refusal.reason


def test_headings_of_a_body_go_below_the_heading_of_its_line() -> None:
    assert written("# A\n\ntext\n\n## B\n\nUnder\n===\n\n> # quoted") == (
        "### A\n\ntext\n\n#### B\n\n### Under\n\n> # quoted"
    )
    assert written("### Deep enough") == "### Deep enough"
    assert written("```\n# a comment\n```") == "```\n# a comment\n```"
    assert written("---\na: b\n---") == "---\n### a: b"


def test_what_a_client_would_load_is_in_backticks_outside_of_code() -> None:
    assert written("- see @docs/x.md\n\n```\n@docs/x.md\n```\n\n1. <b>bold</b>") == (
        "- see `@docs/x.md`\n\n```\n@docs/x.md\n```\n\n1. `<b>`bold`</b>`"
    )


@pytest.mark.parametrize("body", ["```\nopen", "- a\n  ```\nout of the list\n```"])
def test_a_fence_that_does_not_end_is_refused(body: str) -> None:
    with pytest.raises(Refused):
        written(body)


PERSON = (
    "# Our details\r\n\r\nKeep this.\r\n\r\nthe pool opens late\r\n---\r\n\r\nOld words,  with two blanks.\r\n\r\n"
    "## Mine\r\n\r\n- a\r\n"
)


def test_a_persons_bytes_stay_around_what_is_added() -> None:
    after = with_body(PERSON, "the pool opens late", "new")
    head, tail = PERSON.split("## Mine")

    assert after == f"{head.rstrip()}\r\n\r\nnew\r\n\r\n## Mine{tail}"
    assert with_body(PERSON, "another", "x\ny") == f"{PERSON}\r\n## another\r\n\r\nx\r\ny\r\n"


def test_a_section_goes_and_is_renamed_without_its_neighbours() -> None:
    file = DetailsFile(PERSON)
    file.rename("the pool opens late", "the pool opens at once")

    assert file.text() == PERSON.replace(
        "the pool opens late\r\n---\r\n", "## the pool opens at once\r\n"
    )
    assert [one.headline for one in sections(without_section(PERSON, "the pool opens late"))] == [
        "Mine"
    ]
    assert without_section(PERSON, "no such line") == PERSON


def test_one_body_of_several_goes_alone() -> None:
    text = with_body(with_body(EMPTY, "a", "one\n\ntwo"), "a", "three")

    assert without_body(text, "a", "one\n\ntwo") == with_body(EMPTY, "a", "three")
    assert without_body(text, "a", "three") == with_body(EMPTY, "a", "one\n\ntwo")
    assert without_body(with_body(EMPTY, "a", "three"), "a", "three") == EMPTY
    assert without_body(text.replace("two", "2"), "a", "one\n\ntwo") is None


def test_a_file_that_a_person_left_open_takes_no_body() -> None:
    with pytest.raises(Refused):
        with_body(EMPTY + "\n```\nopen\n", "a", "b")


def test_two_reviews_that_added_bodies_are_united() -> None:
    base = with_body(EMPTY, "a", "one")
    mine, theirs = with_body(base, "b", "two"), with_body(with_body(base, "c", "3"), "a", "more")

    both = united(base, mine, theirs)
    assert both is not None
    assert {one.headline: one.body for one in sections(both)} == {
        "a": "one\n\nmore",
        "b": "two",
        "c": "3",
    }
    assert united(base, mine.replace("one", "1"), theirs.replace("one", "I")) is None


LINK = topics.link_of("memory/db.md")


def test_a_line_is_its_words_without_the_link_to_its_body() -> None:
    text = topics.add_facts(topics.new_topic_file("db"), [f"the pool opens late{LINK}", "other"])

    assert LINK == " ([details](details/db.md))"
    assert [fact.text for fact in topics.facts(text)] == ["the pool opens late", "other"]
    assert line_key(f"the pool opens late.{LINK}") == line_key("the pool opens late")
    assert find("memory/db.md", text, "the pool opens late")[0].text == "the pool opens late"
    assert acts(text) is None
    after = topics.replace_fact(text, "the pool opens late", "it opens at once")
    assert [fact.text for fact in topics.facts(after)] == ["it opens at once", "other"]
    assert LINK not in after


def test_a_link_goes_to_the_end_of_a_line_and_nothing_else_changes() -> None:
    text = "# t\n\n- one\n- a line\n  that wraps  \n- [x] last\n"

    assert topics.with_link(text, "a line that wraps", LINK) == text.replace(
        "wraps  ", f"wraps{LINK}"
    )
    assert topics.with_link(text, "no such line", LINK) == text
    code = "- a\n  ```\n  x\n  ```\n"
    assert topics.with_link(code, topics.facts(code)[0].text, LINK) == code


def test_a_line_that_a_person_reworded_keeps_its_body_where_only_one_can_be_meant() -> None:
    details = with_body(with_body(with_body(EMPTY, "one", "1"), "two", "2"), "three", "3")
    lines = f"- one{LINK}\n- [ ] 2nd{LINK}\n- three{LINK}\n- without\n"

    assert headings(lines, details) == {"one": "one", "2nd": "two", "three": "three"}
    assert headings(lines.replace("three", "third"), details) == {
        "one": "one",
        "2nd": "two",
        "third": "three",
    }
    assert headings(lines.replace(f"- three{LINK}\n", ""), details) == {"one": "one"}

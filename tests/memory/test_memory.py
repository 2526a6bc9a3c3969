from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.errors import Refused
from gitmem.markdown.lines import front_value
from gitmem.memory.topics import (
    add_facts,
    add_pending,
    default_topic,
    fact_key,
    facts,
    new_pending_file,
    new_topic_file,
    pending,
    remove_fact,
    replace_fact,
)
from tests.support.documents import files, sentences


def texts(text: str) -> list[str]:
    return [fact.text for fact in facts(text)]


def test_a_new_topic_file_is_plain_markdown_with_front_matter() -> None:
    assert new_topic_file("decisions") == (
        "---\nname: decisions\ndescription: Decisions made in this repository, and why.\n---\n\n"
        "# Decisions\n"
    )


def test_a_topic_nobody_described_is_described_by_its_name_alone() -> None:
    text = new_topic_file("build-system")

    assert front_value(text, "description") == "What was learned about build system."
    assert text.endswith("\n# Build system\n")


@pytest.mark.parametrize(
    "description", ["Say: this # and that", 'a "quoted" \\ one', "- a dash", "@at", "yes", "ça"]
)
def test_a_description_reads_back_whatever_yaml_would_make_of_it(description: str) -> None:
    assert front_value(new_topic_file("build", description), "description") == description


@pytest.mark.parametrize("topic", ["on", "null", "2024", "1e3", "y"])
def test_a_topic_that_yaml_would_not_read_as_text_is_quoted(topic: str) -> None:
    assert f'\nname: "{topic}"\n' in new_topic_file(topic)


def test_the_first_facts_stand_below_the_heading_and_the_next_below_them() -> None:
    text = add_facts(new_topic_file("facts"), ["One.", "Two."])

    assert text.endswith("# Facts\n\n- One.\n- Two.\n")
    assert add_facts(text, ["Three."]) == text + "- Three.\n"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "- new\n"),
        ("# T", "# T\n\n- new"),
        ("- a", "- a\n- new"),
        ("\ufeff# T\r\n", "\ufeff# T\r\n\r\n- new\r\n"),
        ("- a\n\n- b\n", "- a\n\n- b\n\n- new\n"),
        ("* a\n* b\n", "* a\n* b\n* new\n"),
        ("- a\n\n## Old\n\n- b\n\nThe end.\n", "- a\n\n## Old\n\n- b\n- new\n\nThe end.\n"),
        ("- a\n# Next\n", "- a\n- new\n\n# Next\n"),
        ("- a\n  wrapped\n  - nested\n\nEnd\n", "- a\n  wrapped\n  - nested\n- new\n\nEnd\n"),
        ("- a\n\n```\nnever closed\n", "- a\n- new\n\n```\nnever closed\n"),
        ("```\nnever closed\n", "- new\n\n```\nnever closed\n"),
        ("---\nname: x\n---\n", "---\nname: x\n---\n\n- new\n"),
        ("<!--\n- an example\n-->\n", "<!--\n- an example\n-->\n\n- new\n"),
        ("1. a\n2. b\n", "1. a\n2. b\n\n- new\n"),
        ("* a\n", "* a\n* new\n"),
        ("-   a\n-   b\n", "-   a\n-   b\n-   new\n"),
        ("  ```\nnever closed\n", "-  new\n\n  ```\nnever closed\n"),
        ("   -    a\n\n      code\n", "   -    a\n   -    new\n\n      code\n"),
        ("-\n\n      code\n", "-\n\n      code\n\n- new\n"),
    ],
)
def test_a_fact_is_added_where_a_person_would_write_it(before: str, after: str) -> None:
    assert add_facts(before, ["new"]) == after


def test_a_line_that_would_draw_a_rule_with_the_marker_of_its_list_gets_another() -> None:
    assert add_facts("* a\n", ["* *"]) == "* a\n- * *\n"
    assert texts("* a\n- * *\n") == ["a", "* *"]


def test_adding_no_facts_changes_nothing() -> None:
    assert add_facts("# T", []) == "# T"


@given(files(), st.lists(sentences(), min_size=1, max_size=3))
def test_every_added_line_reads_back_as_written_after_the_old_ones(
    text: str, lines: list[str]
) -> None:
    assert texts(add_facts(text, lines)) == [*texts(text), *lines]


@given(files(), sentences())
def test_adding_touches_no_other_byte(text: str, line: str) -> None:
    after = add_facts(text, [line])

    places = range(len(text) + 1)
    extra = len(after) - len(text)
    assert any(text[:at] == after[:at] and text[at:] == after[at + extra :] for at in places)
    assert after.endswith("\n") is (text.endswith("\n") or text in {"", "\ufeff"})
    if "\r\n" in text:
        assert after.count("\n") == after.count("\r\n")


@pytest.mark.parametrize("line", ["", " ", "two\nlines", "two\rlines", " blank before", "after "])
def test_what_is_not_one_line_is_never_written(line: str) -> None:
    with pytest.raises(Refused, match="not one line"):
        add_facts("# T\n", [line])


def test_a_fact_is_known_by_its_text_on_one_line_and_its_line_number() -> None:
    text = new_topic_file("facts") + "\n- One\n  wrapped.\n\n```\n- code\n```\n\n* Two\n"

    assert [(fact.text, fact.number) for fact in facts(text)] == [("One wrapped.", 8), ("Two", 15)]


@given(files(), sentences(), sentences())
def test_a_replaced_fact_reads_as_the_new_one_in_its_place(text: str, old: str, new: str) -> None:
    text = add_facts(text, [old, "last"])
    at = texts(text).index(old)

    after = replace_fact(text, old, new)

    assert texts(after) == [*texts(text)[:at], new, *texts(text)[at + 1 :]]
    assert after.endswith("\n") is text.endswith("\n")


@given(files(), st.data())
def test_a_change_of_any_fact_changes_no_other_or_is_refused(
    text: str, data: st.DataObject
) -> None:
    text = add_facts(text, ["one"])
    before = texts(text)
    old = data.draw(st.sampled_from(before))
    at = before.index(old)

    with suppress(Refused):
        assert texts(replace_fact(text, old, "new")) == [*before[:at], "new", *before[at + 1 :]]
    with suppress(Refused):
        assert texts(remove_fact(text, old)) == [*before[:at], *before[at + 1 :]]


def test_a_change_that_would_pull_other_text_into_a_fact_is_refused() -> None:
    with pytest.raises(Refused, match="without changing its neighbours"):
        remove_fact("- one\n-\ttwo\n\n  not of a fact\n", "two")


def test_replacing_keeps_marker_line_end_and_byte_order_mark() -> None:
    text = "\ufeff* one\r\n  wrapped\r\n* two\r\n"

    assert replace_fact(text, "one wrapped", "new") == "\ufeff* new\r\n* two\r\n"


@given(files(), sentences())
def test_a_removed_fact_is_gone_and_the_others_are_not(text: str, line: str) -> None:
    before = texts(text)
    if line in before:
        return

    assert texts(remove_fact(add_facts(text, [line]), line)) == before


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("- a\n- b\n- c\n", "- a\n- c\n"),
        ("- a\n\n- b\n\n- c\n", "- a\n\n- c\n"),
        ("# T\n\n- b\n", "# T\n"),
        ("- a\n- b", "- a"),
        ("- a\r\n- b", "- a"),
        ("\ufeff- b\n- c\n", "\ufeff- c\n"),
        ("- b", ""),
    ],
)
def test_removing_leaves_no_hole(before: str, after: str) -> None:
    assert remove_fact(before, "b") == after


@pytest.mark.parametrize("change", [remove_fact, lambda text, old: replace_fact(text, old, "new")])
def test_a_fact_that_is_not_there_is_refused(change: object) -> None:
    assert callable(change)
    with pytest.raises(Refused, match="no line reads 'b'"):
        change("- a b\n\n```\n- b\n```\n", "b")


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Use uv.", "Use uv", True),
        ("Use  uv\u00a0for locking", "Use uv for locking.", True),
        ("caf\u00e9", "cafe\u0301", True),
        ("Use uv .", "Use uv", True),
        ("PATH", "path", False),
        ("wait...", "wait", False),
        ("Use uv!", "Use uv", False),
        ("Use uv for locking", "Use uv", False),
    ],
)
def test_duplicates_differ_in_blanks_composition_or_a_full_stop_only(
    one: str, other: str, same: bool
) -> None:
    assert (fact_key(one) == fact_key(other)) is same


def test_the_kinds_that_become_memory_have_topics_and_the_others_do_not() -> None:
    kinds = ("fact", "decision", "gotcha", "preference")
    assert [default_topic(kind) for kind in kinds] == [
        "facts",
        "decisions",
        "gotchas",
        "preferences",
    ]
    for kind in ("pending", "snag", "other"):
        with pytest.raises(Refused, match="has no topic file"):
            default_topic(kind)


def test_pending_items_are_open_boxes() -> None:
    text = add_pending(new_pending_file(), ["Ask about the pool.", "Drop 3.10?"])

    assert text == new_pending_file() + "\n- [ ] Ask about the pool.\n- [ ] Drop 3.10?\n"
    assert [item.text for item in pending(text)] == ["Ask about the pool.", "Drop 3.10?"]


@given(files(), sentences())
def test_a_pending_line_reads_back_as_written(text: str, line: str) -> None:
    assert pending(add_pending(text, [line]))[-1].text == line


def test_a_ticked_box_is_settled_and_a_bullet_without_a_box_is_open() -> None:
    text = "- [x] done\n- [X] done\n- [ ] open\n- a person's\n- [ ]\n- [link](x.md)\n"

    found = [(item.text, item.number) for item in pending(text)]

    assert found == [("open", 3), ("a person's", 4), ("[link](x.md)", 6)]


@pytest.mark.parametrize(
    ("topic", "title"),
    [
        ("ci", "# CI"),
        ("build-system", "# Build system"),
        ("github-api", "# GitHub API"),
        ("testing", "# Testing"),
        ("my-sql-db", "# My SQL DB"),
        ("city", "# City"),
    ],
)
def test_the_heading_of_a_topic_is_written_as_a_person_writes_it(topic: str, title: str) -> None:
    assert title in new_topic_file(topic).splitlines()

"""Which existing lines a question shows."""

from __future__ import annotations

from gitmem.core.flag import make
from gitmem.drain.model_engine import LINES, narrow
from gitmem.drain.plan import Plan, Request, Work, make_plan
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryLine
from tests.support.queues import new_flag

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def plan_of(texts: list[str], lines: list[str], kind: str = "fact") -> Plan:
    flags = [
        make({"id": "b" * 10 + LETTERS[n // 32] + LETTERS[n % 32], "kind": kind, "text": text})
        for n, text in enumerate(texts)
    ]
    name = "PENDING" if kind == "pending" else "facts"
    existing = tuple(MemoryLine(file=f"memory/{name}.md", text=line) for line in lines)
    return make_plan(flags, Places(folder="memory", lines=existing), {})


def shown(plan: Plan) -> list[list[str]]:
    return [[line.text for line in request.existing] for request in narrow(plan).requests]


def test_a_small_memory_is_shown_whole() -> None:
    lines = [f"line {number}" for number in range(LINES)]

    assert shown(plan_of(["nothing alike"], lines)) == [lines]


def test_of_a_large_memory_the_lines_about_the_same_are_shown_in_their_order() -> None:
    other = [f"unrelated remark {number}" for number in range(500)]
    near = ["the cache is warmed at boot", "the cache expires hourly"]

    assert shown(plan_of(["cache warming is slow"], [*other, *near])) == [near]


def test_no_line_is_shown_twice_and_each_goes_where_it_is_nearest() -> None:
    texts = ["the compiler needs clang"] * 32 + ["the printer needs toner"] * 32
    lines = [f"remark {number}" for number in range(80)]
    lines += ["the printer and the compiler", "clang for the compiler", "toner for the printer"]

    first, second = shown(plan_of(texts, lines))

    assert "clang for the compiler" in first
    assert "toner for the printer" in second
    assert not set(first) & set(second)


def test_words_that_mean_something_to_the_index_are_words() -> None:
    lines = [f"remark {number}" for number in range(80)]
    for text in (
        '"AND" OR NOT (x*) NEAR/2 ^a:b',
        "'; DROP TABLE line; --",
        "ab",
        "\u00e9\u00df\u4e2d",
    ):
        assert shown(plan_of([text], lines)) == [[]]


def test_other_questions_keep_the_lines_of_their_own_file() -> None:
    lines = [f"question {number}" for number in range(100)]
    request = narrow(plan_of(["who?"], lines, "pending")).requests[0]

    assert request.work is Work.PENDING
    assert [line.text for line in request.existing] == lines[:LINES]


def test_of_a_long_file_the_nearest_line_is_shown_and_an_endless_one_is_not() -> None:
    own = tuple(MemoryLine(file="CLAUDE.md", text=f"rule {number}") for number in range(200))
    near = MemoryLine(file="CLAUDE.md", text="run the linter before a commit")
    endless = MemoryLine(file="CLAUDE.md", text="linter " * 1000)
    snag = new_flag("the build broke", kind="snag", better="run the linter first")
    request = Request(
        work=Work.RULES, flags=(snag,), files=("CLAUDE.md",), existing=(*own, endless, near)
    )

    (narrowed,) = narrow(Plan(requests=(request,))).requests

    assert len(narrowed.existing) == LINES
    assert near in narrowed.existing
    assert endless not in narrowed.existing

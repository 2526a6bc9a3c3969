"""Which existing lines a question shows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gitmem.core.flag import make
from gitmem.drain.plan import CHUNK, Plan, Request, Work, make_plan
from gitmem.drain.shown.nearest import LINES, among, narrow
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


def test_a_line_that_two_questions_want_is_shown_in_both_and_once_in_each() -> None:
    texts = ["the compiler needs clang"] * 32 + ["the printer needs toner"] * 32
    both = "the printer and the compiler"
    lines = [f"remark {number}" for number in range(80)]
    lines += [both, "clang for the compiler", "toner for the printer"]

    first, second = shown(plan_of(texts, lines))

    assert set(first) == {both, "clang for the compiler"}
    assert set(second) == {both, "toner for the printer"}
    assert len(set(first)) == len(first)


@pytest.mark.parametrize("long_first", [True, False])
def test_a_long_flag_and_short_ones_leave_each_other_room(long_first: bool) -> None:
    words = [f"word{letter}{number}" for letter in "abcdefgh" for number in range(10)]
    long_flag = "the tile cache expires hourly since the outage " + " ".join(words)
    short = [f"gauge{number}x is broken" for number in range(31)]
    texts = [long_flag, *short] if long_first else [*short, long_flag]
    lines = [f"{word} {other}" for word in words for other in words[:20]]
    lines += [f"gauge{number}x works" for number in range(31)]
    stale = "tile cache expires daily"

    (seen,) = shown(plan_of(texts, [*lines, stale]))

    assert stale in seen
    assert sum(line.endswith("works") for line in seen) == 31
    assert len(seen) <= LINES


@pytest.mark.parametrize(
    ("flag", "line"),
    [
        ("the build retries twice", "retrying builds is off"),
        ("max_gap_samples replaces it", "set maxGapSamples for each station"),
        ("src/decode was moved", "decoders are below src/decode/frames.py"),
        ("\u6f6e\u4f4d\u306e\u8b66\u5831\u306f\u4e09\u5341\u5206\u524d", "\u6f6e\u4f4d\u306e\u8b66\u5831\u306f\u5341\u5206\u524d"),
        ("it is not the proxy that the wind merger needs", "wind merger needs a mast"),
    ],
)  # fmt: skip
def test_other_forms_of_a_word_find_the_line(flag: str, line: str) -> None:
    others = [f"it is not what that should be with the {number}" for number in range(200)]

    assert shown(plan_of([flag], [*others, line])) == [[line]]


def test_open_items_and_instructions_have_a_share_of_the_room() -> None:
    def many(file: str) -> tuple[MemoryLine, ...]:
        return tuple(
            MemoryLine(file=file, text=f"gauge{number}x of {file}") for number in range(200)
        )

    request = Request(
        work=Work.MEMORY,
        flags=(new_flag("the cache is cold"),),
        files=("memory/facts.md",),
        existing=many("memory/facts.md"),
        pending_lines=many("memory/PENDING.md"),
        fixed_lines=many("CLAUDE.md"),
    )
    flags = tuple(new_flag(f"gauge{number}x is cold") for number in range(CHUNK))

    (one,) = narrow(Plan(requests=(replace(request, flags=flags),))).requests

    assert len((*one.existing, *one.pending_lines, *one.fixed_lines)) <= LINES
    assert 0 < len(one.pending_lines) <= 16
    assert 0 < len(one.fixed_lines) <= 16
    assert len(one.existing) >= 8


def test_no_line_that_looks_like_a_credential_is_shown_wherever_it_stands() -> None:
    secret = MemoryLine(file="CLAUDE.md", text="the token is gh" + "p_" + "a1B2" * 9)
    request = Request(
        work=Work.MEMORY,
        flags=(new_flag("the token is old"),),
        files=("memory/facts.md",),
        existing=(secret,),
        pending_lines=(secret,),
        fixed_lines=(secret,),
    )

    (one,) = narrow(Plan(requests=(request,))).requests

    assert one.existing == one.pending_lines == one.fixed_lines == ()


def test_a_half_of_a_question_keeps_the_lines_of_its_own_flags() -> None:
    texts = [f"gauge{number}x is broken" for number in range(CHUNK)]
    lines = [f"gauge{number}x works" for number in range(CHUNK)] + [
        f"remark {n}" for n in range(100)
    ]
    (request,) = narrow(plan_of(texts, lines)).requests

    half = among(replace(request, flags=request.flags[16:]), LINES // 2)

    assert {line.text for line in half.existing} >= set(lines[16:CHUNK])
    assert len(half.existing) <= LINES // 2


def test_words_that_mean_something_to_the_index_are_words() -> None:
    lines = [f"remark {number}" for number in range(80)]
    for text in (
        '"AND" OR NOT (x*) NEAR/x ^a:b',
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

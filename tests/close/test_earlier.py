"""What an earlier close judged is used again while it holds, and is asked for again when it does not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from gitmem.close.judgement import Judgement, split
from gitmem.core.flag import Flag, parse
from gitmem.core.jsonline import dumps
from gitmem.drain.gate import check
from gitmem.drain.plan import Op, Plan, Request, make_plan
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryLine
from gitmem.records.drain_record import Fate, Outcome

THERE = MemoryLine(file="memory/facts.md", text="the port is 80")


def flag(letter: str, text: str, kind: str = "fact", **fields: str) -> Flag:
    return parse(dumps({"v": 1, "id": letter * 12, "kind": kind, "text": text, **fields}))


ONE = flag("a", "the port is 8080")
TWO = flag("b", "the cache is on disk")
SAME = flag("e", "port is 80")
ALSO = flag("f", "the port is 8080 here")
SNAG = flag("c", "it hung", "snag", better="run it with --offline")
OPEN = flag("d", "who owns it?", "pending")


def plan(*flags: Flag, lines: tuple[MemoryLine, ...] = (THERE,)) -> Plan:
    return make_plan(flags, Places(folder="memory", lines=lines), {})


def outcome(of: Flag, fate: Fate = Fate.ADDED, **fields: Any) -> Outcome:
    usual = Outcome(flag=of, fate=fate, file="memory/facts.md", line=of.text)
    return replace(usual, **fields)


def told(asked: Plan, *outcomes: Outcome, new: tuple[MemoryLine, ...] = ()) -> list[Request]:
    """The requests that carry a judgement; every flag is in these or in the rest, and passes the gate."""
    rest, carried = split(asked, Judgement(outcomes=outcomes, engine="x", model="m", new=new))
    left = [one.id for request in rest.requests for one in request.flags]
    kept = [one.id for request in carried for one in request.flags]
    assert sorted(left + kept) == sorted(asked.flags)
    for request in carried:
        assert request.told_by == ("x", "m")
        assert not check(request, request.told, folder="memory").left
    return list(carried)


def test_every_kind_of_judgement_comes_back_as_the_operation_it_was() -> None:
    carried = told(
        plan(ONE, TWO, SNAG, OPEN),
        outcome(ONE, Fate.SUPERSEDED, survivor=THERE.text),
        outcome(TWO, Fate.SKIPPED, file="", line="", reason="no use"),
        outcome(SNAG, Fate.EDITED, file="CLAUDE.md", line="run it with --offline"),
        outcome(OPEN, Fate.PENDING, file="memory/PENDING.md"),
    )

    assert {op.op for request in carried for op in request.told} == {
        Op.SUPERSEDE, Op.SKIP, Op.EDIT, Op.PENDING,
    }  # fmt: skip


def test_flags_that_were_merged_into_one_line_stay_one_operation() -> None:
    line = "the port is 8080 and the cache is on disk"
    both = [outcome(of, Fate.MERGED, line=line) for of in (ONE, TWO)]

    [request] = told(plan(ONE, TWO), *both)

    assert [operation.flags for operation in request.told] == [(ONE.id, TWO.id)]
    assert told(plan(ONE), *both) == []


@pytest.mark.parametrize(
    "gone",
    [
        outcome(ONE, Fate.SUPERSEDED, survivor="a line that is not there"),
        outcome(ONE, Fate.MERGED, survivor="a line that is not there"),
        outcome(ONE, Fate.DUPLICATE, file="", line="", survivor="memory/facts.md: gone"),
        outcome(ONE, Fate.DUPLICATE, file="", line="", survivor=TWO.id),
        outcome(ONE, file="memory/of-nobody.md"),
        outcome(ONE, Fate.EDITED, file="CLAUDE.md"),
    ],
    ids=lambda one: f"{one.fate} {one.survivor or one.file}",
)
def test_what_no_longer_fits_is_asked_again(gone: Outcome) -> None:
    assert told(plan(ONE), gone) == []


@pytest.mark.parametrize("survivor", [THERE.text, f"{THERE.file}: {THERE.text}"])
def test_a_duplicate_holds_while_its_survivor_is_there(survivor: str) -> None:
    same = outcome(SAME, Fate.DUPLICATE, file="", line="", survivor=survivor)

    [request] = told(plan(SAME), same)

    assert request.told[0].survivor == THERE.text
    replaced = outcome(ONE, Fate.SUPERSEDED, survivor=THERE.text)
    assert [one.flags for r in told(plan(ONE, SAME), same, replaced) for one in r.told] == [
        (ONE.id,)
    ]


def test_a_duplicate_of_another_flag_holds_while_that_one_s_line_is_filed() -> None:
    same = outcome(ALSO, Fate.DUPLICATE, file="", line="", survivor=ONE.id)

    [request] = told(plan(ONE, ALSO), outcome(ONE), same)

    assert len({key for one in request.told for key in one.flags}) == 2
    skipped = outcome(ONE, Fate.SKIPPED, file="", line="", reason="no use")
    assert [one.flags for r in told(plan(ONE, ALSO), skipped, same) for one in r.told] == [
        (ONE.id,)
    ]


@pytest.mark.parametrize(
    ("line", "again"),
    [
        ("the port is 9090", True),
        ("port 8080 is for the proxy", True),
        ("the build needs Java 21", False),
        ("", False),
    ],
)
def test_a_new_line_that_may_be_about_the_same_thing_is_a_reason_to_ask(
    line: str, again: bool
) -> None:
    new = MemoryLine(file="memory/facts.md", text=line)

    carried = told(plan(ONE, lines=(THERE, new)), outcome(ONE), new=(new,))

    assert (carried == []) is again


def test_a_wording_that_the_flags_do_not_bear_out_becomes_the_flag_s_own_words() -> None:
    [request] = told(plan(ONE), outcome(ONE, line="the port is 4711"))

    assert request.told[0].text == ONE.text


def test_judgements_of_several_chunks_come_back_together() -> None:
    flags = [flag(chr(97 + number % 26), f"fact {number}") for number in range(26)]
    asked = plan(*flags)
    cut = Plan(
        requests=tuple(
            Request(
                work=asked.requests[0].work, flags=asked.requests[0].flags[start : start + 9],
                files=asked.requests[0].files, existing=(THERE,), usual=asked.requests[0].usual,
            )
            for start in range(0, 26, 9)
        ),
        flags=asked.flags,
    )  # fmt: skip

    [request] = told(cut, *[outcome(one) for one in flags])

    assert len(request.told) == 26

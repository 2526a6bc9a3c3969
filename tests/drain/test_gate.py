"""The gate: every flag in exactly one place, whatever an engine answers."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.drain.gate import GateResult, check
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.memory.tree import MemoryLine
from gitmem.safety.paths import PathKind, writable
from tests.support.operations import FOLDER, IDS, flags, operations, requests

ONE, TWO, THREE = IDS[:3]
REQUEST = Request(
    work=Work.MEMORY,
    flags=flags(3),
    files=("memory/facts.md", "CLAUDE.md", "../etc/passwd", "memory/MEMORY/x.md"),
    existing=(MemoryLine(file="memory/facts.md", text="known"),),
)


def keep(*ids: str, text: str = "a line", file: str = "memory/facts.md") -> Operation:
    return Operation(op=Op.KEEP, flags=ids, file=file, text=text)


def duplicate(flag_id: str, survivor: str) -> Operation:
    return Operation(op=Op.DUPLICATE, flags=(flag_id,), survivor=survivor)


def judged(*given_operations: Operation, request: Request = REQUEST) -> GateResult:
    return check(request, given_operations, folder=FOLDER)


def reason(*given_operations: Operation, request: Request = REQUEST) -> str:
    """Why the first flag stays queued."""
    left = judged(*given_operations, request=request).left
    return next(item.reason for item in left if item.id == ONE)


def test_a_sound_answer_passes_whole() -> None:
    answer = (
        keep(ONE),
        duplicate(TWO, ONE),
        Operation(op=Op.SKIP, flags=(THREE,), reason="chatter"),
    )

    assert judged(*answer) == GateResult(operations=answer, left=())


@pytest.mark.parametrize(
    ("operation", "said"),
    [
        (keep(ONE, "zzz"), "a flag that it was not given"),
        (keep(ONE, ONE), "more than once"),
        (Operation(op=Op.EDIT, flags=(ONE,), file="CLAUDE.md", text="x"), "may not edit here"),
        (Operation(op=Op.SKIP, flags=(ONE,)), "no reason"),
        (duplicate(ONE, "not there"), "without naming what survives"),
        (duplicate(ONE, ONE), "without naming what survives"),
        (keep(ONE, file="memory/other.md"), "not among the targets"),
        (keep(ONE, file="../etc/passwd"), "does not write"),
        (keep(ONE, file="memory/MEMORY/x.md"), "cannot name a topic"),
        (keep(ONE, text=""), "no text"),
        (keep(ONE, text="  "), "no text"),
        (keep(ONE, text="x" * 1001), "1001 characters"),
        (keep(ONE, text="a\u202eb"), "U+202E"),
        (keep(ONE, text="[x](javascript:alert(1))"), "run a script"),
        (keep(ONE, text="token gh" + "p_" + "a1B2" * 9), "credential"),
        (Operation(op=Op.SUPERSEDE, flags=(ONE,), file="memory/facts.md", text="x"), "replace"),
        (
            Operation(
                op=Op.MERGE,
                flags=(ONE,),
                file="CLAUDE.md",
                text="x",
                replaced=(MemoryLine(file="memory/facts.md", text="known"),),
            ),
            "replace",
        ),
    ],
)
def test_what_is_not_sound_leaves_its_flag_queued_with_the_reason(
    operation: Operation, said: str
) -> None:
    answered = (operation, keep(TWO), keep(THREE, text="another"))

    assert said in reason(*answered)
    assert [item.flags for item in judged(*answered).operations] == [(TWO,), (THREE,)]


def test_a_flag_nobody_mentions_stays_queued() -> None:
    assert [item.id for item in judged(keep(ONE)).left] == [TWO, THREE]


def test_a_flag_in_two_operations_is_in_none() -> None:
    assert "more than once" in reason(keep(ONE, TWO), keep(ONE, text="again"))


def test_duplicates_in_a_circle_all_stay() -> None:
    passed = judged(duplicate(ONE, TWO), duplicate(TWO, ONE), keep(THREE))

    assert [item.id for item in passed.left] == [ONE, TWO]


def test_a_duplicate_of_what_is_refused_skipped_or_replaced_stays() -> None:
    skip = Operation(op=Op.SKIP, flags=(TWO,), reason="chatter")
    replace = Operation(
        op=Op.SUPERSEDE,
        flags=(TWO,),
        file="memory/facts.md",
        text="new",
        replaced=(MemoryLine(file="memory/facts.md", text="known"),),
    )

    assert "does not stay" in reason(duplicate(ONE, TWO), keep(TWO, text="a\u202eb"))
    assert "does not stay" in reason(duplicate(ONE, TWO), skip)
    assert "does not stay" in reason(duplicate(ONE, "known"), replace)
    assert judged(duplicate(ONE, "known"), keep(TWO), keep(THREE, text="x")).left == ()


def test_a_chain_of_duplicates_passes_when_its_end_stays() -> None:
    assert judged(duplicate(ONE, TWO), duplicate(TWO, THREE), keep(THREE)).left == ()


@given(request=requests(), answer=operations())
def test_every_flag_is_accounted_for_exactly_once(
    request: Request, answer: list[Operation]
) -> None:
    passed = check(request, answer, folder=FOLDER)

    done = [flag_id for operation in passed.operations for flag_id in operation.flags]
    left = [item.id for item in passed.left]
    assert sorted(done + left) == sorted(flag.id for flag in request.flags)
    assert all(item.reason for item in passed.left)
    for operation in passed.operations:
        if operation.file and operation.op not in {Op.SKIP, Op.DUPLICATE}:
            assert operation.file in request.files
            assert writable(operation.file, folder=FOLDER) is not PathKind.DRAIN


@given(request=requests(), answer=operations(), seed=st.integers())
def test_the_order_of_an_answer_makes_no_difference(
    request: Request, answer: list[Operation], seed: int
) -> None:
    shuffled = list(answer)
    random.Random(seed).shuffle(shuffled)

    one, other = (check(request, each, folder=FOLDER) for each in (answer, shuffled))

    assert one.left == other.left
    assert set(one.operations) == set(other.operations)


FIXED = MemoryLine(file="CLAUDE.md", text="Run the tests.")


def test_a_duplicate_of_an_instruction_stands_whatever_is_replaced_beside_it() -> None:
    shown = replace(
        REQUEST,
        existing=(*REQUEST.existing, MemoryLine(file="memory/facts.md", text=FIXED.text)),
        fixed_lines=(FIXED,),
    )
    other = Operation(
        op=Op.SUPERSEDE,
        flags=(TWO,),
        file="memory/facts.md",
        text="x",
        replaced=(MemoryLine(file="memory/facts.md", text=FIXED.text),),
    )

    passed = judged(duplicate(ONE, FIXED.text), other, keep(THREE), request=shown)

    assert passed.left == ()


@pytest.mark.parametrize("file", ["CLAUDE.md", "memory/facts.md", "memory/PENDING.md"])
@pytest.mark.parametrize("op", [Op.SUPERSEDE, Op.MERGE])
def test_nothing_replaces_a_line_that_is_only_read(op: Op, file: str) -> None:
    shown = replace(
        REQUEST,
        fixed_lines=(FIXED,),
        pending_lines=(MemoryLine(file="memory/PENDING.md", text="which?"),),
        files=(*REQUEST.files, "memory/PENDING.md"),
    )
    for survivor in (FIXED.text, "which?"):
        stale = Operation(
            op=op,
            flags=(ONE,),
            file=file,
            text="x",
            replaced=(MemoryLine(file=file, text=survivor),),
        )

        assert "replace that is not there" in reason(stale, request=shown)

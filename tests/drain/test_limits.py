"""What one close may change at most."""

from __future__ import annotations

from gitmem.drain.limits import RULES, within_limits
from gitmem.drain.plan import Op, Operation
from gitmem.memory.tree import MemoryLine


def replacing(count: int, op: Op = Op.SUPERSEDE) -> list[Operation]:
    return [
        Operation(
            op=op,
            flags=(f"f{n}",),
            file="memory/facts.md",
            text=f"new {n}",
            replaced=(MemoryLine(file="memory/facts.md", text=f"old {n}"),),
        )
        for n in range(count)
    ]


def rules(count: int, file: str = "CLAUDE.md") -> list[Operation]:
    return [
        Operation(op=Op.EDIT, flags=(f"{file}{n}",), file=file, text=f"rule {n}")
        for n in range(count)
    ]


def test_a_fifth_of_the_memory_may_be_replaced_and_the_rest_waits_with_a_reason() -> None:
    kept, left = within_limits(replacing(30), lines=100)

    assert kept == replacing(30)[:20]
    assert [one.id for one in left] == [f"f{n}" for n in range(20, 30)]
    assert left[0].reason == (
        "one close replaces at most 20 lines of the memory; it is for the next close"
    )


def test_of_a_small_memory_8_lines_may_be_replaced() -> None:
    kept, left = within_limits(replacing(9, Op.MERGE), lines=10)

    assert (len(kept), len(left)) == (8, 1)


def test_a_merge_that_replaces_nothing_does_not_count() -> None:
    merges = [Operation(op=Op.MERGE, flags=(f"f{n}",), text=f"t{n}") for n in range(50)]

    assert within_limits(merges, lines=0) == (merges, [])


def test_each_file_takes_20_rules() -> None:
    kept, left = within_limits([*rules(25), *rules(20, "AGENTS.md")], lines=0)

    assert len(kept) == 2 * RULES
    assert [one.id for one in left] == [f"CLAUDE.md{n}" for n in range(20, 25)]


def test_the_same_rule_again_is_not_another_one() -> None:
    again = [
        Operation(op=Op.EDIT, flags=(f"x{n}",), file="CLAUDE.md", text="same") for n in range(30)
    ]

    assert within_limits(again, lines=0) == (again, [])


def test_new_facts_have_no_limit() -> None:
    facts = [Operation(op=Op.KEEP, flags=(f"f{n}",), text=f"fact {n}") for n in range(500)]

    assert within_limits(facts, lines=0) == (facts, [])

"""The plan: which flag is asked about where, and with what beside it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gitmem.core.flag import Flag, make
from gitmem.drain.plan import CHUNK, Op, Work, make_plan
from gitmem.memory.path_rules import add_lines, new_file
from gitmem.memory.places import Places
from gitmem.memory.tree import MemoryLine, MemoryTree
from gitmem.memory.tree_reader import places

LETTERS = "abcdefghijklmnopqrstuvwxyz234567"


def flag(number: int, kind: str = "fact", **fields: object) -> Flag:
    flag_id = "a" * 10 + LETTERS[number // 32] + LETTERS[number % 32]
    return make({"id": flag_id, "kind": kind, "text": f"fact {number}", **fields})


PLACES = Places(
    folder="memory",
    lines=(
        MemoryLine(file="memory/facts.md", text="known"),
        MemoryLine(file="memory/PENDING.md", text="open"),
    ),
    rules={"CLAUDE.md": "AGENTS.md", "AGENTS.md": "AGENTS.md"},
    instructions="AGENTS.md",
    skills={"ship": ".claude/skills/ship/SKILL.md"},
    about={".claude/skills/ship/SKILL.md": "ship: Ship it."},
)


def test_flags_are_split_by_kind_with_the_lines_that_concern_them() -> None:
    flags = [flag(0), flag(1, "pending"), flag(2, "snag", better="b"), flag(3, "decision")]

    plan = make_plan(flags, PLACES, {})

    assert [(one.work, [item.id for item in one.flags]) for one in plan.requests] == [
        (Work.MEMORY, [flags[0].id, flags[3].id]),
        (Work.PENDING, [flags[1].id]),
        (Work.RULES, [flags[2].id]),
    ]
    memory, pending, rules = plan.requests
    assert memory.files == ("memory/decisions.md", "memory/facts.md")
    assert [line.text for line in memory.existing] == ["known"]
    assert [line.text for line in pending.existing] == ["open"]
    assert rules.files == ("AGENTS.md", ".claude/skills/ship/SKILL.md")
    assert rules.usual == {flags[2].id: "AGENTS.md"}


def test_memory_requests_hold_32_flags_but_the_last_with_equal_topics_together() -> None:
    flags = [flag(number, topic="even" if number % 2 == 0 else "odd") for number in range(70)]

    plan = make_plan(flags, PLACES, {})

    assert [len(one.flags) for one in plan.requests] == [CHUNK, CHUNK, 6]
    even, odd = flags[::2], flags[1::2]
    assert [set(one.flags) for one in plan.requests] == [
        set(even[:CHUNK]),
        {*even[CHUNK:], *odd[: 2 * CHUNK - len(even)]},
        set(odd[2 * CHUNK - len(even) :]),
    ]


def test_the_flags_of_a_question_stand_in_the_order_of_the_queue_whatever_their_topics() -> None:
    flags = [flag(number, topic="abc"[number % 3]) for number in range(40)]

    for request in make_plan(flags, PLACES, {}).requests:
        assert list(request.flags) == [one for one in flags if one in request.flags]


def test_a_dropped_flag_is_asked_about_nowhere() -> None:
    flags = [flag(0), flag(1)]

    plan = make_plan(flags, PLACES, {flags[0].id: "not true"})

    (dropped,) = plan.dropped
    assert (dropped.op, dropped.flags, dropped.reason) == (Op.SKIP, (flags[0].id,), "not true")
    assert [item for one in plan.requests for item in one.flags] == [flags[1]]


@pytest.mark.parametrize(
    ("fields", "file", "remark"),
    [
        ({}, "AGENTS.md", ""),
        ({"skill": "ship"}, ".claude/skills/ship/SKILL.md", ""),
        ({"skill": "Ship"}, ".claude/skills/ship/SKILL.md", ""),
        ({"rule": "CLAUDE.md"}, "AGENTS.md", ""),
        ({"rule": ".claude/skills/ship/SKILL.md"}, ".claude/skills/ship/SKILL.md", ""),
    ],
)
def test_a_snag_goes_where_it_asks_or_says_why_not(
    fields: dict[str, str], file: str, remark: str
) -> None:
    snag = flag(0, "snag", better="b", **fields)

    (request,) = make_plan([snag], PLACES, {}).requests

    assert request.usual == {snag.id: file}
    assert request.remarks.get(snag.id, "") == remark


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"skill": "nope"}, "there is no skill named nope (there are: ship)"),
        ({"rule": "docs/x.md"}, "docs/x.md is not a file that gitmem writes rules to"),
        (
            {"rule": ".claude/rules/gitmem-own.md"},
            ".claude/rules/gitmem-own.md is somebody else's: gitmem did not make it",
        ),
        (
            {"rule": ".claude/rules/gitmem-new.md"},
            ".claude/rules/gitmem-new.md is not there, and gitmem does not make it for a rule",
        ),
        ({"paths": ["a\\b"]}, "'a\\\\b' cannot be the paths of a rule"),
    ],
)
def test_a_snag_that_asks_for_a_place_there_is_not_stays_queued_and_says_why(
    fields: dict[str, object], reason: str
) -> None:
    snag = flag(0, "snag", better="b", **fields)
    places = replace(PLACES, scoped={".claude/rules/gitmem-own.md": "# Mine\n"})

    plan = make_plan([snag], places, {})

    assert plan.requests == ()
    assert plan.unplaced == {snag.id: reason}


def test_a_snag_about_paths_goes_to_a_rule_file_for_just_these_paths() -> None:
    snags = [
        flag(0, "snag", better="b", paths=["src/db/**"]),
        flag(1, "snag", better="b", paths=["docs/*.md", "docs/a.md"]),
        flag(2, "snag", better="b", paths=["**"]),
    ]
    there = {".claude/rules/gitmem-old.md": new_file(("src/db/**",))}

    requests = make_plan(snags, replace(PLACES, scoped=there), {}).requests

    assert [request.files[0] for request in requests] == [
        ".claude/rules/gitmem-old.md",
        ".claude/rules/gitmem-docs-md-docs-a-md.md",
        "AGENTS.md",
    ]
    assert requests[2].remarks == {snags[2].id: "its paths are all files; filed as a rule"}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("src/*.ts", "src/**/*.ts"),
        ("src/a-b.ts", "src/a/b.ts"),
        ("docs/\u65e5\u672c\u8a9e.md", "docs/\u4e2d\u6587.md"),
        (
            "packages/frontend/src/components/dashboard/widgets/Clock.tsx",
            "packages/frontend/src/components/dashboard/widgets/Chart.tsx",
        ),
    ],
)
def test_rules_about_paths_that_are_named_alike_go_to_files_of_their_own(
    one: str, other: str
) -> None:
    snags = [
        flag(at, "snag", better="b", paths=[path]) for at, path in enumerate([one, other, one])
    ]

    requests = make_plan(snags, PLACES, {}).requests

    assert [len(request.flags) for request in requests] == [2, 1]
    assert len({request.files[0] for request in requests}) == 2


@given(
    kinds=st.lists(st.sampled_from(["fact", "decision", "pending", "snag", "gotcha"]), max_size=90),
    dropped=st.sets(st.integers(0, 89)),
)
def test_every_flag_is_in_exactly_one_place_of_a_plan(kinds: list[str], dropped: set[int]) -> None:
    flags = [flag(number, kind) for number, kind in enumerate(kinds)]
    drops = {item.id: "no" for number, item in enumerate(flags) if number in dropped}

    plan = make_plan(flags, PLACES, drops)

    asked = [item.id for request in plan.requests for item in request.flags]
    skipped = [flag_id for operation in plan.dropped for flag_id in operation.flags]
    assert sorted(asked + skipped) == sorted(item.id for item in flags)
    assert list(plan.flags) == [item.id for item in flags]
    for request in plan.requests:
        assert set(request.usual) == {item.id for item in request.flags}
        assert set(request.usual.values()) <= set(request.files)


def test_questions_are_shown_open_items_and_instructions_that_they_may_only_read() -> None:
    ground = MemoryTree(
        folder="memory",
        texts={
            "memory/facts.md": "- a fact\n",
            "memory/PENDING.md": "- [ ] who?\n- [x] done\n",
            "AGENTS.md": "Use pnpm.\n",
            "CLAUDE.md": "Use pnpm.\n\n- Never push to main.\n",
            ".claude/rules/gitmem-src.md": add_lines(new_file(["src/**"]), ["Keep it pure."]),
        },
    )
    made = make_plan(
        [flag(0), flag(1, "pending"), flag(2, "snag", better="d")],
        places(ground),
        {},
    )
    memory, pending, rules = made.requests
    instructions = ["Use pnpm.", "Never push to main."]

    assert [line.text for line in memory.pending_lines] == ["who?"]
    assert [line.text for line in memory.fixed_lines] == ["Keep it pure.", *instructions]
    assert [line.text for line in pending.fixed_lines] == ["a fact", "Keep it pure.", *instructions]
    assert pending.pending_lines == rules.pending_lines == ()
    assert [line.text for line in rules.fixed_lines] == ["Keep it pure.", *instructions]

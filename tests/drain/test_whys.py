"""A rule made of a snag keeps what went wrong, in every file that takes rules."""

from __future__ import annotations

import pytest

from gitmem.drain.assemble import assemble
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.rules import with_whys
from gitmem.memory.tree import MemoryLine, MemoryTree
from gitmem.records.drain_record import Fate
from tests.support.queues import new_flag

FILE = "CLAUDE.md"
TEXT = "npm install rewrote the lock file"


def rule(
    text: str,
    *whys: str,
    op: Op = Op.EDIT,
    file: str = FILE,
    match: str = "",
    replaced: tuple[MemoryLine, ...] = (),
) -> Operation:
    """What a rule for these snags comes to; an empty text stands for the better path."""
    flags = tuple(new_flag(why, kind="snag", better="Use pnpm") for why in whys)
    made = Operation(
        op=op,
        flags=tuple(flag.id for flag in flags),
        file=file,
        text=text or "Use pnpm",
        match=match,
        replaced=replaced,
    )
    request = Request(work=Work.RULES, flags=flags, files=(FILE,))
    (found,) = with_whys(request, [made], folder="memory")
    return found


def test_the_why_of_one_snag_and_of_several_stands_behind_the_rule() -> None:
    assert rule("", TEXT).text == f"Use pnpm ({TEXT})"
    assert rule("", TEXT, "CI was red").text == f"Use pnpm ({TEXT}; CI was red)"


def test_a_reworded_rule_keeps_the_why_too_unless_it_says_it() -> None:
    assert rule("Install with pnpm", TEXT).text == f"Install with pnpm ({TEXT})"
    said = f"Use pnpm, because {TEXT}"
    assert rule(said, TEXT).text == said


def test_a_rule_that_has_its_why_already_gets_it_once() -> None:
    once = rule("", TEXT)

    again = rule(once.text, TEXT)

    assert (again.text, again.rule) == (once.text, "Use pnpm")


def test_a_snag_without_a_better_path_is_the_rule_itself() -> None:
    flag = new_flag(TEXT, kind="snag")
    request = Request(work=Work.RULES, flags=(flag,), files=(FILE,))
    made = Operation(op=Op.EDIT, flags=(flag.id,), file=FILE, text=TEXT)

    assert with_whys(request, [made], folder="memory") == (made,)


def test_a_why_that_may_not_be_written_stays_in_the_record_and_the_reviewer_is_told() -> None:
    skill = ".claude/skills/ship/SKILL.md"
    found = rule("", "it ran !`date` by itself", file=skill)

    assert found.text == "Use pnpm"
    assert "stands only in the record" in found.reason


@pytest.mark.parametrize(("match", "length"), [("", 1_000), ("npm install", 400)])
def test_a_long_why_is_cut_to_the_line_and_never_keeps_a_flag_in_the_queue(
    match: str, length: int
) -> None:
    found = rule("", ("it broke " * 111).strip(), match=match)
    assert found.text.startswith("Use pnpm (it broke it broke")
    assert len(found.text) <= length
    assert "is cut" in found.reason

    full = rule("x" * (length - 5), TEXT, match=match)
    assert full.text == "x" * (length - 5)
    assert "would be too long" in full.reason


def test_what_replaces_a_rule_keeps_the_why_of_the_old_one() -> None:
    found = rule(
        "Use pnpm 9",
        "8 was slow",
        op=Op.SUPERSEDE,
        replaced=(MemoryLine(file=FILE, text=f"Use pnpm ({TEXT})"),),
    )

    assert found.text == f"Use pnpm 9 (8 was slow; {TEXT})"


@pytest.mark.parametrize("there", ["Use pnpm", "Use pnpm (it was slow)", f"Use pnpm ({TEXT})"])
def test_one_rule_stands_once_whatever_its_why(there: str) -> None:
    block = (
        "<!-- gitmem:begin x -->\n\n## Rules learned here\n\n- "
        + there
        + "\n\n<!-- gitmem:end -->\n"
    )
    ground = MemoryTree(folder="memory", texts={FILE: block})
    flag = new_flag(TEXT, kind="snag", better="Use pnpm")
    request = Request(work=Work.RULES, flags=(flag,), files=(FILE,))
    made = Operation(op=Op.EDIT, flags=(flag.id,), file=FILE, text="Use pnpm")

    done = assemble(ground, with_whys(request, [made], folder="memory"), {flag.id: flag})

    assert [(one.fate, one.survivor) for one in done.outcomes] == [
        (Fate.DUPLICATE, f"{FILE}: {there}")
    ]


def test_rules_that_only_look_alike_in_front_of_their_parentheses_are_two() -> None:
    flags = tuple(new_flag("it broke", kind="snag", better=f"Use it ({n})") for n in ("a", "b"))
    request = Request(work=Work.RULES, flags=flags, files=(FILE,))
    made = [Operation(op=Op.EDIT, flags=(flag.id,), file=FILE, text=flag.better) for flag in flags]

    ground = MemoryTree(folder="memory", texts={})
    done = assemble(
        ground, with_whys(request, made, folder="memory"), {flag.id: flag for flag in flags}
    )

    assert [one.line for one in done.outcomes] == ["Use it (a) (it broke)", "Use it (b) (it broke)"]
    assert all(one.verbatim for one in done.outcomes)

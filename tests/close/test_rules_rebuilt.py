"""A review rebuilt: what it does to rules, skills and guards is done once, and where it was judged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gitmem.close.close import CloseResult
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.drain.ports import Answer
from gitmem.drain.verbatim import Verbatim
from gitmem.forge.propose import ProposeResult
from gitmem.memory import guard, guard_file
from gitmem.memory.tree import MemoryLine
from tests.forge.test_propose import Project, landed, landing_sync, pr
from tests.support.desk import Desk

SKILL = ".claude/skills/release/SKILL.md"
BODY = """\
---
name: release
description: How a version is released
---

# Release

## Before

- Read the change log

## After the tag is pushed

- Tell the others
"""


class Lector(Verbatim):
    """Does with flags, by their text, what the test says; the rest as it is written."""

    name = "lector"
    model = "lector-1"

    def __init__(self, **how: Callable[[Request, Operation], Operation]) -> None:
        self._how = how
        self.asked: list[str] = []

    def run(self, request: Request) -> Answer:
        self.asked += [flag.text for flag in request.flags]
        texts = {flag.id: flag.text for flag in request.flags}
        made = super().run(request).operations
        return Answer(
            operations=tuple(
                how(request, one) if (how := self._how.get(_word(texts[one.flags[0]]))) else one
                for one in made
            ),
            model=self.model,
        )


def _word(text: str) -> str:
    return text.split(maxsplit=1)[0]


def into(section: str) -> Callable[[Request, Operation], Operation]:
    """Files a line under this heading."""
    return lambda _, one: _with(one, section=section)


def same_as_earlier(request: Request, one: Operation) -> Operation:
    """Takes a snag for a return of the earlier one that it resembles most."""
    if request.work is not Work.RULES:
        return one
    return _with(one, again=request.earlier[one.flags[0]][0].id)


def instead(line: str, text: str) -> Callable[[Request, Operation], Operation]:
    """Replaces a line that is there."""
    return lambda _, one: Operation(
        op=Op.SUPERSEDE,
        flags=one.flags,
        file=one.file,
        text=text,
        replaced=(MemoryLine(file=one.file, text=line),),
    )


def _with(one: Operation, *, section: str = "", again: str = "") -> Operation:
    return Operation(
        op=one.op, flags=one.flags, file=one.file, text=one.text, section=section, again=again
    )


@pytest.fixture
def project(tmp_path: Path) -> Project:
    found = Project(tmp_path)
    found.reviewer.commit("a skill", {SKILL: BODY})
    found.reviewer.git("push", "--quiet", "origin", "main")
    for desk in (found.one, found.two):
        desk.sandbox.git("pull", "--quiet")
    return found


def rebuilt(
    project: Project,
    lector: Lector,
    text: str,
    before: Callable[[], object] = lambda: None,
    **snag: str,
) -> CloseResult:
    """A review of the second clone with this flag, rebuilt: another flag of it landed meanwhile."""
    closed, done = second(project, lector, text, before, **snag)
    assert done.problem == ""
    assert any("rebuilt" in note for note in closed.notes)
    return closed


def second(
    project: Project, lector: Lector, text: str, before: Callable[[], object], **snag: str
) -> tuple[CloseResult, ProposeResult]:
    """The same, whatever comes of it."""
    project.one.flag("shared")
    landing_sync(project.one)
    landing_sync(project.two)
    project.two.flag(text, "snag" if snag else "fact", **snag)
    project.two.close(engine=lector)
    pr(project.one)
    project.land()
    before()
    lector.asked.clear()
    project.two.sandbox.git("fetch", "--quiet")
    for note in project.two.close(engine=lector, dry_run=True).notes:
        assert note.startswith("the review would be rebuilt: ")
    lector.asked.clear()
    return pr(project.two, lector)


def landed_lines(project: Project, path: str) -> list[str]:
    project.land()
    return project.lines(path)


def guards(desk: Desk) -> list[guard.Guard]:
    return list(guard_file.read_guards(desk.show(guard.FILE)).guards)


def test_a_line_for_a_skill_stays_under_the_heading_it_was_judged_for(project: Project) -> None:
    lector = Lector(it=into("Before"))

    said = "it broke after the tag is pushed"
    rebuilt(project, lector, said, better="Check the tag", skill="release")

    assert lector.asked == []
    assert f"- Read the change log\n- Check the tag ({said})\n\n## After" in project.two.show(SKILL)


def test_a_heading_that_is_gone_is_no_reason_to_lose_the_line(project: Project) -> None:
    lector = Lector(it=into("Before"))

    def renamed() -> None:
        text = BODY.replace("## Before", "## Beforehand")
        project.reviewer.commit("renamed", {SKILL: text})
        project.reviewer.git("push", "--quiet", "origin", "main")

    rebuilt(project, lector, "it broke", renamed, better="Check the tag", skill="release")

    assert landed_lines(project, SKILL).count("Check the tag (it broke)") == 1


def test_a_match_to_an_earlier_snag_climbs_as_before_and_nobody_is_asked(project: Project) -> None:
    first = snag_landed(project)
    lector = Lector(again=same_as_earlier)

    said = "again `make all` hung for ever"
    closed = rebuilt(project, lector, said, better="Run make with -j1 only")

    assert [outcome.again for outcome in closed.outcomes] == [first]
    assert [(one.match, one.flags[0]) for one in guards(project.two)] == [("make all", first)]
    assert lector.asked == []


def test_a_guard_of_a_named_return_is_made_once(project: Project) -> None:
    first = snag_landed(project)
    lector = Lector()

    rebuilt(project, lector, "`make all` hung again", better="Run make with -j1", again=first)

    assert [one.match for one in guards(project.two)] == ["make all"]
    assert lector.asked == []


def test_one_return_drained_by_two_clones_makes_one_guard(project: Project) -> None:
    first = snag_landed(project)
    lector = Lector()
    project.one.flag("`make all` hung again", "snag", better="Run make with -j1", again=first)

    closed = rebuilt(project, lector, "only of two")

    assert [outcome.flag.text for outcome in closed.outcomes] == ["only of two"]
    assert [one.match for one in guards(project.two)] == ["make all"]


def test_a_rule_is_replaced_while_it_is_still_there(project: Project) -> None:
    snag_landed(project)
    lector = Lector(slow=instead("Run make with -j1 (`make all` hung)", "Run make with -j2"))

    rebuilt(project, lector, "slow builds", better="Run make with -j2")

    assert lector.asked == []
    rules = [line for line in landed_lines(project, "CLAUDE.md") if line.startswith("Run make")]
    assert rules == ["Run make with -j2 (slow builds; `make all` hung)"]


def test_a_review_of_which_nothing_holds_is_not_pushed_as_it_was(project: Project) -> None:
    snag_landed(project)
    lector = Lector(slow=instead("Run make with -j1 (`make all` hung)", "Run make with -j2"))

    def edited() -> None:
        text = project.reviewer.read("CLAUDE.md").replace("with -j1", "with -j1, please")
        project.reviewer.commit("edited", {"CLAUDE.md": text})
        project.reviewer.git("push", "--quiet", "origin", "main")

    closed, done = second(project, lector, "slow builds", edited, better="Run make with -j2")

    assert lector.asked == ["slow builds"]  # and what it answers is about a line that is gone
    assert [one.reason for one in closed.left] == [
        "the engine named a line to replace that is not there"
    ]
    assert "1 flag of it has landed otherwise" in closed.outdated
    assert not any("rebuilt:" in note for note in closed.notes)
    assert "should not land" in done.problem
    assert project.tip() == ""
    again, done = pr(project.two, Lector())
    assert (done.problem, len(again.outcomes)) == ("", 1)
    assert "Run make with -j2 (slow builds)" in landed_lines(project, "CLAUDE.md")


def test_a_rule_that_came_meanwhile_and_may_say_the_same_is_a_reason_to_ask(
    project: Project,
) -> None:
    lector = Lector()
    project.one.flag("export hangs", "snag", better="Give --offline to the export")

    rebuilt(
        project, lector, "the export hung", lambda: None, better="Run the export with --offline"
    )

    assert lector.asked == ["the export hung"]


def snag_landed(project: Project) -> str:
    first = project.one.flag("`make all` hung", "snag", better="Run make with -j1")
    landed(project, "beside it")
    return first


def test_a_rebuilt_review_keeps_the_topic_that_it_made_and_its_description(
    project: Project,
) -> None:
    def new(_: Request, one: Operation) -> Operation:
        return replace(
            one, topic="releases", about="How a release is tagged", because="a subject of its own"
        )

    lector = Lector(a=new)

    rebuilt(project, lector, "a release is tagged on approval")

    assert lector.asked == []
    assert landed_lines(project, "memory/releases.md") == ["a release is tagged on approval"]
    assert "description: How a release is tagged\n" in project.two.show("memory/releases.md")

"""A review that was answered line by line, proposed at the remote."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.memory import guard, guard_file
from tests.close.test_rules_rebuilt import Lector, snag_landed
from tests.close.test_rules_rebuilt import project as with_skill
from tests.forge.test_propose import Project, in_review, pr
from tests.review.test_line_by_line import answer, asking
from tests.support.desk import Desk

__all__ = ["with_skill"]


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return Project(tmp_path)


def proposed(project: Project) -> Desk:
    """Three lines that the first clone proposed."""
    for text in ("One", "Two", "Three"):
        project.one.flag(text)
    pr(project.one)
    return project.one


def test_answers_reach_the_remote_with_the_next_close(project: Project) -> None:
    one = proposed(project)
    answer(one, reject={"One": "wrong"}, edit={"Two": "Two, or more"})

    _, done = pr(one)

    assert done.problem == ""
    assert project.tip() == one.head("gitmem/drain")
    project.land()
    assert project.lines() == ["Two, or more", "Three"]


def test_another_clone_takes_in_what_was_answered(project: Project) -> None:
    one = proposed(project)
    pr(project.two)
    answer(one, reject={"One": "wrong"}, edit={"Two": "Two, or more"})
    pr(one)

    _, done = pr(project.two)

    assert done.problem == ""
    assert in_review(project.two) == ["Two, or more", "Three"]
    assert project.tip() == project.two.head("gitmem/drain")


def test_a_review_of_another_clone_is_answered_and_goes_back(project: Project) -> None:
    proposed(project)
    pr(project.two)
    answer(project.two, reject={"One": "wrong"}, edit={"Two": "Two, or more"})
    pr(project.two)

    _, done = pr(project.one)

    assert done.problem == ""
    assert in_review(project.one) == ["Two, or more", "Three"]
    project.land()
    project.one.sandbox.git("pull", "--quiet")
    pr(project.one)
    assert project.one.states() == {}
    assert project.lines() == ["Two, or more", "Three"]


def test_an_edit_here_is_not_lost_to_one_at_the_remote(project: Project) -> None:
    one = proposed(project)
    project.review("there", "memory/facts.md", one.show("memory/facts.md") + "- there\n")
    answer(one, edit={"Two": "Two, or more"})

    _, done = pr(one)

    assert "edited both here and at origin" in done.problem
    assert "Two, or more" in in_review(one)
    one.sandbox.git("rebase", "--quiet", "origin/gitmem/drain", "gitmem/drain")
    one.sandbox.git("checkout", "--quiet", "main")
    assert pr(one)[1].problem == ""
    assert in_review(one) == ["One", "Two, or more", "Three", "there"]


def test_a_guard_is_edited_and_rejected(with_skill: Project) -> None:
    desk = with_skill.two
    first = snag_landed(with_skill)
    desk.flag("`make all` hung again", "snag", better="Run make with -j1", again=first)
    desk.flag("A fact")
    desk.close(engine=Lector())
    line = next(one for one in asking(desk).lines if one.file == guard.FILE)

    answer(desk, edit={line.line: "Run make with -j1, or wait"})

    found = guard_file.read_guards(desk.show(guard.FILE)).guards
    assert [one.lesson for one in found] == ["Run make with -j1, or wait"]
    assert found[0].match == "make all"
    answer(desk, reject={"A fact": "it is none"})
    assert guard_file.read_guards(desk.show(guard.FILE)).guards == found
    answer(desk, reject={"Run make with -j1, or wait": "we use ninja"})
    assert desk.sandbox.git("ls-tree", "gitmem/drain", guard.FILE) == ""

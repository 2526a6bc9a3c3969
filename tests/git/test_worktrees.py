"""Who has a branch checked out; how it moves is tested where it is used, in tests/review/test_accept.py."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.git import refs, repository, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import Repository
from gitmem.git.worktrees import InTheWay, Move
from tests.support.sandbox import Sandbox

MAIN = "refs/heads/main"


def at(sandbox: Sandbox) -> Repository:
    return repository.discover(str(sandbox.path), os.environ)


def tops(sandbox: Sandbox, ref: str = MAIN) -> list[Path]:
    return [Path(tree.top) for tree in worktrees.holding(at(sandbox), ref)]


def test_every_work_tree_knows_who_has_a_branch(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("linked")

    for each in (sandbox, linked):
        assert tops(each) == [sandbox.path]
        assert tops(each, "refs/heads/linked") == [linked.path]
        assert tops(each, "refs/heads/none") == []


def test_an_unborn_branch_is_checked_out(empty_sandbox: Sandbox) -> None:
    assert tops(empty_sandbox) == [empty_sandbox.path]


def test_a_branch_that_is_rebased_in_another_work_tree_is_in_use(sandbox: Sandbox) -> None:
    sandbox.commit("one", {"a.txt": "1\n"})
    linked = sandbox.worktree("linked")
    sandbox.commit("two", {"a.txt": "2\n"})
    linked.commit("other", {"a.txt": "3\n"})
    linked.git("rebase", "--quiet", "main", check=False)

    with pytest.raises(InTheWay, match="linked is being rebased or bisected"):
        tops(sandbox, "refs/heads/linked")
    assert tops(sandbox) == [sandbox.path]


def test_a_work_tree_with_a_line_break_in_its_name_is_found(sandbox: Sandbox) -> None:
    path = sandbox.path.with_name("two\nlines")
    sandbox.git("worktree", "add", "--quiet", "-b", "odd", str(path))

    assert tops(sandbox, "refs/heads/odd") == [path]


def test_a_branch_that_moved_is_told_from_one_that_is_in_the_way(sandbox: Sandbox) -> None:
    old = sandbox.git("rev-parse", "HEAD")
    new = sandbox.git("commit-tree", "HEAD^{tree}", "-p", old, "-m", "new")
    sandbox.commit("meanwhile")
    move = Move(ref=MAIN, old=old, new=new, reason="test")

    with Claim(at(sandbox)) as claim, pytest.raises(refs.Moved):
        worktrees.land(at(sandbox), claim, move, lambda _path, _versions: None)
    sandbox.git("switch", "--quiet", "--detach")
    with Claim(at(sandbox)) as claim, pytest.raises(refs.Moved):
        worktrees.land(at(sandbox), claim, move, lambda _path, _versions: None)


def test_a_checked_out_branch_is_not_removed(sandbox: Sandbox) -> None:
    move = Move(ref=MAIN, old=sandbox.git("rev-parse", "HEAD"), new="", reason="test")

    with Claim(at(sandbox)) as claim, pytest.raises(InTheWay, match="main is checked out"):
        worktrees.remove(at(sandbox), claim, move)

"""Work trees: who has a branch checked out, and moving one forward like a fast-forward merge."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import NeedsPerson, NoProgress
from gitmem.git import local, refs, repository
from gitmem.git.fast_forward import TakeIn
from gitmem.git.process import ANY, GitFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.claim import Claim
    from gitmem.git.fast_forward import Merge
    from gitmem.git.repository import Repository

_MERGE = (
    "merge", "--ff-only", "--no-squash", "--no-autostash", "--no-overwrite-ignore",
    "--no-verify-signatures", "--no-stat", "--quiet",
)  # fmt: skip


class InTheWay(NeedsPerson):
    """Something in a work tree would be lost by moving it forward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A branch's full name, the commit it is at (empty: unborn), where it shall be, and why."""

    ref: str
    old: str
    new: str
    reason: str

    @property
    def name(self) -> str:
        """The branch as people call it."""
        return self.ref.removeprefix("refs/heads/")


def current(repo: Repository) -> str:
    """The full name of the branch checked out here; empty when HEAD is detached."""
    return repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text


def land(repo: Repository, claim: Claim, move: Move, merge: Merge) -> None:
    """Moves a branch; where it is checked out, the work tree follows and loses nothing.

    There ``move.new`` must descend from ``move.old``. Raises InTheWay, or refs.Moved when somebody
    else moved the branch; nothing has changed then.
    """
    trees = holding(repo, move.ref)
    claim.clear(f"{repo.common}/{move.ref}.lock")
    if not trees:
        refs.update(repo, move.ref, move.new, move.old, move.reason)
        return
    if len(trees) > 1:
        tops = " and ".join(tree.top for tree in trees)
        raise InTheWay(
            f"{move.name} is checked out in {tops}", hint="check out another branch in one of them"
        )
    if refs.resolve(repo, move.ref) not in (move.old, move.new):
        raise refs.Moved(f"{move.name} moved meanwhile")
    _fast_forward(trees[0], claim, move, merge)


def remove(repo: Repository, claim: Claim, move: Move) -> None:
    """Deletes a branch that is at ``move.old``; raises InTheWay where it is checked out."""
    trees = holding(repo, move.ref)
    if trees:
        raise InTheWay(
            f"{move.name} is checked out in {trees[0].top}", hint="check out another branch there"
        )
    claim.clear(f"{repo.common}/{move.ref}.lock", f"{repo.common}/packed-refs.lock")
    refs.delete(repo, move.ref, move.old, move.reason)


def holding(repo: Repository, ref: str) -> list[Repository]:
    """The work trees that have the branch checked out, this one and linked ones.

    Raises InTheWay when the branch is being rebased or bisected somewhere (git counts such a
    branch as in use although HEAD is detached), and when its work tree cannot be found.
    """
    done = repo.git("worktree", "list", "--porcelain", "-z")
    found = []
    for number, record in enumerate(os.fsdecode(done.out).split("\0\0")):
        lines = record.split("\0")
        top = lines[0].removeprefix("worktree ")
        if not top or "bare" in lines or "prunable" in {line.split(" ")[0] for line in lines}:
            continue
        tree = _main(repo, top) if number == 0 else _at(repo, top)
        holds = f"branch {ref}" in lines
        if tree is None:
            if holds:
                raise InTheWay(f"{ref} is checked out, and its work tree was not found at {top}")
            continue
        _refuse_busy(tree, ref)
        if holds:
            found.append(tree)
    return found


def _main(repo: Repository, top: str) -> Repository | None:
    """The main work tree. For a submodule git lists its git directory in place of it."""
    if repo.git_dir == repo.common:
        return repo
    tree = _at(repo, top)
    if tree is None:
        named = repo.git(
            "config", "--file", repo.common + "/config", "core.worktree", ok=(0, 1)
        ).text
        tree = _at(repo, os.path.normpath(os.path.join(repo.common, named))) if named else None
    return tree


def _at(repo: Repository, top: str) -> Repository | None:
    """The work tree at a folder, if it is one of this repository."""
    try:
        tree = repository.discover(top, repo.env)
    except repository.NoRepository:
        return None
    return tree if os.path.realpath(tree.common) == os.path.realpath(repo.common) else None


def _refuse_busy(tree: Repository, ref: str) -> None:
    for name in ("rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"):
        busy = local.read(f"{tree.git_dir}/{name}").decode("utf-8", "replace").strip()
        if busy and busy in (ref, ref.removeprefix("refs/heads/")):
            raise InTheWay(
                f"{ref.removeprefix('refs/heads/')} is being rebased or bisected in {tree.top}",
                hint="finish that first",
            )


def _fast_forward(tree: Repository, claim: Claim, move: Move, merge: Merge) -> None:
    claim.clear(tree.git_dir + "/index.lock", tree.git_dir + "/HEAD.lock")
    taken = TakeIn(tree, claim, move.old, move.new)
    try:
        taken.prepare(merge)
        if not move.old:
            _refuse_overwriting(tree, taken.untracked())
        done = tree.git(*_MERGE, move.new, ok=ANY)
    except GitFailed as error:
        taken.undo()
        raise InTheWay(_said(error.stderr), hint="run it again") from error
    except Exception:
        taken.undo()
        raise
    if done.code < 0:
        raise NoProgress("git was killed while it moved the work tree", hint="run it again")
    if not done.code:
        return
    if taken.moved():
        taken.move_back()
    taken.undo()
    if refs.resolve(tree, move.ref) != move.old:
        raise refs.Moved(f"{move.name} moved meanwhile")
    raise InTheWay(_said(done.said), hint="commit, stash or move those files, then run it again")


def _refuse_overwriting(tree: Repository, paths: Sequence[str]) -> None:
    """On an unborn branch git would overwrite ignored files (2.39, `read-tree` in `git merge`)."""
    if paths:
        raise InTheWay(
            f"{paths[0]} in {tree.top} is in the way of the first commit",
            hint="move it, then run it again",
        )


def _said(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    kept = [line for line in lines if not line.startswith(("Aborting", "Please", "hint:"))]
    told = " ".join(kept).removeprefix("error: ").removeprefix("fatal: ")
    return "the work tree was left as it is: " + (told or "git said nothing")

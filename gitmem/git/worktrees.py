"""Work trees: which one has a branch checked out, and how it follows a move without a loss.

A file that a killed run wrote, or that was merged with the new version, passes once the new version is in
git's index: git keeps an index entry that equals the new commit's and then does not look at the file.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import NoRepository
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.git import local, refs, repository
from gitmem.git.process import ANY, GitFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository

_MERGE = (
    "merge", "--ff-only", "--no-squash", "--no-autostash", "--no-overwrite-ignore",
    "--no-verify-signatures", "--no-stat", "--quiet",
)  # fmt: skip
# A path and its versions (``old`` before the landing, None: no file; ``new``; ``here``, the work tree's)
# to the content for the work tree; None when that would lose something.
Merge = Callable[[str, Mapping[str, bytes | None]], bytes | None]
_PLAIN = {"100644", "000000"}


class InTheWay(NeedsPerson):
    """A fast-forward of a work tree would lose something."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """A branch's full name, its commit (empty: unborn), its new commit, and the reason."""

    ref: str
    old: str
    new: str
    reason: str

    @property
    def name(self) -> str:
        """The branch's short name."""
        return self.ref.removeprefix("refs/heads/")


def current(repo: Repository) -> str:
    """Return the full name of the branch checked out here; empty when HEAD is detached."""
    return repo.git("symbolic-ref", "-q", "HEAD", ok=(0, 1, 128)).text


def land(repo: Repository, claim: Claim, move: Move, merge: Merge) -> None:
    """Move a branch; where it is checked out, the work tree follows and loses nothing.

    For a checked-out branch ``move.new`` must descend from ``move.old``. Raises InTheWay, and refs.Moved
    when the branch moved meanwhile; then nothing has changed.
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
    """Delete a branch that is at ``move.old``. Raises InTheWay where it is checked out."""
    trees = holding(repo, move.ref)
    if trees:
        raise InTheWay(
            f"{move.name} is checked out in {trees[0].top}", hint="check out another branch there"
        )
    claim.clear(f"{repo.common}/{move.ref}.lock", f"{repo.common}/packed-refs.lock")
    refs.delete(repo, move.ref, move.old, move.reason)


def holding(repo: Repository, ref: str) -> list[Repository]:
    """Return the work trees that have the branch checked out, this one and linked ones.

    Raises InTheWay when the branch is rebased or bisected somewhere (git counts it as in use although
    HEAD is detached), and when its work tree cannot be found.
    """
    done = repo.git("worktree", "list", "--porcelain", "-z")
    trees = []
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
            trees.append(tree)
    return trees


def _main(repo: Repository, top: str) -> Repository | None:
    """Return the main work tree. For a submodule git lists its git directory instead."""
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
    """Return the work tree at a folder, if it is one of this repository."""
    try:
        tree = repository.discover(top, repo.env)
    except NoRepository:
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
    taken = WorkTreeUpdate(tree, claim, move.old, move.new)
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
    """Raise InTheWay for files that git overwrites on an unborn branch (2.39: ignored files)."""
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


class WorkTreeUpdate:
    """The changes of one work tree on the way from the commit ``old`` (empty: none) to ``new``."""

    def __init__(self, tree: Repository, claim: Claim, old: str, new: str) -> None:
        self._tree = tree
        self._claim = claim
        self._old = old or tree.git("hash-object", "-t", "tree", "--stdin").text
        self._new = new
        self._undo: list[tuple[str, bytes, str]] = []

    def prepare(self, merge: Merge) -> None:
        """Stage each changed path whose local state is not a person's edit, or can be merged with it."""
        for path, (before, after) in self._suspects().items():
            here = self._read(path)
            if here is None:
                continue
            # As git stores it: line ends may be converted.
            oid = self._git("hash-object", f"--path={path}", "--stdin", stdin=here)
            entry = self._entry(path)
            if oid == before or entry not in (before, oid):
                continue  # nothing local, or staged and edited again: git decides
            content = here if oid == after else merge(path, self._versions(before, after, here))
            if content is None:
                continue
            self._undo.append((path, here, entry))
            if content != here:
                self._replace(path, content)
            self._stage(path, after)

    def untracked(self) -> list[str]:
        """Return the paths of the new commit that are in the work tree and not in git's index."""
        tracked = set(self._git("ls-files", "-z").split("\0"))
        return [
            path
            for path in self._changed()
            if path not in tracked and os.path.lexists(self._whole(path))
        ]

    def moved(self) -> bool:
        """Whether git's index is at the new commit already, where the two commits differ."""
        rows = self._git("ls-files", "-s", "-z").split("\0")[:-1]
        entries = {
            path: meta.split(" ")[1] for meta, _, path in (row.partition("\t") for row in rows)
        }
        return all(entries.get(path) == after for path, (_, after) in self._changed().items())

    def move_back(self) -> None:
        """Undo a move of work tree and index whose branch did not follow (a hook, a lock)."""
        self.undo()
        self._git("read-tree", "-m", "-u", self._new, self._old)

    def undo(self) -> None:
        """Restore files and index entries."""
        while self._undo:
            path, here, entry = self._undo.pop()
            if self._read(path) != here:
                self._replace(path, here)
            if entry:
                self._stage(path, entry)
            else:
                self._git("update-index", "--force-remove", "--", path)

    def _suspects(self) -> dict[str, tuple[str, str]]:
        """Return changed plain files with a local state of their own: path to blob before and after."""
        changed = self._changed()
        local_state = self._names("diff-files") | self._names("diff-index", "--cached", self._old)
        return {
            path: blobs
            for path, blobs in changed.items()
            if path in local_state or (not blobs[0] and os.path.lexists(self._whole(path)))
        }

    def _changed(self) -> dict[str, tuple[str, str]]:
        done = self._tree.git("diff-tree", "-r", "-z", "--no-renames", self._old, self._new)
        fields = os.fsdecode(done.out).split("\0")
        changes = {}
        for meta, path in zip(fields[::2], fields[1::2], strict=False):
            before_mode, after_mode, before, after, _ = meta.removeprefix(":").split(" ")
            if after_mode == "100644" and before_mode in _PLAIN:
                changes[path] = (before if before.strip("0") else "", after)
        return changes

    def _names(self, *command: str) -> set[str]:
        name, *rest = command
        done = self._tree.git(name, "--name-only", "-z", "--no-renames", *rest)
        return set(os.fsdecode(done.out).split("\0"))

    def _entry(self, path: str) -> str:
        """Return the blob of a path in git's index; empty without one, not an object name in a conflict."""
        rows = self._git("ls-files", "-s", "-z", "--", path).split("\0")[:-1]
        entries = [row.partition("\t")[0].split(" ") for row in rows]
        if any(stage != "0" for _, _, stage in entries):
            return "conflict"
        return entries[0][1] if entries else ""

    def _versions(self, before: str, after: str, here: bytes) -> dict[str, bytes | None]:
        return {
            "old": self._blob(before) if before else None,
            "new": self._blob(after),
            "here": here,
        }

    def _read(self, path: str) -> bytes | None:
        """Return a plain file of the work tree; None for anything else (gitmem never writes through a link)."""
        whole = self._whole(path)
        real = os.path.join(os.path.realpath(self._tree.top), path)
        if os.path.realpath(whole) != real or not os.path.isfile(whole):
            return None
        return local.read(whole)

    def _replace(self, path: str, content: bytes) -> None:
        """Replace a file of the work tree in one step and keep its mode."""
        whole = self._whole(path)
        beside = f"{self._claim.folder}/file"
        if os.stat(self._claim.folder).st_dev != os.stat(os.path.dirname(whole)).st_dev:
            beside = whole + ".gitmem"  # a rename stays within one file system
            self._claim.note_beside(beside)
        local.write_whole(beside, content, durable=True)
        os.chmod(beside, os.stat(whole).st_mode & 0o7777)
        os.rename(beside, whole)

    def _stage(self, path: str, oid: str) -> None:
        self._git("update-index", "--add", "--cacheinfo", f"100644,{oid},{path}")

    def _blob(self, oid: str) -> bytes:
        return self._tree.git("cat-file", "blob", oid).out

    def _whole(self, path: str) -> str:
        return f"{self._tree.top}/{path}"

    def _git(self, *args: str, stdin: bytes = b"") -> str:
        return self._tree.git(*args, stdin=stdin, env={"GIT_LITERAL_PATHSPECS": "1"}).text

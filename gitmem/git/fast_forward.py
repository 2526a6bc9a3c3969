"""Before a work tree is fast-forwarded: let through what is there already, or is merged with it.

git keeps an index entry that equals the new commit's and then does not look at the file. So staging
the new version is how a file that a killed run wrote, or one that was merged here, passes.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from gitmem.git import local

if TYPE_CHECKING:
    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository

# A path and its versions (``old`` before the landing, None: not there; ``new``; ``here``, the work
# tree's) to what the work tree shall hold; None when that would lose anything.
Merge = Callable[[str, Mapping[str, bytes | None]], bytes | None]

_PLAIN = {"100644", "000000"}


class TakeIn:
    """What is done to one work tree on the way from the commit ``old`` (empty: none) to ``new``."""

    def __init__(self, tree: Repository, claim: Claim, old: str, new: str) -> None:
        self._tree = tree
        self._claim = claim
        self._old = old or tree.git("hash-object", "-t", "tree", "--stdin").text
        self._new = new
        self._undo: list[tuple[str, bytes, str]] = []

    def prepare(self, merge: Merge) -> None:
        """Takes in every changed path whose local state is no edit of a person, or can be merged."""
        for path, (before, after) in self._suspects().items():
            here = self._read(path)
            if here is None:
                continue
            # As git would store it: line ends may be converted.
            oid = self._git("hash-object", f"--path={path}", "--stdin", stdin=here)
            entry = self._entry(path)
            if oid == before or entry not in (before, oid):
                continue  # nothing local, or staged and edited again: git decides
            wanted = here if oid == after else merge(path, self._versions(before, after, here))
            if wanted is None:
                continue
            self._undo.append((path, here, entry))
            if wanted != here:
                self._replace(path, wanted)
            self._stage(path, after)

    def untracked(self) -> list[str]:
        """Paths of the new commit that are in the work tree and not in git's index."""
        tracked = set(self._git("ls-files", "-z").split("\0"))
        return [
            path
            for path in self._changed()
            if path not in tracked and os.path.lexists(self._whole(path))
        ]

    def moved(self) -> bool:
        """Whether git's index is at the new commit already, as far as the two commits differ."""
        rows = self._git("ls-files", "-s", "-z").split("\0")[:-1]
        found = {
            path: meta.split(" ")[1] for meta, _, path in (row.partition("\t") for row in rows)
        }
        return all(found.get(path) == after for path, (_, after) in self._changed().items())

    def move_back(self) -> None:
        """Undoes a move of work tree and index whose branch did not follow (a hook, a lock)."""
        self.undo()
        self._git("read-tree", "-m", "-u", self._new, self._old)

    def undo(self) -> None:
        """Puts files and index entries back as they were."""
        while self._undo:
            path, here, entry = self._undo.pop()
            if self._read(path) != here:
                self._replace(path, here)
            if entry:
                self._stage(path, entry)
            else:
                self._git("update-index", "--force-remove", "--", path)

    def _suspects(self) -> dict[str, tuple[str, str]]:
        """Changed plain files with a local state of their own: path to blob before and after."""
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
        found = {}
        for meta, path in zip(fields[::2], fields[1::2], strict=False):
            before_mode, after_mode, before, after, _ = meta.removeprefix(":").split(" ")
            if after_mode == "100644" and before_mode in _PLAIN:
                found[path] = (before if before.strip("0") else "", after)
        return found

    def _names(self, *command: str) -> set[str]:
        name, *rest = command
        done = self._tree.git(name, "--name-only", "-z", "--no-renames", *rest)
        return set(os.fsdecode(done.out).split("\0"))

    def _entry(self, path: str) -> str:
        """The blob that git's index has for a path; empty without one, no oid in a conflict."""
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
        """A plain file of the work tree; None for anything else (a link is never written through)."""
        whole = self._whole(path)
        real = os.path.join(os.path.realpath(self._tree.top), path)
        if os.path.realpath(whole) != real or not os.path.isfile(whole):
            return None
        return local.read(whole)

    def _replace(self, path: str, content: bytes) -> None:
        """Replaces a file of the work tree in one step, its mode kept."""
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

"""Make a commit and move one of gitmem's refs to it, in one git process (hot lane).

fast-import moves a ref only to a commit that descends from its tip. That is the compare-and-swap, and
it works the same for every object format, ref format and reference-transaction hook.
"""

from __future__ import annotations

import os
import time

from gitmem.core.errors import GitmemError
from gitmem.git import local, process, repository
from gitmem.git.repository import ARCHIVE, BRANCH
from gitmem.safety.secrets import find_secret

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

_LOCK_WAIT = 2000  # milliseconds to wait for a foreign ref lock; git's own default is 100
_STILL = 0.02  # seconds; git holds a ref lock for a fraction of that, a dead process for ever
UNKNOWN_AUTHOR = "gitmem <gitmem@localhost>"


class Locked(GitmemError):
    """Another process holds the lock of a ref; what was to be published stays where it is."""


class RefGuard:
    """The publish lock: one gitmem at a time moves gitmem's refs.

    git children inherit it, so it lasts as long as any of them lives. While it is held, its file is
    not empty and was changed when the holder took it: that tells the next holder a ref lock that
    killed children left from a foreign one.
    """

    __slots__ = ("_lock", "_repo")

    def __init__(self, repo: Repository) -> None:
        self._repo = repo
        self._lock = local.Lock(repo.folder + "/publish.lock")

    @property
    def descriptor(self) -> int:
        """The descriptor that git children inherit."""
        return self._lock.descriptor

    def attempt(self, wait: float = 0.0) -> bool:
        """Take the lock within ``wait`` seconds; return whether that worked."""
        if not self._lock.attempt(wait):
            return False
        try:
            self.recover()
            os.pwrite(self.descriptor, b"%d\n" % os.getpid(), 0)
        except BaseException:
            self._lock.release()
            raise
        return True

    def release(self) -> None:
        """Release the lock after an orderly end."""
        try:
            os.ftruncate(self.descriptor, 0)
        finally:
            self._lock.release()

    def recover(self) -> None:
        """Remove ref locks that a killed holder's children left, those that are not older than its start.

        Only for gitmem's own refs. No child of a former holder is alive: it would hold this lock.
        """
        held = os.fstat(self.descriptor)
        if not held.st_size:
            return
        for ref in (BRANCH, ARCHIVE):
            path = f"{self._repo.common}/{ref}.lock"
            held_lock = local.stamp(path)
            if held_lock and held_lock[0] >= held.st_mtime_ns:
                time.sleep(_STILL)
                if (
                    local.stamp(path) == held_lock
                ):  # else a live process made it, such as `git pack-refs`
                    local.forget(path)


class NewCommit:
    """One commit for `fast_import`; ``files`` maps a path to its content, None deletes it.

    ``fresh`` starts from an empty tree instead of the parent's.
    """

    __slots__ = ("files", "fresh", "identity", "merge", "message", "parent")

    def __init__(
        self,
        identity: str,
        message: str,
        *,
        parent: str = "",
        merge: str = "",
        files: Sequence[tuple[str, bytes | None]] = (),
        fresh: bool = False,
    ) -> None:
        self.identity = identity
        self.message = message
        self.parent = parent
        self.merge = merge
        self.files = files
        self.fresh = fresh

    def stream(self, ref: str) -> bytes:
        """Return the commit in the language of fast-import (git-fast-import(1))."""
        said = self.message.encode()
        name = self.identity.encode("utf-8", "surrogateescape")
        parts = [
            f"commit {ref}\nmark :1\n".encode(),
            b"committer %s now\n" % name,
            b"data %d\n%s\n" % (len(said), said),
        ]
        if self.parent:
            parts.append(f"from {self.parent}\n".encode())
        if self.merge:
            parts.append(f"merge {self.merge}\n".encode())
        if self.fresh:
            parts.append(b"deleteall\n")
        for path, content in self.files:
            if content is None:
                parts.append(b"D %s\n" % _quoted(path))
            else:
                parts.append(b"M 100644 inline %s\n" % _quoted(path))
                parts.append(b"data %d\n%s\n" % (len(content), content))
        parts.append(b"get-mark :1\ndone\n")
        return b"".join(parts)


def _quoted(path: str) -> bytes:
    """Return a path as one word: a name in another person's tree may hold line breaks."""
    escaped = path.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'.encode("utf-8", "surrogateescape")


def fast_import(
    repo: Repository, guard: RefGuard, ref: str, commit: NewCommit
) -> process.ProcessResult:
    """Make the commit and move the ref to it; the answer's text is the commit's name.

    The caller holds the guard. A code other than 0 says that the ref was not moved, or that git could
    not tell. Raises Locked when another process holds the ref's lock.
    """
    done = repo.git(
        "-c",
        process.VIEW if ref == BRANCH else process.DURABLE,
        "-c",
        f"core.filesRefLockTimeout={_LOCK_WAIT}",
        "-c",
        "fastimport.unpackLimit=100",  # git's default; a smaller one would make a pack of each flag
        "fast-import",
        "--quiet",
        "--done",
        "--date-format=now",
        stdin=commit.stream(ref),
        ok=process.ANY,
        keep=guard.descriptor,
    )
    if not done.code and not repository.is_oid(done.text):
        done.code = 1  # git ends with 0 also when its answer could not be written
    if done.code:
        local.forget(f"{repo.git_dir}/fast_import_crash_{done.pid}")
        if ".lock': File exists" in done.said:
            raise Locked("another process holds the lock of " + ref.removeprefix("refs/heads/"))
        if done.code < 0:
            guard.recover()
    return done


def current_author(repo: Repository) -> str:
    """Return the author that git uses here, ``Name <email>``.

    `UNKNOWN_AUTHOR` when git knows none, when the name holds a credential, and when git was killed: a
    flag must not fail because user.name is unset or user.useConfigOnly forbids a guess.
    """
    done = repo.git("var", "GIT_AUTHOR_IDENT", ok=process.ANY)
    person = done.text.rpartition(">")[0]
    if done.code or "<" not in person or find_secret(person):
        return UNKNOWN_AUTHOR
    return f"{person}>"


def recorded_author(repo: Repository) -> str:
    """Return the current author as a record has it (docs/data-model.md): valid UTF-8 in normal form C."""
    person = current_author(repo).encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    if person.isascii():
        return person
    from gitmem.safety.unicode_rules import compose

    return compose(person)

"""Publish the journal to the queue branch; see docs/data-model.md, "Publishing" (hot lane)."""

from __future__ import annotations

import os

from gitmem.core.errors import GitmemError
from gitmem.core.flag import BadLine, parse
from gitmem.git import local, repository
from gitmem.git.repository import BRANCH
from gitmem.queue.branch import (
    ACTIVE_BYTES,
    ACTIVE_LINES,
    Hint,
    PublishResult,
    active,
    forget_hint,
    message,
    read_hint,
    sealed,
)
from gitmem.queue.fast_import import NewCommit, RefGuard, current_author, fast_import

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.journal import Journal

_HARMLESS_EXPIRY = ("", "never", "2.weeks.ago")


def publish(
    repo: Repository, journal: Journal, identity: str = "", *, wait: float = 0.0
) -> PublishResult:
    """Bring everything in the journal onto the queue branch.

    ``identity`` is ``Name <email>`` (empty: the one git names, asked when a commit is made). ``wait`` is the time in seconds to wait for another publisher; with
    0 that one publishes these lines, too. Does not raise when the branch cannot be moved: the lines are
    safe in the journal, and the result's ``reason`` says why they stay there.
    """
    published = PublishResult()
    try:
        if journal.exists():
            _publish(repo, journal, identity, published, wait)
    except OSError as error:
        published.reason = error.strerror or str(error)
    except GitmemError as error:
        published.reason = error.message
    return published


def up_to_date(repo: Repository, journal: Journal) -> bool:
    """Whether the last publish ended at the journal's end, and the branch is as it left it."""
    hint = read_hint(repo.folder)
    return (
        hint is not None
        and hint.journal == journal.id
        and journal.size() == hint.offset
        and repository.loose(repo, BRANCH) == hint.tip
    )


def _publish(
    repo: Repository, journal: Journal, identity: str, published: PublishResult, wait: float
) -> None:
    guard = RefGuard(repo)
    seen = -1
    while guard.attempt(wait):
        try:
            end = _round(repo, journal, guard, identity, published)
        finally:
            guard.release()
        # A process that appended while we held the lock found it taken and left us its lines.
        # A record torn by a crash stays behind the end for ever: without progress, no further round.
        if published.reason or journal.size() <= end or end == seen:
            return
        seen = end
        wait = 0.0
    if seen < 0:
        published.reason = "another gitmem is publishing"


def _round(
    repo: Repository, journal: Journal, guard: RefGuard, identity: str, published: PublishResult
) -> int:
    """Publish what is pending now; return the journal offset up to which this looked."""
    published.reason = busy_gc(repo) or repository.in_use(repo)
    if published.reason:
        return 0
    try:
        return _bring(repo, journal, guard, identity, published)
    finally:
        if busy_gc(repo):
            forget_hint(repo.folder)  # it may have pruned what was just written


def _bring(
    repo: Repository, journal: Journal, guard: RefGuard, identity: str, published: PublishResult
) -> int:
    hint = read_hint(repo.folder)
    if hint is not None:
        data = journal.read(hint.start)
        end = hint.start + len(data)
        if hint.journal == journal.id and end >= hint.offset:
            if end == hint.offset and repository.loose(repo, BRANCH) == hint.tip:
                return end
            batch = _Batch(journal, hint, data)
            if batch.new and batch.publish(repo, guard, identity):
                published.ids.update([flag.id for flag in batch.new])
                return end
    # The slower code is loaded only here: after a crash, a prune or a foreign change.
    from gitmem.queue import reconcile

    return reconcile.publish_missing(
        repo, journal, guard, identity, published, noted=hint is not None
    )


class _Batch:
    """The usual case: one commit on the tip that this clone made last.

    ``data`` is the journal from the active file's first line on, ``hint`` says what is published of it.
    """

    __slots__ = ("_changes", "_hint", "_journal", "new")

    def __init__(self, journal: Journal, hint: Hint, data: bytes) -> None:
        self._journal = journal
        self._changes: list[tuple[str, bytes | None]] = []
        self.new: list[Flag] = []
        self._hint = self._divide(hint, data)

    def publish(self, repo: Repository, guard: RefGuard, identity: str) -> bool:
        """Make the commit; return False when the tip is another one or the branch cannot be moved."""
        said = message(self.new, self._hint.journal, self._hint.offset)
        commit = NewCommit(
            identity or current_author(repo), said, parent=self._hint.tip, files=self._changes
        )
        done = fast_import(repo, guard, BRANCH, commit)
        if done.code:
            return False
        self._hint.tip = done.text
        self._hint.save(repo.folder)
        return True

    def _divide(self, hint: Hint, data: bytes) -> Hint:
        """Put the lines into files; return the next hint, still with the old tip."""
        known = hint.offset - hint.start
        lines = [line for line in data[:known].split(b"\n") if line]
        size = known
        position, start, number = hint.offset, hint.start, hint.number
        damaged = False
        for raw in data[known:].split(b"\n"):
            position += len(raw) + 1
            flag = _flag(raw)
            if flag is None:
                damaged = damaged or bool(raw.strip())
                continue
            self.new.append(flag)
            lines.append(flag.line.encode())
            size += len(raw)
            if len(lines) == ACTIVE_LINES or size >= ACTIVE_BYTES:
                self._seal(number, lines)
                number, start, lines, damaged, size = number + 1, position, [], False, 0
        end = hint.start + len(data)
        if lines and damaged:  # so that the next append need not look at these lines again
            self._seal(number, lines)
            number, start = number + 1, end
        elif lines:
            path = active(self._journal.writer, number)
            self._changes.append((path, b"\n".join([*lines, b""])))
        return Hint(hint.tip, hint.journal, end, number, start)

    def _seal(self, number: int, lines: list[bytes]) -> None:
        writer = self._journal.writer
        self._changes.append((active(writer, number), None))
        self._changes.append((sealed(writer, number), b"\n".join([*lines, b""])))


def _flag(raw: bytes) -> Flag | None:
    try:
        return parse(raw.strip().decode()) if raw else None
    except (BadLine, UnicodeDecodeError):
        return None  # what reads the whole journal reports it (status, check, close)


def busy_gc(repo: Repository) -> str:
    """Return why nothing may be published now, while a pruning gc runs; else empty.

    `git gc` writes "<pid> <host>" to gc.pid. A plain gc keeps objects younger than two weeks; one
    with --prune=<recent> may remove what is being written (docs/data-model.md,
    "Publishing").
    """
    content = local.read(repo.common + "/gc.pid").split()
    if not content or not content[0].isdigit():
        return ""
    try:
        os.kill(int(content[0]), 0)
    except (ProcessLookupError, OverflowError):
        return ""
    except PermissionError:
        pass
    arguments = _arguments(int(content[0]))
    if arguments and not [word for word in arguments if word.endswith(b"gc")]:
        return ""  # another program got the number of a gc that was killed
    pruning = [word for word in arguments if word.startswith(b"--prune")]
    if arguments and not pruning:
        expiry = repo.git("config", "--get", "gc.pruneExpire", ok=(0, 1)).text
        if expiry in _HARMLESS_EXPIRY:
            return ""
    return "a pruning `git gc` is running"


def _arguments(pid: int) -> list[bytes]:
    """Return a process's command line; empty where the system does not tell."""
    try:
        return local.read(f"/proc/{pid}/cmdline").split(b"\0")
    except OSError:
        return []

"""Take drained flags out of journal and queue, into the archive (docs/data-model.md)."""

from __future__ import annotations

import os

from gitmem.core.errors import GitmemError
from gitmem.core.flag import new_id
from gitmem.core.quantities import count
from gitmem.git import refs, repository
from gitmem.git.repository import ARCHIVE, BRANCH
from gitmem.queue import contents, damage, publisher
from gitmem.queue.branch import forget_hint
from gitmem.queue.fast_import import NewCommit, RefGuard, current_author, fast_import
from gitmem.queue.journal import START, Journal
from gitmem.queue.lines import split

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitmem.git.repository import Repository

_WAIT = 10.0  # seconds to wait for a publisher; it needs no longer than its git child


class PruneResult:
    """The result of a prune: ids taken out, whether the local queue branch is gone, why it stopped."""

    __slots__ = ("branch_gone", "ids", "reason")

    def __init__(self) -> None:
        self.ids: list[str] = []
        self.branch_gone = False
        self.reason = ""


def prune(repo: Repository, drained: Collection[str], *, keep_branch: bool = False) -> PruneResult:
    """Archive and remove every flag whose id is in ``drained``.

    The order (archive, journal, branch) makes a kill between two steps harmless: the next prune
    finishes. It also finishes after a failed step. ``reason`` says why a step failed, or that another
    gitmem or a pruning gc is at work. ``keep_branch``: an empty queue branch stays, to be pushed.
    """
    pruned = PruneResult()
    if not os.path.isdir(repo.folder):
        return pruned
    try:
        guard = RefGuard(repo)
        if not guard.attempt(_WAIT):
            pruned.reason = "another gitmem is publishing"
            return pruned
        try:
            pruned.reason = publisher.busy_gc(repo) or repository.in_use(repo)
            if not pruned.reason:
                _prune(repo, guard, drained, pruned, keep_branch=keep_branch)
        finally:
            guard.release()
    except OSError as error:
        pruned.reason = error.strerror or str(error)
    except GitmemError as error:
        pruned.reason = error.message
    return pruned


def _prune(
    repo: Repository,
    guard: RefGuard,
    drained: Collection[str],
    pruned: PruneResult,
    *,
    keep_branch: bool,
) -> None:
    journal = Journal(repo.folder)
    data = journal.read()
    lines = split(data)
    tip = refs.resolve(repo, BRANCH)
    files, aside = contents.read_bounded(repo, tip) if tip else ({}, contents.Aside())
    queued = [pair for content in files.values() for pair in split(content)]
    gone: dict[str, bytes] = {}
    disputed: set[str] = set()
    for line, flag_id in lines + queued:
        if flag_id in drained and gone.setdefault(flag_id, line) != line:
            disputed.add(flag_id)  # of two lines with one id both stay
    for flag_id in disputed:
        del gone[flag_id]
    if gone:
        _archive(repo, guard, tip, list(gone.values()))
        forget_hint(repo.folder)
        if data:
            _rotate(repo, journal, lines, gone, START + len(data))
        pruned.ids = list(gone)
    if tip:  # a person deletes what is set aside: the branch stays with it
        keep = keep_branch or bool(aside)
        pruned.branch_gone = _shrink(repo, guard, tip, files, gone, keep_branch=keep)


def _archive(repo: Repository, guard: RefGuard, tip: str, lines: list[bytes]) -> None:
    """Keep the flags' lines and the queue's history reachable."""
    old = refs.resolve(repo, ARCHIVE)
    path = f"archive/{damage.stamp()[:16]}-{new_id(os.urandom(12))[:6]}.jsonl"
    commit = NewCommit(
        current_author(repo),
        f"archive: {count(len(lines), 'flag')} landed\n",
        parent=old or tip,
        merge=tip if old and tip and not refs.contains(repo, old, tip) else "",
        files=[(path, _text(lines))],
        fresh=not old,
    )
    done = fast_import(repo, guard, ARCHIVE, commit)
    if done.code:
        raise refs.Moved(f"the archive was not written: {done.said.strip()}")


def _rotate(
    repo: Repository,
    journal: Journal,
    lines: list[tuple[bytes, str]],
    gone: Collection[str],
    read_up_to: int,
) -> None:
    """Leave in the journal what is not drained, also lines that only a newer gitmem understands."""
    torn = [line for line, flag_id in lines if not flag_id]
    if torn:
        damage.keep(repo, f"{damage.stamp()}-journal", _text(torn))
    left = [line for line, flag_id in lines if flag_id and flag_id not in gone]
    journal.rotate(_text(left), read_up_to)


def _shrink(
    repo: Repository,
    guard: RefGuard,
    tip: str,
    files: dict[str, bytes],
    gone: Collection[str],
    *,
    keep_branch: bool,
) -> bool:
    """Take the drained lines out of the branch, or remove it when no line is left; return whether it is gone.

    Damaged lines stay where they are: gitmem does not know what they were.
    """
    rests = {path: _rest(content, gone) for path, content in files.items()}
    if not any(rests.values()) and not keep_branch:
        refs.delete(repo, BRANCH, tip, "gitmem: everything landed", keep=guard.descriptor)
        forget_hint(repo.folder)
        return True
    changes = [(path, rest or None) for path, rest in rests.items() if rest != files[path]]
    if changes:
        who = current_author(repo)
        commit = NewCommit(
            who, f"prune: {count(len(gone), 'flag')} landed\n", parent=tip, files=changes
        )
        done = fast_import(repo, guard, BRANCH, commit)
        if done.code:
            raise refs.Moved(f"the queue branch was not pruned: {done.said.strip()}")
    return False


def _rest(content: bytes, gone: Collection[str]) -> bytes:
    return _text([line for line, flag_id in split(content) if flag_id not in gone])


def _text(lines: Iterable[bytes]) -> bytes:
    return b"".join([line + b"\n" for line in lines])

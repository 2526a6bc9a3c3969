"""Read the queue: branch, journal, archive, remote-tracking branch (standard library only)."""

from __future__ import annotations

from gitmem.domain.queue import Lines
from gitmem.store import damage, objects, refs
from gitmem.store.branch import ARCHIVE, BRANCH, NAME
from gitmem.store.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.repository import Repository


class Queue:
    """All flags this clone knows of, by place; ``tip`` is the local queue branch or empty."""

    __slots__ = ("archive", "branch", "journal", "tip")

    def __init__(self, tip: str, branch: Lines, journal: Lines, archive: Lines) -> None:
        self.tip = tip
        self.branch = branch
        self.journal = journal
        self.archive = archive


def read(repo: Repository) -> Queue:
    """Reads everything; raises `gitmem.store.objects.Unreadable` when the branch is damaged.

    The remote-tracking queue of the configured remote counts as part of the branch: it holds
    other machines' flags, and in a fresh clone it is all there is.
    """
    known = refs.listed(repo, BRANCH, ARCHIVE) | refs.tracking(repo, NAME)
    tip = known.get(BRANCH, "")
    if not tip and damage.is_file(repo, BRANCH):
        raise objects.Unreadable("the ref of the queue branch names no commit")
    branch = Lines()
    for ref, oid in known.items():
        if ref != ARCHIVE:
            _read_tree(repo, branch, oid, "queue/", ref)
    journal = Lines()
    journal.read(Journal(repo.folder).read(), "journal")
    archive = Lines()
    if ARCHIVE in known:
        _read_tree(repo, archive, known[ARCHIVE], "archive/", ARCHIVE)
    return Queue(tip, branch, journal, archive)


def _read_tree(repo: Repository, lines: Lines, commit: str, folder: str, ref: str) -> None:
    """Each writer's files in the order of their numbers, whether sealed or not."""
    files = objects.files(repo, commit, folder)
    for path in sorted(files, key=lambda path: path.rpartition("/")[2]):
        lines.read(files[path], f"{ref.removeprefix('refs/heads/')}:{path}")

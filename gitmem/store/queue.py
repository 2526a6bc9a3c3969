"""Read the queue: branch, journal, archive, remote-tracking branch (standard library only)."""

from __future__ import annotations

from gitmem.domain.queue import Damaged, Lines
from gitmem.store import damage, objects, refs
from gitmem.store.branch import ARCHIVE, BRANCH, NAME
from gitmem.store.journal import Journal

LARGEST = 16 << 20  # bytes; 128 lines of the longest flag there can be have a tenth of that
NOT_READ = "larger than any file that gitmem writes; it was not read"

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
    place = ref.removeprefix("refs/heads/")
    files, refused = bounded(repo, commit, folder)
    for path in sorted(files, key=in_order):
        lines.read(files[path], f"{place}:{path}")
    lines.damaged += [Damaged(f"{place}:{path}", NOT_READ, "") for path in refused]


def bounded(repo: Repository, commit: str, folder: str) -> tuple[dict[str, bytes], list[str]]:
    """The plain files below a folder of a queue that anybody may have pushed, path to content.

    The second part names those that are larger than any that gitmem writes; they are not read.
    """
    found = objects.entries(repo, commit, folder, sized=True)
    plain = [entry for entry in found if entry.mode == "100644"]
    small = [entry for entry in plain if entry.size <= LARGEST]
    contents = objects.blobs(repo, [entry.oid for entry in small])
    files = {entry.path: content for entry, content in zip(small, contents, strict=True)}
    return files, [entry.path for entry in plain if entry.size > LARGEST]


def in_order(path: str) -> str:
    """The key by which a writer's files come in the order of their numbers, sealed or not."""
    return path.rpartition("/")[2]

"""Read the queue: branch, journal, archive, remote-tracking branch (standard library only)."""

from __future__ import annotations

from gitmem.domain.errors import NeedsPerson
from gitmem.domain.queue import Damaged, Lines
from gitmem.store import damage, objects, refs
from gitmem.store.journal import Journal
from gitmem.store.repository import ARCHIVE, BRANCH, NAME

LARGEST = 16 << 20  # bytes; 128 lines of the longest flag there can be have a tenth of that
MOST = 256 << 20  # bytes of all files that a sync takes in; some million flags are less
NOT_READ = "larger than any file that gitmem writes; it was not read"

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.store.objects import Entry
    from gitmem.store.repository import Repository


class Queue:
    """All flags this clone knows of, by place; ``tip`` is the local queue branch or empty."""

    __slots__ = ("archive", "branch", "journal", "tip")

    def __init__(self, tip: str, branch: Lines, journal: Lines, archive: Lines) -> None:
        self.tip = tip
        self.branch = branch
        self.journal = journal
        self.archive = archive


def read(repo: Repository, *, tracked: bool = True) -> Queue:
    """Reads everything; raises `gitmem.store.objects.Unreadable` when the branch is damaged.

    The remote-tracking queue of the configured remote counts as part of the branch: it holds
    other machines' flags, and in a fresh clone it is all there is. Not ``tracked``: it is left out,
    by somebody who has asked the remote itself.
    """
    there = [refs.tracked(repo, NAME)] if tracked else []
    known = refs.listed(repo, BRANCH, ARCHIVE, *there)
    tip = known.get(BRANCH, "")
    if not tip and damage.is_file(repo, BRANCH):
        raise objects.Unreadable("the ref of the queue branch names no commit")
    branch = Lines()
    places = {oid: ref for ref, oid in reversed(known.items()) if ref != ARCHIVE}
    for oid, ref in reversed(places.items()):  # right after a sync there is one tip, and one look
        _read_tree(repo, branch, oid, "queue/", ref)
    journal = Lines()
    journal.read(Journal(repo.folder).read(), "journal")
    archive = Lines()
    if ARCHIVE in known:
        _read_tree(repo, archive, known[ARCHIVE], "archive/", ARCHIVE)
    return Queue(tip, branch, journal, archive)


def fetched(repo: Repository, tip: str, place: str) -> Lines:
    """The flags of a queue at a remote, its files named with ``place``; none without a tip.

    What anybody may have pushed is read file by file, so that only its flags stay in memory.
    """
    lines = Lines()
    if tip:
        _read_tree(repo, lines, tip, "queue/", place)
    return lines


def _read_tree(repo: Repository, lines: Lines, commit: str, folder: str, ref: str) -> None:
    """Each writer's files in the order of their numbers, whether sealed or not.

    A bounded part of them at a time, so that a long queue need not be in memory twice.
    """
    place = ref.removeprefix("refs/heads/")
    small, refused = _plain(repo, commit, folder)
    left = sorted(small, key=lambda entry: in_order(entry.path))
    while left:
        end = size = 0
        while end < len(left) and size <= LARGEST:
            size += left[end].size
            end += 1
        contents = objects.blobs(repo, [entry.oid for entry in left[:end]])
        for entry, content in zip(left[:end], contents, strict=True):
            lines.read(content, f"{place}:{entry.path}")
        del left[:end]
    lines.damaged += [Damaged(f"{place}:{path}", NOT_READ, "") for path in refused]


def bounded(repo: Repository, commit: str, folder: str) -> tuple[dict[str, bytes], list[str]]:
    """The plain files below a folder of a queue that anybody may have pushed, path to content.

    The second part names those that are larger than any that gitmem writes; they are not read.
    Raises NeedsPerson when all together are more than a queue ever is.
    """
    small, refused = _plain(repo, commit, folder)
    total = sum(entry.size for entry in small)
    if total > MOST:
        raise NeedsPerson(
            f"the queue {commit[:12]} has {total >> 20} MiB, and no more than {MOST >> 20} are taken in",
            hint="ask who pushed it; `git log --stat` of the branch at the remote says when",
        )
    contents = objects.blobs(repo, [entry.oid for entry in small])
    return {entry.path: content for entry, content in zip(small, contents, strict=True)}, refused


def _plain(repo: Repository, commit: str, folder: str) -> tuple[list[Entry], list[str]]:
    found = objects.entries(repo, commit, folder, sized=True)
    plain = [entry for entry in found if entry.mode == "100644"]
    refused = [entry.path for entry in plain if entry.size > LARGEST]
    return [entry for entry in plain if entry.size <= LARGEST], refused


def in_order(path: str) -> str:
    """The key by which a writer's files come in the order of their numbers, sealed or not."""
    return path.rpartition("/")[2]

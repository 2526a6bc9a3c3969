"""Read the queue: branch, journal, archive, remote-tracking branch (standard library only)."""

from __future__ import annotations

from gitmem.core.bounds import QUEUE, QUEUE_FILE, QUEUE_FILE_LINES, QUEUE_FILES, QUEUE_LINES
from gitmem.core.flag import ID_ALPHABET
from gitmem.git import objects, refs
from gitmem.git.repository import ARCHIVE, BRANCH, NAME
from gitmem.queue import damage
from gitmem.queue.journal import WRITER_LENGTH, Journal
from gitmem.queue.lines import Lines

NOT_READ = "larger than any file that gitmem writes"
QUEUE_FOLDER = "queue/"
_AT_ONCE = 4 << 20  # bytes of contents in memory beside what was read of them
_NAMED = 3  # paths in a sentence; there may be a hundred thousand
_DIGITS = (6, 9)  # of a file's number, least and most

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.git.objects import Entry
    from gitmem.git.repository import Repository


class Queue:
    """All flags this clone knows of, by place; ``tip`` is the local queue branch or empty."""

    __slots__ = ("archive", "branch", "journal", "tip")

    def __init__(self, tip: str, branch: Lines, journal: Lines, archive: Lines) -> None:
        self.tip = tip
        self.branch = branch
        self.journal = journal
        self.archive = archive


def read(repo: Repository, *, remote: str = "", tracked: bool = True) -> Queue:
    """Reads everything; raises `gitmem.git.objects.Unreadable` when the branch is damaged.

    The remote-tracking queue of ``remote`` (empty: the configured remote) counts as part of the
    branch: it holds other machines' flags, and in a fresh clone it is all there is. Not ``tracked``:
    without it, for a caller that has asked the remote itself.
    """
    there = [refs.tracked(repo, NAME, remote)] if tracked else []
    known = refs.listed(repo, BRANCH, ARCHIVE, *there)
    tip = known.get(BRANCH, "")
    if not tip and damage.is_file(repo, BRANCH):
        raise objects.Unreadable("the ref of the queue branch names no commit")
    branch = Lines()
    places = {oid: ref for ref, oid in reversed(known.items()) if ref != ARCHIVE}
    for oid, ref in reversed(places.items()):  # right after a sync there is one tip, and one look
        _read_tree(repo, branch, oid, ref)
    journal = Lines()
    journal.read(Journal(repo.folder).read(), "journal")
    archive = Lines()
    if ARCHIVE in known:
        _read_archive(repo, archive, known[ARCHIVE])
    return Queue(tip, branch, journal, archive)


def fetched(repo: Repository, tip: str, place: str) -> Lines:
    """The flags of a queue at a remote, its files named with ``place``; none without a tip.

    What anybody may have pushed is read file by file, so that only its flags stay in memory.
    """
    lines = Lines()
    if tip:
        _read_tree(repo, lines, tip, place)
    return lines


def _read_tree(repo: Repository, lines: Lines, commit: str, ref: str) -> None:
    """Each writer's files in the order of their numbers, whether sealed or not."""
    place = ref.removeprefix("refs/heads/")
    aside = Aside()
    found = plain(repo, listed(repo, commit), aside)
    for path, content in contents(repo, found, aside):
        lines.read(content, f"{place}:{path}")
    lines.aside += [f"{place}: {sentence}" for sentence in aside.sentences()]


def _read_archive(repo: Repository, lines: Lines, commit: str) -> None:
    """All of it: nobody pushes to it, and it grows for as long as this clone lives."""
    found = [e for e in objects.beside(repo, commit, "archive/") if e.mode == "100644"]
    names = iter(found)

    def read(content: bytes) -> None:
        lines.read(content, f"{ARCHIVE}:{next(names).path}")

    objects.each(repo, [entry.oid for entry in found], read, most=1 << 62)


class Aside:
    """What of a queue is set aside, unread: the paths, by the reason."""

    __slots__ = ("_by_reason", "_more", "paths")

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._by_reason: dict[str, list[str]] = {}
        self._more: dict[str, int] = {}

    def add(self, path: str, reason: str) -> None:
        """Notes one path; of many with one reason the first are named and the others counted."""
        self.paths.add(path)
        named = self._by_reason.setdefault(reason, [])
        if len(named) < _NAMED:
            named.append(path)
        else:
            self._more[reason] = self._more.get(reason, 0) + 1

    def __bool__(self) -> bool:
        """Whether there is anything."""
        return bool(self._by_reason)

    def sentences(self) -> list[str]:
        """One sentence for each reason."""
        found = []
        for reason, named in self._by_reason.items():
            more = f" and {self._more[reason]} more" if reason in self._more else ""
            found.append(f"set aside, unread: {', '.join(named)}{more}: {reason}")
        return found


def listed(repo: Repository, commit: str) -> list[Entry]:
    """What is in the two folders of a queue, and nothing that is nested deeper.

    Raises Unreadable, and TooLarge when not even the list of names can be read.
    """
    return objects.beside(repo, commit, QUEUE_FOLDER, QUEUE_FOLDER + "sealed/")


def plain(repo: Repository, found: Sequence[Entry], aside: Aside) -> list[Entry]:
    """Those of what is `listed` that are read, in the order in which they are.

    Only what gitmem itself could have made, where it would be, and no more than a queue ever has;
    the rest goes to ``aside``. This clone's own files come first when there are too many.
    """
    known: list[Entry] = []
    for entry in found:
        reason = _odd(entry)
        if reason:
            aside.add(entry.path, reason)
        else:
            known.append(entry)
    if len(known) > QUEUE_FILES:
        mine = Journal(repo.folder).named()
        known.sort(key=lambda entry: (not in_order(entry.path).startswith(mine), entry.path))
        reason = f"more than the {QUEUE_FILES} files that are read of a queue"
        for entry in known[QUEUE_FILES:]:
            aside.add(entry.path, reason)
        del known[QUEUE_FILES:]
    return sorted(known, key=lambda entry: in_order(entry.path))


def _odd(entry: Entry) -> str:
    """Why an entry is not read; empty for one that is."""
    if entry.mode != "100644":
        return "no plain file, and gitmem puts nothing else there"
    if not _is_ours(entry.path):
        return "gitmem gives no file such a name"
    return NOT_READ if entry.size > QUEUE_FILE else ""


def _is_ours(path: str) -> bool:
    """Whether a path is `queue/[sealed/]<writer>-<number>.jsonl`."""
    name = path.removeprefix(QUEUE_FOLDER).removeprefix("sealed/")
    writer, _, number = name.removesuffix(".jsonl").partition("-")
    return (
        name.endswith(".jsonl")
        and len(writer) == WRITER_LENGTH
        and not writer.strip(ID_ALPHABET)
        and _DIGITS[0] <= len(number) <= _DIGITS[1]
        and number.isascii()
        and number.isdecimal()
    )


def contents(repo: Repository, found: Sequence[Entry], aside: Aside) -> Iterator[tuple[str, bytes]]:
    """Path and content of the files, as far as they are no more than a queue ever is.

    A bounded part of them is in memory at a time. Raises Unreadable.
    """
    left, lines = list(found), 0
    total = 0
    reason = f"more than the {QUEUE >> 20} MiB or {QUEUE_LINES:,} lines that are read of a queue"
    while left:
        end = size = 0
        while end < len(left) and size <= _AT_ONCE and total + size + left[end].size <= QUEUE:
            size += left[end].size
            end += 1
        part, left = left[:end], left[end:]
        if not part:
            for entry in left:
                aside.add(entry.path, reason)
            return
        total += size
        texts = objects.blobs(repo, [entry.oid for entry in part])
        for entry, content in zip(part, texts, strict=True):
            number = content.count(b"\n") + 1
            if number > QUEUE_FILE_LINES:
                aside.add(entry.path, f"more than the {QUEUE_FILE_LINES:,} lines that a file has")
            elif lines + number > QUEUE_LINES:
                aside.add(entry.path, reason)
            else:
                lines += number
                yield entry.path, content


def bounded(repo: Repository, commit: str) -> tuple[dict[str, bytes], Aside]:
    """The files of a queue, path to content, and what of it was set aside; raises as `listed`."""
    aside = Aside()
    found = plain(repo, listed(repo, commit), aside)
    return dict(contents(repo, found, aside)), aside


def in_order(path: str) -> str:
    """The key by which a writer's files come in the order of their numbers, sealed or not."""
    return path.rpartition("/")[2]

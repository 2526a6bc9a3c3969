"""Read the queue: branch, journal, archive, remote-tracking branch."""

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

    from gitmem.core.flag import Flag
    from gitmem.git.objects import Entry
    from gitmem.git.repository import Repository


class Queue:
    """All flags that this clone knows, by place; ``tip`` is the local queue branch (empty: none)."""

    __slots__ = ("archive", "branch", "journal", "tip")

    def __init__(self, tip: str, branch: Lines, journal: Lines, archive: Lines) -> None:
        self.tip = tip
        self.branch = branch
        self.journal = journal
        self.archive = archive

    @property
    def flags(self) -> dict[str, Flag]:
        """Every flag by id. Of several lines the journal's counts, because this clone wrote it."""
        return {**self.archive.flags, **self.branch.flags, **self.journal.flags}


def read_queue(repo: Repository, *, remote: str = "", tracked: bool = True) -> Queue:
    """Return the whole queue. Raises `gitmem.git.objects.Unreadable` for a damaged branch.

    The remote-tracking queue of ``remote`` (empty: the configured remote) counts as part of the
    branch: it holds other machines' flags, and in a fresh clone it is all there is. Not ``tracked``:
    without it, for a caller that has asked the remote itself.
    """
    remote_refs = [refs.tracking_ref(repo, NAME, remote)] if tracked else []
    known = refs.listed(repo, BRANCH, ARCHIVE, *remote_refs)
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


def read_remote(repo: Repository, tip: str, place: str) -> Lines:
    """Return the flags of a queue at a remote; none without a tip. ``place`` precedes the names of its files.

    The files are read one by one, so that only their flags stay in memory: anybody may have pushed them.
    """
    lines = Lines()
    if tip:
        _read_tree(repo, lines, tip, place)
    return lines


def _read_tree(repo: Repository, lines: Lines, commit: str, ref: str) -> None:
    """Read each writer's files in the order of their numbers, sealed or not."""
    place = ref.removeprefix("refs/heads/")
    aside = Aside()
    entries = select_files(repo, list_files(repo, commit), aside)
    for path, content in read_files(repo, entries, aside):
        lines.read(content, f"{place}:{path}")
    lines.aside += [f"{place}: {sentence}" for sentence in aside.sentences()]


def _read_archive(repo: Repository, lines: Lines, commit: str) -> None:
    """Read all of the archive, without a bound: no other clone pushes to it, and it grows with this clone."""
    entries = [e for e in objects.folder_entries(repo, commit, "archive/") if e.mode == "100644"]
    names = iter(entries)

    def read_file(content: bytes) -> None:
        lines.read(content, f"{ARCHIVE}:{next(names).path}")

    objects.read_each(repo, [entry.oid for entry in entries], read_file, most=1 << 62)


class Aside:
    """What is set aside of a queue, unread: the paths by their reason."""

    __slots__ = ("_by_reason", "_more", "paths")

    def __init__(self) -> None:
        self.paths: set[str] = set()
        self._by_reason: dict[str, list[str]] = {}
        self._more: dict[str, int] = {}

    def add(self, path: str, reason: str) -> None:
        """Note a path; of many with one reason the first are named and the others counted."""
        self.paths.add(path)
        named = self._by_reason.setdefault(reason, [])
        if len(named) < _NAMED:
            named.append(path)
        else:
            self._more[reason] = self._more.get(reason, 0) + 1

    def __bool__(self) -> bool:
        """Whether anything is set aside."""
        return bool(self._by_reason)

    def sentences(self) -> list[str]:
        """Return one sentence for each reason."""
        sentences = []
        for reason, named in self._by_reason.items():
            more = f" and {self._more[reason]} more" if reason in self._more else ""
            sentences.append(f"set aside, unread: {', '.join(named)}{more}: {reason}")
        return sentences


def list_files(repo: Repository, commit: str) -> list[Entry]:
    """Return the entries of the two folders of a queue, and nothing below them.

    Raises Unreadable, and TooLarge when even the list of names is too long.
    """
    return objects.folder_entries(repo, commit, QUEUE_FOLDER, QUEUE_FOLDER + "sealed/")


def select_files(repo: Repository, entries: Sequence[Entry], aside: Aside) -> list[Entry]:
    """Return the entries to read, in the order to read them in; the rest goes to ``aside``.

    Only files that gitmem itself can have made, in their places, and no more of them than a queue ever
    has. When there are too many, this clone's own files come first.
    """
    known: list[Entry] = []
    for entry in entries:
        reason = _odd(entry)
        if reason:
            aside.add(entry.path, reason)
        else:
            known.append(entry)
    if len(known) > QUEUE_FILES:
        mine = Journal(repo.folder).file_prefix()
        known.sort(key=lambda entry: (not file_order(entry.path).startswith(mine), entry.path))
        reason = f"more than the {QUEUE_FILES} files that are read of a queue"
        for entry in known[QUEUE_FILES:]:
            aside.add(entry.path, reason)
        del known[QUEUE_FILES:]
    return sorted(known, key=lambda entry: file_order(entry.path))


def _odd(entry: Entry) -> str:
    """Return why an entry is not read; empty for one that is."""
    if entry.mode != "100644":
        return "not a plain file, and gitmem puts nothing else there"
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


def read_files(
    repo: Repository, entries: Sequence[Entry], aside: Aside
) -> Iterator[tuple[str, bytes]]:
    """Yield path and content of the files, up to the size that a queue ever has; the rest goes to ``aside``.

    A bounded part of them is in memory at a time. Raises Unreadable.
    """
    left, lines = list(entries), 0
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


def read_bounded(repo: Repository, commit: str) -> tuple[dict[str, bytes], Aside]:
    """Return the files of a queue, path to content, and what is set aside of it. Raises as `list_files`."""
    aside = Aside()
    entries = select_files(repo, list_files(repo, commit), aside)
    return dict(read_files(repo, entries, aside)), aside


def file_order(path: str) -> str:
    """Return the sort key that puts a writer's files in the order of their numbers, sealed or not."""
    return path.rpartition("/")[2]

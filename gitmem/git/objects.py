"""Read what git stores: trees and blobs, many at once, and the difference of two commits.

What is read by object name is read once in a process: the name says what the object holds. Refs are never kept,
since another process may change them at any moment; of the configuration only which remotes there are, beside the
state of the clone's own file (`gitmem.git.remotes`).
"""

from __future__ import annotations

from gitmem.core.errors import GitmemError
from gitmem.core.failures import NeedsPerson
from gitmem.git.process import ANY, HARDENED, STREAMED, TooMuch
from gitmem.git.repository import is_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence
    from typing import Any

    from gitmem.git.repository import Repository

_ENTRY_COST = 4  # bytes of memory for a byte of a listing
#: Bytes of contents in memory at a time. Memory files, rules and records of ten busy years are a fifth
#: of that.
MOST = 32 << 20
#: Bytes of one recursive listing of a tree: some 300,000 files.
LISTED = 32 << 20
#: Bytes of the names in a tree that git puts into an index: a million files.
NAMES = 64 << 20
CACHED = 8 << 20  # bytes; the memory, the records and 10,000 queued flags are less
_LONGEST_ANSWER = CACHED >> 3  # bytes of one answer, so that no single one displaces the others


class Unreadable(NeedsPerson):
    """An object that a ref leads to is missing or broken."""


class TooLarge(NeedsPerson):
    """A commit holds more than gitmem reads."""

    def __init__(self, what: str, size: int) -> None:
        named = f"the object {what[:12]}" if is_oid(what) else what
        self.size = size
        super().__init__(
            f"{named} is too large to read ({size >> 20} MiB)",
            hint="gitmem writes nothing of that size; see who committed it",
        )


class Entry:
    """One entry of a tree: mode (``100644``), type (``blob``), object name, path.

    ``size`` is that of a blob in bytes, in a listing with sizes.
    """

    __slots__ = ("mode", "oid", "path", "size", "type")

    def __init__(self, mode: str, kind: str, oid: str, path: str, size: str = "") -> None:
        self.mode = mode
        self.type = kind
        self.oid = oid
        self.path = path
        self.size = int(size) if size.isdecimal() else 0


def entries(repo: Repository, commit: str, *paths: str, sized: bool = False) -> list[Entry]:
    """Return all entries below the paths (without any: of the whole tree), without folders.

    Symbolic links and submodules are listed with their modes. ``sized``: with sizes, for what another
    person may have written. Raises Unreadable for a tree that cannot be read, and TooLarge when the
    listing is longer than `LISTED`.
    """
    return _listed(repo, commit, paths, *(("-r", "-l") if sized else ("-r",)))


def path_entries(repo: Repository, commit: str, *paths: str) -> list[Entry]:
    """Return the entries of these paths themselves, files and folders. Raises Unreadable."""
    return _listed(repo, commit, paths)


def _listed(repo: Repository, commit: str, paths: tuple[str, ...], *options: str) -> list[Entry]:
    """Return what `git ls-tree` lists; a kept listing with sizes serves for one without."""
    for known in (options, (*options, "-l")):
        kept: list[Entry] | None = cache_of(repo).get(("tree", commit, paths, known))
        if kept is not None:
            return list(kept)
    try:
        done = repo.git(
            "ls-tree", "-z", *options, "--full-tree", commit, "--", *paths, ok=ANY, most=LISTED
        )
    except TooMuch as error:
        below = f"what is below {', '.join(paths)}" if paths else "the tree"
        raise TooLarge(f"{below} at {commit[:12]} has too many files; the list", LISTED) from error
    if done.code:
        raise Unreadable(f"the tree of {commit[:12]} cannot be read: {done.said.strip()}")
    rows = []
    for line in done.out.split(b"\0"):
        if line:
            meta, _, path = line.partition(b"\t")
            mode, kind, oid, *size = meta.decode("ascii").split()
            rows.append(Entry(mode, kind, oid, path.decode("utf-8", "surrogateescape"), *size))
    if is_oid(commit):
        cache_of(repo).keep(("tree", commit, paths, options), rows, len(done.out) * _ENTRY_COST)
    return list(rows)


def refuse_endless(repo: Repository, commit: str) -> None:
    """Raise TooLarge for a tree with more files than git can put into an index.

    For each start of git that does so, as git itself has no bound; once for a commit.
    """
    if cache_of(repo).get(("ends", commit)):
        return
    left = NAMES

    def count(data: bytes) -> None:
        nonlocal left
        left -= len(data)
        if left < 0:
            raise TooLarge(f"the list of the files at {commit[:12]}", NAMES)

    repo.git("ls-tree", "-r", "-z", "--name-only", "--full-tree", commit, ok=ANY, takes=count)
    if is_oid(commit):
        cache_of(repo).keep(("ends", commit), True, 1)


def folder_entries(repo: Repository, commit: str, *folders: str, sized: bool = True) -> list[Entry]:
    """Return the entries of the folders (each ends with ``/``); git opens nothing below them.

    For a tree that anybody may have pushed: ten folders nested ten deep are 10 billion paths. Raises as
    `entries` does.
    """
    return _listed(repo, commit, folders, *(("-l",) if sized else ()))


def blobs(repo: Repository, oids: Sequence[str], *, most: int = MOST) -> list[bytes]:
    """Return the contents of objects (blobs, as a rule), in order.

    Raises Unreadable for a missing or broken one, and TooLarge for more than ``most`` bytes in all.
    """
    contents: list[bytes] = []
    read_each(repo, oids, contents.append, most=most)
    return contents


def read_each(
    repo: Repository,
    oids: Sequence[str],
    hears: Callable[[bytes], None],
    *,
    most: int = MOST,
    largest: int = MOST,
) -> None:
    """Hand the contents of objects to ``hears`` one by one, in order.

    Only one of them is in memory at a time. Raises as `blobs` does, and TooLarge for a single object of
    more than ``largest`` bytes before it is read.
    """
    kept = {oid: content for oid in oids if (content := cache_of(repo).get(oid)) is not None}
    lacking = [oid for oid in oids if oid not in kept]
    wanted = iter(oids)

    def tell(read: bytes | None) -> None:
        """Hand over what is kept up to the next object that was read, and that one."""
        for oid in wanted:
            if oid in kept:
                hears(kept[oid])
            elif read is not None:
                cache_of(repo).keep(oid, read, len(read))
                hears(read)
                return

    if sum(map(len, kept.values())) > most:
        raise TooLarge(oids[0], most)
    if lacking:
        reading = _Reading(lacking, tell, most - sum(map(len, kept.values())), largest)
        request = ("\n".join(lacking) + "\n").encode()
        batch = (*STREAMED, "cat-file", "--batch")
        done = repo.git(*batch, stdin=request, ok=ANY, takes=reading.take)
        reading.end(done.said.strip())
    tell(None)


class _Reading:
    """The answer of `git cat-file --batch`, parsed as it comes."""

    __slots__ = ("_done", "_hears", "_largest", "_left", "_oids", "_parts", "_size")

    def __init__(
        self, oids: Sequence[str], hears: Callable[[bytes], None], most: int, largest: int
    ) -> None:
        self._oids = oids
        self._hears = hears
        self._left = most
        self._largest = largest
        self._done = 0
        self._parts = bytearray()
        self._size = -1  # of the object at hand; below 0: its header comes next

    def take(self, data: bytes) -> None:
        """Parse the next piece of the answer."""
        self._parts += data
        start = 0
        while self._done < len(self._oids):
            if self._size < 0:
                end = self._parts.find(b"\n", start)
                if end < 0:
                    break
                self._size = self._header(bytes(self._parts[start:end]))
                start = end + 1
            if len(self._parts) - start <= self._size:  # wait for the line break behind it, too
                break
            with memoryview(self._parts) as parts:
                content = bytes(parts[start : start + self._size])
            start += self._size + 1
            self._size = -1
            self._done += 1
            self._hears(content)
        del self._parts[:start]

    def _header(self, line: bytes) -> int:
        """Return the size in `<oid> <type> <size>`."""
        parts = line.split(b" ")
        if len(parts) != 3:  # noqa: PLR2004 - the three fields
            self.end("")
        size = int(parts[2])
        self._left -= size
        if size > self._largest or self._left < 0:
            raise TooLarge(self._oids[self._done], size)
        return size

    def end(self, said: str) -> None:
        """Raise Unreadable unless every object has come; ``said`` is git's message."""
        if self._done == len(self._oids):
            return
        oid = self._oids[self._done][:12]
        if self._size >= 0:
            raise Unreadable(f"the object {oid} is cut short")
        raise Unreadable(f"the object {oid} cannot be read: {said}")


def require(repo: Repository, oids: Sequence[str]) -> None:
    """Raise Unreadable unless every object exists and can be opened."""
    if not oids:
        return
    request = ("\n".join(oids) + "\n").encode()
    done = repo.git("cat-file", "--batch-check", stdin=request, ok=ANY)
    for line in done.out.splitlines():
        if line.endswith(b" missing"):
            raise Unreadable(f"the object {line[:12].decode()} is missing or broken")


def read_beginning(repo: Repository, commit: str, path: str, most: int) -> bytes:
    """Return the first ``most`` + 1 bytes of a regular file at a commit; empty without one."""
    blobs = [entry for entry in _listed(repo, commit, (path,)) if entry.mode == "100644"]
    if not blobs:
        return b""
    try:
        return repo.git(*STREAMED, "cat-file", "blob", blobs[0].oid, most=most).out
    except TooMuch as error:
        return error.out[: most + 1]


def files(repo: Repository, commit: str, *paths: str) -> dict[str, bytes]:
    """Return path and content of every regular file below the paths at a commit. Raises as `blobs` does."""
    listed = entries(repo, commit, *paths, sized=True)
    plain = [entry for entry in listed if entry.mode == "100644"]
    for entry in plain:
        if entry.size > MOST:
            raise TooLarge(entry.path, entry.size)
    contents = blobs(repo, [entry.oid for entry in plain])
    return {entry.path: content for entry, content in zip(plain, contents, strict=True)}


class NoDiff(GitmemError):
    """git cannot show the difference."""


def diff_for_person(repo: Repository, old: str, new: str) -> str:
    """Return the difference between two commits (``old`` empty: from nothing), without drain records.

    The text is git's, without colour; escape it before you show it. No external diff program and no
    textconv: a configuration can name any command for them. Through GitPython (docs/adr/0002). Raises
    NoDiff.
    """
    import git

    start = old or repo.git("hash-object", "-t", "tree", "--stdin").text
    command = [
        "git",
        *HARDENED,
        *repo.options,
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--color=never",
        start,
        new,
        "--",
        ".",
        ":(exclude,top).gitmem/drains",
    ]
    try:
        shown = git.Git(repo.top).execute(command, env=repo.env, strip_newline_in_stdout=False)
    except git.GitCommandError as error:
        raise NoDiff(f"the difference cannot be shown: {error.stderr.strip()}") from error
    return str(shown)


def cache_of(repo: Repository) -> ReadCache:
    """Return what git has answered through this repository value."""
    if not isinstance(repo.cache, ReadCache):
        repo.cache = ReadCache()
    return repo.cache


class ReadCache:
    """Answers of git by their question; the oldest go when they take too many bytes."""

    __slots__ = ("_answers", "_size")

    def __init__(self) -> None:
        self._answers: dict[Hashable, tuple[Any, int]] = {}
        self._size = 0

    def get(self, question: Hashable) -> Any:
        """Return the kept answer; None without one."""
        answer = self._answers.get(question)
        return answer[0] if answer else None

    def keep(self, question: Hashable, answer: Any, size: int) -> None:
        """Keep an answer of about ``size`` bytes, unless it is very long."""
        if size > _LONGEST_ANSWER or question in self._answers:
            return
        self._answers[question] = answer, size
        self._size += size
        while self._size > CACHED:
            oldest = next(iter(self._answers))
            self._size -= self._answers.pop(oldest)[1]

    def clear(self) -> None:
        """Forget everything: after a fetch, which may move the end of a shallow history."""
        self._answers.clear()
        self._size = 0

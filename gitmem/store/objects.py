"""Read trees and blobs of a commit, many at once (standard library only: boot uses it too).

What was read by object name is read once in a process; see `gitmem.store.readcache`.
"""

from __future__ import annotations

from gitmem.domain.errors import NeedsPerson
from gitmem.store.process import ANY
from gitmem.store.repository import is_oid

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.store.repository import Repository


_ENTRY_COST = 4  # bytes of memory for a byte of a listing


class Unreadable(NeedsPerson):
    """An object that a ref names is missing or broken."""


class Entry:
    """One entry of a tree: mode (``100644``), type (``blob``), object name, path.

    ``size`` in bytes is that of a blob, where it was asked for.
    """

    __slots__ = ("mode", "oid", "path", "size", "type")

    def __init__(self, mode: str, kind: str, oid: str, path: str, size: str = "") -> None:
        self.mode = mode
        self.type = kind
        self.oid = oid
        self.path = path
        self.size = int(size) if size.isdecimal() else 0


def entries(repo: Repository, commit: str, *paths: str, sized: bool = False) -> list[Entry]:
    """All entries below the given paths (the whole tree without any), folders left out.

    Symbolic links and submodules are listed with their modes. ``sized``: with the sizes, for what
    somebody else may have written. Raises Unreadable when the tree cannot be read.
    """
    options = ("-r", "-l") if sized else ("-r",)
    return _listed(repo, commit, paths, *options)


def level(repo: Repository, commit: str, *paths: str) -> list[Entry]:
    """The entries of these very paths, files and folders; nothing below them.

    Raises Unreadable when the tree cannot be read.
    """
    return _listed(repo, commit, paths)


def _listed(repo: Repository, commit: str, paths: tuple[str, ...], *options: str) -> list[Entry]:
    """What `git ls-tree` says; a listing with sizes serves for one without."""
    for known in (options, (*options, "-l")):
        kept: list[Entry] | None = repo.cache.get(("tree", commit, paths, known))
        if kept is not None:
            return list(kept)
    done = repo.git("ls-tree", "-z", *options, "--full-tree", commit, "--", *paths, ok=ANY)
    if done.code:
        raise Unreadable(f"the tree of {commit[:12]} cannot be read: {done.said.strip()}")
    found = []
    for line in done.out.split(b"\0"):
        if line:
            meta, _, path = line.partition(b"\t")
            mode, kind, oid, *size = meta.decode("ascii").split()
            found.append(Entry(mode, kind, oid, path.decode("utf-8", "surrogateescape"), *size))
    if is_oid(commit):
        repo.cache.keep(("tree", commit, paths, options), found, len(done.out) * _ENTRY_COST)
    return list(found)


def blobs(repo: Repository, oids: Sequence[str]) -> list[bytes]:
    """The contents of the named objects (blobs, as a rule), in order.

    Raises Unreadable for a missing or broken one.
    """
    found: dict[str, bytes] = {}
    for oid in oids:
        content = repo.cache.get(oid)
        if content is not None:
            found[oid] = content
    lacking = [oid for oid in dict.fromkeys(oids) if oid not in found]
    for oid, content in zip(lacking, _read(repo, lacking), strict=True):
        found[oid] = content
        repo.cache.keep(oid, content, len(content))
    return [found[oid] for oid in oids]


def _read(repo: Repository, oids: Sequence[str]) -> list[bytes]:
    if not oids:
        return []
    request = ("\n".join(oids) + "\n").encode()
    done = repo.git("cat-file", "--batch", stdin=request, ok=ANY)
    contents, position = [], 0
    for oid in oids:
        end = done.out.find(b"\n", position)
        header = done.out[position:end].split(b" ")
        if end < 0 or len(header) != 3:  # noqa: PLR2004 - "<oid> <type> <size>"
            raise Unreadable(f"the object {oid[:12]} cannot be read: {done.said.strip()}")
        start = end + 1
        position = start + int(header[2]) + 1
        contents.append(done.out[start : position - 1])
        if len(done.out) < position:
            raise Unreadable(f"the object {oid[:12]} is cut short")
    return contents


def present(repo: Repository, oids: Sequence[str]) -> None:
    """Raises Unreadable unless every object is there and can be opened."""
    if not oids:
        return
    request = ("\n".join(oids) + "\n").encode()
    done = repo.git("cat-file", "--batch-check", stdin=request, ok=ANY)
    for line in done.out.splitlines():
        if line.endswith(b" missing"):
            raise Unreadable(f"the object {line[:12].decode()} is missing or broken")


def files(repo: Repository, commit: str, *paths: str) -> dict[str, bytes]:
    """Path to content of every regular file below the paths at a commit."""
    found = [entry for entry in entries(repo, commit, *paths) if entry.mode == "100644"]
    contents = blobs(repo, [entry.oid for entry in found])
    return {entry.path: content for entry, content in zip(found, contents, strict=True)}

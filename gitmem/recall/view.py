"""What the landed lines say of each path, kept ready for the hook after a batch of calls (hot lane).

Reading the target's tree needs git and SQLite, so the answer is kept in ``gitmem/recall-paths`` beside
what it depends on. A silent hook reads its first bytes and its keys; the words of a line only where one
fits. A view that is not right any more answers nothing: `gitmem.recall.view_file` makes it again.
"""

from __future__ import annotations

import os

from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

VERSION = b"gitmem-paths 2"
END = b"\n\n"
OFF = b"off"  # nothing is shown: no target, nothing that can be read, or the person's choice
GLOB = b"*\t"  # a key that is a glob of a topic begins with it
HELD = b"//\t"  # the keys of lines that a flag corrects; no path begins so
_HEAD = 4096  # bytes that the first part fits into: a dozen refs and times
_PIECE = 64 << 10  # bytes of the keys that are read at a time
_LARGEST = 64 << 20  # bytes; of a larger one nothing is read


class Entry:
    """One line, or one topic for certain files: its key, `file:number` or file, and its words."""

    __slots__ = ("key", "place", "text")

    def __init__(self, key: str, place: str, text: str) -> None:
        self.key = key
        self.place = place
        self.text = text


class View:
    """An open view; `close` it.

    ``unloaded`` counts the lines that no session loads by itself, ``source`` says what the view was made from, as
    `gitmem.recall.index.open_kept` takes it.
    """

    __slots__ = ("_file", "_keys", "_lines", "source", "unloaded")

    def __init__(self, file: int, keys: int, lines: int, unloaded: int, source: str) -> None:
        self._file = file
        self._keys = keys
        self._lines = lines
        self.unloaded = unloaded
        self.source = source

    def close(self) -> None:
        """Close the file."""
        local.close(self._file)

    def about(self, path: str) -> list[Entry]:
        """Return what is about a repository-relative path: its own lines first, then those of folders above.

        A folder counts where its name is at least half of the path: a line that cites `services/` is not
        about `services/api/routes/users.py` (docs/evals.md has the figures with and without).
        """
        names: list[bytes] = []
        name = path.strip("/")
        least = (name.count("/") + 1) / 2
        while name and name.count("/") + 1 >= least:
            names.append(name.encode("utf-8", "surrogateescape") + b"\t")
            name = name.rpartition("/")[0]
        *rows, globs = self._rows([*names, GLOB])
        found = _fitting(globs, path) if globs else []
        found += [
            place for one in rows for row in one for place in row.partition(b"\t")[2].split(b" ")
        ]
        return [self._entry(place) for place in dict.fromkeys(found)]

    def held(self) -> list[str]:
        """Return the keys of the lines that are not shown: a flag of this clone says that they are wrong."""
        (rows,) = self._rows([HELD])
        return rows[0][len(HELD) :].decode("utf-8", "replace").split(" ") if rows else []

    def _rows(self, beginnings: Sequence[bytes]) -> list[list[bytes]]:
        """The rows of the keys that begin so, for each beginning.

        Read piece by piece: malloc maps pages for a large buffer, which costs more than the search.
        """
        found: list[list[bytes]] = [[] for _ in beginnings]
        rest = b""
        for at in range(self._keys, self._lines, _PIECE):
            piece = rest + os.pread(self._file, min(_PIECE, self._lines - at), at)
            last = piece.rfind(b"\n")
            for rows, beginning in zip(found, beginnings, strict=True):
                place = piece.find(b"\n" + beginning)
                while 0 <= place < last:
                    end = piece.find(b"\n", place + 1)
                    rows.append(piece[place + 1 : end])
                    place = piece.find(b"\n" + beginning, end)
            rest = piece[last:] if last >= 0 else piece
        return found

    def _entry(self, place: bytes) -> Entry:
        start, _, size = place.partition(b":")
        text = os.pread(self._file, int(size), self._lines + int(start)).decode("utf-8", "replace")
        key, where, words = text.split("\t", 2)
        return Entry(key, where, words)


def _fitting(rows: Sequence[bytes], path: str) -> list[bytes]:
    """The topics whose globs a path fits."""
    from gitmem.memory.globs import fits

    parts = [row.split(b"\t") for row in rows]
    return [place for _, glob, place in parts if fits(glob.decode("utf-8", "replace"), path)]


def open_view(repo: Repository) -> View | None:
    """Return the view of the target's tree; None where it has to be made again."""
    try:
        file = os.open(path_of(repo), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        view = _read(repo, file)
    except (OSError, ValueError):
        view = None
    if view is None:
        local.close(file)
    return view


def _read(repo: Repository, file: int) -> View | None:
    head, end, rest = os.pread(file, _HEAD, 0).partition(END)
    version, _, seen = head.partition(b"\n")
    names = seen.partition(b"\n")[0].decode("utf-8", "surrogateescape").split(" ")
    state, _, _ = rest.partition(b"\n")
    if not end or version != VERSION or seen != depends(repo, names):
        return None
    if state == OFF:
        return View(file, 0, 0, 0, "")
    counts = state[len(b"on ") :].split(b" ", 2)
    unloaded, size = int(counts[0]), int(counts[1])
    start = len(head) + len(END) + len(state) + 1
    if size > _LARGEST:
        return None
    return View(
        file,
        start,
        start + size,
        unloaded,
        counts[2].decode("utf-8", "replace"),
    )


def depends(repo: Repository, names: Sequence[str]) -> bytes:
    """Return all that the target's tree and the person's settings depend on, as bytes to compare.

    ``names`` are the refs that decide; they stand in the first line.
    """
    own = (repo.common + "/gitmem/corrections", repo.environ.get("HOME", "") + "/.gitconfig")
    lines = local.target_state(repo.git_dir, repo.common, repo.top, names)
    return b"\n".join([*lines, *map(local.state_of, own)])


def path_of(repo: Repository) -> str:
    """Return where the view is kept."""
    return repo.folder + "/recall-paths"

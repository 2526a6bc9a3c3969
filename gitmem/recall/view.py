"""What the landed lines say of each path, kept ready for the hook after a batch of calls (hot lane).

Reading the target's tree needs git and SQLite, so the answer is kept in ``gitmem/recall-paths`` beside
what it depends on: first what is not looked up by a path (globs, and lines held back), then the keys in
order, then the words. A silent hook reads the first bytes and a few places among the keys; the words of a
line only where one fits. A view that is not right any more answers nothing: `gitmem.recall.view_file` makes it
again.
"""

from __future__ import annotations

import os

from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

VERSION = b"gitmem-paths 3"
END = b"\n\n"
OFF = b"off"  # nothing is shown: no target, nothing that can be read, or the person's choice
GLOB = b"*\t"  # the row of a topic's glob begins with it
HELD = b"//\t"  # the row of the keys of lines that a flag corrects begins with it
_HEAD = 4096  # bytes that the first part fits into: a dozen refs and times
# Bytes of the keys that are read at a time: longer than almost every row, and few, because each page that is touched
# for the first time costs more than reading it.
_PIECE = 8 << 10
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

    __slots__ = ("_aside", "_file", "_keys", "_lines", "source", "unloaded")

    def __init__(
        self, file: int, aside: int, keys: int, lines: int, *, unloaded: int, source: str
    ) -> None:
        self._file = file
        self._aside = aside
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
            names.append(name.encode("utf-8", "surrogateescape"))
            name = name.rpartition("/")[0]
        globs = self._beside(GLOB)
        found = _fitting(globs, path) if globs else []
        found += [place for name in names for place in self._places(name)]
        return [self._entry(place) for place in dict.fromkeys(found)]

    def held(self) -> list[str]:
        """Return the keys of the lines that are not shown: a flag of this clone says that they are wrong."""
        rows = self._beside(HELD)
        return rows[0][len(HELD) :].decode("utf-8", "replace").split(" ") if rows else []

    def _beside(self, beginning: bytes) -> list[bytes]:
        """The rows before the keys that begin so."""
        if self._aside == self._keys:
            return []
        rows = os.pread(self._file, self._keys - self._aside, self._aside).split(b"\n")
        return [row for row in rows if row.startswith(beginning)]

    def _places(self, key: bytes) -> list[bytes]:
        """Where the lines of a key are. The row that is sought begins between ``low`` and ``high``, if anywhere."""
        low, high = self._keys, self._lines
        while high - low > _PIECE:
            middle = (low + high) // 2
            piece = os.pread(self._file, min(_PIECE, high - middle), middle)
            start = piece.find(b"\n") + 1
            end = piece.find(b"\t", start)
            if not start or end < 0:
                break  # rows as long as that are few: all between is read
            if piece[start:end] <= key:
                low = middle + start
            else:
                high = middle + start
        rows = b"\n" + os.pread(self._file, high - low, low)
        _, found, rest = rows.partition(b"\n" + key + b"\t")
        return rest[: rest.find(b"\n")].split(b" ") if found else []

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
        return View(file, 0, 0, 0, unloaded=0, source="")
    unloaded, beside, size, source = state[len(b"on ") :].split(b" ", 3)
    aside = len(head) + len(END) + len(state) + 1
    keys = aside + int(beside)
    lines = keys + int(size)
    if lines > _LARGEST:
        return None
    return View(
        file, aside, keys, lines, unloaded=int(unloaded), source=source.decode("utf-8", "replace")
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

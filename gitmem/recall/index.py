"""The full-text index of a corpus: one SQLite file, made again when the target moves.

Words are stemmed by SQLite's `porter` tokenizer (FTS5, https://sqlite.org/fts5.html). The file is a
view: a damaged, locked or old one is made again, and what cannot be kept is built in memory.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress

from gitmem.git import local
from gitmem.recall.line import Kind, LandedLine
from gitmem.recall.terms import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.git.repository import Repository

VERSION = 3
_TABLES = """
CREATE TABLE made (what TEXT);
CREATE TABLE line (id INTEGER PRIMARY KEY, file TEXT, number INTEGER, text TEXT, kind TEXT, flags TEXT, at TEXT, loaded INTEGER, digest TEXT);
CREATE TABLE about (path TEXT, line INTEGER);
CREATE INDEX about_path ON about (path);
CREATE VIRTUAL TABLE word USING fts5(body, tokenize='porter unicode61 remove_diacritics 2', detail='none');
"""


class Index:
    """An open index; `close` it. ``size`` is the number of its lines, ``source`` what it was made from."""

    __slots__ = ("_base", "size", "source")

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        self.source: str = base.execute("SELECT what FROM made").fetchone()[0]
        self.size: int = base.execute("SELECT count(*) FROM line").fetchone()[0]

    def close(self) -> None:
        """Close the file."""
        self._base.close()

    def having(self, term: str, most: int, *, prefix: bool = False) -> list[int]:
        """Return the numbers of ``most`` lines that have a term, or a word that begins with it."""
        rows = self._base.execute(
            "SELECT rowid FROM word WHERE word MATCH ? LIMIT ?",
            (f'"{term}"' + "*" * prefix, most),
        )
        return [row[0] for row in rows]

    def about(self, path: str) -> list[int]:
        """Return the numbers of the lines about exactly this path."""
        return [
            row[0] for row in self._base.execute("SELECT line FROM about WHERE path = ?", (path,))
        ]

    def lines(self, numbers: Sequence[int]) -> list[LandedLine]:
        """Return the lines of these numbers, in this order."""
        return [self._line(number) for number in numbers]

    def all(self) -> Iterator[LandedLine]:
        """Yield every line, in the order of the files."""
        for number in range(1, self.size + 1):
            yield self._line(number)

    def _line(self, number: int) -> LandedLine:
        file, place, text, kind, flags, at, loaded, digest = self._base.execute(
            "SELECT file, number, text, kind, flags, at, loaded, digest FROM line WHERE id = ?",
            (number,),
        ).fetchone()
        about = self._base.execute("SELECT path FROM about WHERE line = ?", (number,))
        return LandedLine(
            file=file,
            number=place,
            text=text,
            kind=Kind(kind),
            about=tuple(row[0] for row in about),
            flags=tuple(flags.split()),
            at=at,
            loaded=bool(loaded),
            digest=digest,
        )


def open_index(repo: Repository, commit: str, folder: str) -> Index:
    """Return the index of the lines at ``commit``: the one that is kept, else a new one, kept.

    Raises `gitmem.git.objects.TooLarge` and `Unreadable`, as `gitmem.recall.corpus.read`.
    """
    what = f"{VERSION} {commit} {folder}"
    path = _path(repo)
    kept = _kept(path, what)
    if kept is not None:
        return kept
    from gitmem.recall.corpus import read

    lines = read(repo, commit, folder)
    with suppress(OSError, sqlite3.Error):
        local.make_folder(repo.folder)
        local.write_whole(path, _bytes(lines, what))
    return Index(build(lines, what))


def open_kept(repo: Repository, source: str) -> Index | None:
    """Return the index that is kept, where it was made from ``source``; else None. Starts no git."""
    return _kept(_path(repo), source)


def build(lines: Sequence[LandedLine], what: str = "") -> sqlite3.Connection:
    """Return a database in memory that holds the lines; ``what`` says what they were read from."""
    base = sqlite3.connect(":memory:")
    base.executescript(_TABLES)
    base.execute("INSERT INTO made VALUES (?)", (what,))
    for number, line in enumerate(lines, 1):
        base.execute(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, line.file, line.number, line.text, line.kind.value, " ".join(line.flags), line.at, line.loaded, line.digest,
            ),
        )  # fmt: skip
        base.executemany("INSERT INTO about VALUES (?, ?)", [(path, number) for path in line.about])
        topic = line.file.rpartition("/")[2].removesuffix(".md") if line.kind is Kind.FACT else ""
        words = dict.fromkeys(terms(" ".join([line.text, topic, *line.about])))
        base.execute("INSERT INTO word(rowid, body) VALUES (?, ?)", (number, " ".join(words)))
    base.commit()
    return base


def _path(repo: Repository) -> str:
    return f"{repo.folder}/recall.sqlite"


def _bytes(lines: Sequence[LandedLine], what: str) -> bytes:
    with closing(build(lines, what)) as base:
        return base.serialize()


def _kept(path: str, what: str) -> Index | None:
    """The index in a file, where it is whole and of what is asked for."""
    content = b""
    with suppress(OSError):
        content = local.read(path)
    if not content:
        return None
    base = sqlite3.connect(":memory:")
    try:
        base.deserialize(content)
        if base.execute("SELECT what FROM made").fetchall() == [(what,)]:
            return Index(base)
    except (sqlite3.Error, OverflowError):
        pass  # damaged: it is made again
    base.close()
    return None

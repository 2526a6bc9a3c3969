"""The full-text index of a corpus: one SQLite file, made again when the target moves.

Words are stemmed by SQLite's `porter` tokenizer (FTS5, https://sqlite.org/fts5.html). The file is a
view: a damaged, locked or old one is made again, and what cannot be kept is built in memory.

A file at the index's path is never written again, only replaced. So it is opened as one that cannot change
(`immutable`, https://sqlite.org/uri.html), which takes no locks and reads only the pages of an answer.
"""

from __future__ import annotations

import os
import sqlite3

from gitmem.git import local
from gitmem.recall.line import Kind, LandedLine
from gitmem.recall.terms import terms

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from typing import TypeVar

    from gitmem.git.repository import Repository

    _Answer = TypeVar("_Answer")
    _Row = tuple[int, str, int, str, str, str, str, int, str, int | None, str | None]

VERSION = 5
_TERMS = "fts5(body, tokenize='porter unicode61 remove_diacritics 2', detail='none');"
#: The table of the terms of lines, which are stemmed in it.
WORDS = f"CREATE VIRTUAL TABLE word USING {_TERMS}"
_TABLES = f"""
CREATE TABLE made (what TEXT, size INTEGER);
CREATE TABLE line (id INTEGER PRIMARY KEY, file TEXT, number INTEGER, text TEXT, kind TEXT, flags TEXT, at TEXT, loaded INTEGER, digest TEXT, terms INTEGER);
CREATE TABLE below (line INTEGER PRIMARY KEY, number INTEGER, body TEXT);
CREATE TABLE about (path TEXT, line INTEGER);
CREATE INDEX about_path ON about (path);
CREATE INDEX about_line ON about (line);
{WORDS}
CREATE VIRTUAL TABLE more USING {_TERMS}
"""
_LINE = (
    "SELECT id, file, line.number, text, kind, flags, at, loaded, digest, below.number, below.body "
    "FROM line LEFT JOIN below ON below.line = line.id"
)
_PLAIN = (
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._-"  # as they are in a URI
)

#: What a damaged file raises, when it is opened or at any question.
Damaged = (sqlite3.Error, OverflowError, ValueError, TypeError)


class Index:
    """An open index; `close` it. ``size`` is the number of its lines, ``source`` what it was made from.

    Every method raises one of `Damaged` where the file is not whole.
    """

    __slots__ = ("_base", "size", "source")

    def __init__(self, base: sqlite3.Connection) -> None:
        self._base = base
        made: tuple[str, int] = base.execute("SELECT what, size FROM made").fetchone()
        self.source, self.size = made

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

    def below(self, term: str, most: int) -> list[int]:
        """Return the numbers of ``most`` lines that have a term in their bodies."""
        rows = self._base.execute(
            "SELECT rowid FROM more WHERE more MATCH ? LIMIT ?", (f'"{term}"', most)
        )
        return [row[0] for row in rows]

    def about(self, path: str) -> list[int]:
        """Return the numbers of the lines about exactly this path."""
        return [
            row[0] for row in self._base.execute("SELECT line FROM about WHERE path = ?", (path,))
        ]

    def measures(self, numbers: Sequence[int]) -> list[tuple[int, str, int, str]]:
        """Return number, time, how many terms, and words of each of these lines, in this order."""
        asked = "SELECT id, at, terms, text FROM line WHERE id = ?"
        rows: list[tuple[int, str, int, str]] = [
            self._base.execute(asked, (number,)).fetchone() for number in numbers
        ]
        return rows

    def lines(self, numbers: Sequence[int]) -> list[LandedLine]:
        """Return the lines of these numbers, in this order."""
        return [
            self._line(self._base.execute(f"{_LINE} WHERE id = ?", (number,)).fetchone())
            for number in numbers
        ]

    def all(self) -> Iterator[LandedLine]:
        """Yield every line, in the order of the files."""
        for row in self._base.execute(f"{_LINE} ORDER BY id"):
            yield self._line(row)

    def _line(self, row: _Row) -> LandedLine:
        number, file, place, text, kind, flags, at, loaded, digest, below, body = row
        about = self._base.execute(
            "SELECT path FROM about WHERE line = ? ORDER BY rowid", (number,)
        )
        return LandedLine(
            file=file,
            number=place,
            text=text,
            kind=Kind(kind),
            about=tuple(named[0] for named in about),
            flags=tuple(flags.split()),
            at=at,
            loaded=bool(loaded),
            digest=digest,
            body=body or "",
            below=below or 0,
        )


def source(commit: str, folder: str) -> str:
    """Return what names an index: what it is made from, and by which rules."""
    return f"{VERSION} {commit} {folder}"


def open_index(repo: Repository, commit: str, folder: str) -> Index:
    """Return the index of the lines at ``commit``: the one that is kept, else a new one, kept.

    Raises `gitmem.git.objects.TooLarge` and `Unreadable`, as `gitmem.recall.corpus.read`.
    """
    return open_kept(repo, source(commit, folder)) or renew(repo, commit, folder)


def renew(repo: Repository, commit: str, folder: str) -> Index:
    """Return a new index, in memory, and keep it in place of the one that is kept.

    Raises as `open_index`.
    """
    from gitmem.recall import corpus  # it reads the tree, and costs as much as all of a search

    what = source(commit, folder)
    base = build(corpus.read(repo, commit, folder), what)
    try:
        local.make_folder(repo.folder)
        lock = local.Lock(_path(repo) + ".lock")
        if lock.attempt():  # else somebody else is writing it
            try:
                local.write_whole(_path(repo), base.serialize())
            finally:
                lock.release()
    except (OSError, sqlite3.Error):
        pass  # it is a view: the next question makes it again
    return Index(base)


def asked(
    repo: Repository, commit: str, folder: str, question: Callable[[Index], _Answer]
) -> _Answer:
    """Return what ``question`` answers to the index at ``commit``; a damaged one is made again first.

    Raises as `open_index`.
    """
    index = open_index(repo, commit, folder)
    try:
        return question(index)
    except Damaged:
        index.close()
        index = renew(repo, commit, folder)
        return question(index)
    finally:
        index.close()


def open_kept(repo: Repository, source: str) -> Index | None:
    """Return the index that is kept, where it was made from ``source``; else None. Starts no git."""
    path = _path(repo)
    if not os.path.isfile(path):  # opening a pipe would wait
        return None
    base = None
    try:
        base = sqlite3.connect(_uri(path), uri=True)
        index = Index(base)
        if index.source == source:
            return index
    except Damaged:
        pass  # it is made again
    if base is not None:
        base.close()
    return None


def build(lines: Sequence[LandedLine], what: str = "") -> sqlite3.Connection:
    """Return a database in memory that holds the lines; ``what`` says what they were read from."""
    base = sqlite3.connect(":memory:")
    base.executescript(_TABLES)
    base.execute("INSERT INTO made VALUES (?, ?)", (what, len(lines)))
    for number, line in enumerate(lines, 1):
        base.execute(
            "INSERT INTO line VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                number, line.file, line.number, line.text, line.kind.value, " ".join(line.flags), line.at, line.loaded,
                line.digest, len(terms(line.text)),
            ),
        )  # fmt: skip
        base.executemany("INSERT INTO about VALUES (?, ?)", [(path, number) for path in line.about])
        topic = line.file.rpartition("/")[2].removesuffix(".md") if line.kind is Kind.FACT else ""
        words = dict.fromkeys(terms(" ".join([line.text, topic, *line.about])))
        base.execute("INSERT INTO word(rowid, body) VALUES (?, ?)", (number, " ".join(words)))
        if line.body:
            base.execute("INSERT INTO below VALUES (?, ?, ?)", (number, line.below, line.body))
            said = " ".join(terms(line.body))
            base.execute("INSERT INTO more(rowid, body) VALUES (?, ?)", (number, said))
    base.commit()
    return base


def _path(repo: Repository) -> str:
    return f"{repo.folder}/recall.sqlite"


def _uri(path: str) -> str:
    plain = [chr(one) if one in _PLAIN else f"%{one:02x}" for one in os.fsencode(path)]
    return f"file:{''.join(plain)}?mode=ro&immutable=1"

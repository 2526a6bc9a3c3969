"""What is alike in words: a section for a line, a skill for a snag, an earlier snag for a new one.

Likeness is BM25 over stems, by SQLite's full-text index (FTS5, https://sqlite.org/fts5.html), which
comes with Python. Nobody's text is a query: only words of letters and digits are.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORTEST = 3  # letters of a word that says something
_WORDS = 64  # words of one query
_TITLE = 4.0  # how much more a word counts in a title than in a body
# Words that a sentence about anything may have.
_EMPTY = frozenset(
    {
        "after",
        "all",
        "also",
        "and",
        "any",
        "are",
        "because",
        "before",
        "but",
        "can",
        "did",
        "does",
        "every",
    }
    | {
        "first",
        "for",
        "from",
        "had",
        "has",
        "have",
        "here",
        "into",
        "its",
        "must",
        "never",
        "not",
        "one",
    }
    | {
        "only",
        "that",
        "the",
        "them",
        "then",
        "there",
        "this",
        "use",
        "was",
        "were",
        "when",
        "which",
        "will",
    }
    | {"with", "without", "you", "your", "always", "run", "should", "than", "too", "per", "out"}
)


class Likeness:
    """An index over documents of a title and a body; close it after use (it is a context manager)."""

    def __init__(self, documents: Sequence[tuple[str, str]]) -> None:
        self._index = sqlite3.connect(":memory:")
        self._index.execute(
            "CREATE VIRTUAL TABLE one USING fts5(title, body, tokenize='porter unicode61')"
        )
        self._index.executemany(
            "INSERT INTO one(rowid, title, body) VALUES (?, ?, ?)",
            [(place, title, body) for place, (title, body) in enumerate(documents)],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._index.close()

    def nearest(self, text: str, *, most: int, shared: int = 2, title: int = 1) -> list[int]:
        """The documents most like a text, best first, by their place.

        Each has at least ``shared`` different words with it, or, of fewer that the text has, all; one
        that is in its title counts as ``title`` words.
        """
        asked = words(text)
        if not asked:
            return []
        query = " OR ".join([f'"{word}"' for word in asked])
        rows = self._index.execute(
            "SELECT rowid FROM one WHERE one MATCH ? ORDER BY bm25(one, ?, 1.0), rowid LIMIT ?",
            (query, _TITLE, most * 4),
        )
        least = min(shared, len(asked))
        ranked = [int(place) for (place,) in rows]
        return [place for place in ranked if self._shares(place, asked, title) >= least][:most]

    def _shares(self, place: int, asked: Sequence[str], title: int) -> int:
        """How many of the words a document has, those of its title weighed."""
        found = 0
        for word in asked:
            if self._has(place, f'title : "{word}"'):
                found += title
            elif self._has(place, f'"{word}"'):
                found += 1
        return found

    def _has(self, place: int, query: str) -> bool:
        found = self._index.execute(
            "SELECT 1 FROM one WHERE one MATCH ? AND rowid = ?", (query, place)
        )
        return found.fetchone() is not None


def words(text: str) -> list[str]:
    """The words of a text that say something, each once, in order."""
    plain = "".join([letter if letter.isalnum() else " " for letter in text.lower()])
    found = dict.fromkeys(
        word for word in plain.split() if len(word) >= _SHORTEST and word not in _EMPTY
    )
    return list(found)[:_WORDS]


def nearest(
    text: str, documents: Sequence[tuple[str, str]], *, most: int = 1, title: int = 1
) -> list[int]:
    """`Likeness.nearest` for one text alone."""
    if not documents:
        return []
    with Likeness(documents) as index:
        return index.nearest(text, most=most, title=title)

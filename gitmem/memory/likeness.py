"""Likeness of texts: a section for a line, a skill for a snag, an earlier snag for a new one.

Likeness is BM25 over stems, by SQLite's full-text index (FTS5, https://sqlite.org/fts5.html), which
comes with Python. A query holds only words of letters and digits, never a text as it is.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORTEST = 3  # letters of a word that says something
_WORDS = 64  # words of one query
_TITLE = 4.0  # how much more a word counts in a title than in a body
# Words of any sentence, which say nothing about its topic.
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
    """An index over documents of a title and a body; a context manager."""

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
        """Return the places of the documents most like a text, best first.

        Each shares at least ``shared`` different words with the text, or all when it has fewer. A word in
        a document's title counts as ``title`` words.
        """
        wanted = words(text)
        if not wanted:
            return []
        query = " OR ".join([f'"{word}"' for word in wanted])
        rows = self._index.execute(
            "SELECT rowid FROM one WHERE one MATCH ? ORDER BY bm25(one, ?, 1.0), rowid LIMIT ?",
            (query, _TITLE, most * 4),
        )
        least = min(shared, len(wanted))
        ranked = [int(place) for (place,) in rows]
        return [place for place in ranked if self._shares(place, wanted, title) >= least][:most]

    def _shares(self, place: int, wanted: Sequence[str], title: int) -> int:
        """Return how many of the words a document has, with the words of its title weighted."""
        count = 0
        for word in wanted:
            if self._has(place, f'title : "{word}"'):
                count += title
            elif self._has(place, f'"{word}"'):
                count += 1
        return count

    def _has(self, place: int, query: str) -> bool:
        found = self._index.execute(
            "SELECT 1 FROM one WHERE one MATCH ? AND rowid = ?", (query, place)
        )
        return found.fetchone() is not None


def words(text: str) -> list[str]:
    """Return the meaningful words of a text, each once, in order."""
    plain = "".join([letter if letter.isalnum() else " " for letter in text.lower()])
    found = dict.fromkeys(
        word for word in plain.split() if len(word) >= _SHORTEST and word not in _EMPTY
    )
    return list(found)[:_WORDS]


def nearest(
    text: str, documents: Sequence[tuple[str, str]], *, most: int = 1, title: int = 1
) -> list[int]:
    """Return `Likeness.nearest` for a single text."""
    if not documents:
        return []
    with Likeness(documents) as index:
        return index.nearest(text, most=most, title=title)

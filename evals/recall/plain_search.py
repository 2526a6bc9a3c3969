"""The search that stands beside: BM25 over whole words, any word of three letters or more.

It is what a close showed its lines by before it had stems, stop words and split identifiers. It is
kept as it was, so that the figures beside stay comparable.
"""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.recall.line import LandedLine

_WORDS = 256
_SHORTEST = 3


class PlainSearch:
    """An index of the lines in memory; `close` it."""

    def __init__(self, lines: Sequence[LandedLine]) -> None:
        self._lines = lines
        self._base = sqlite3.connect(":memory:")
        self._base.execute("CREATE VIRTUAL TABLE line USING fts5(text, tokenize='unicode61')")
        self._base.executemany(
            "INSERT INTO line(rowid, text) VALUES (?, ?)",
            [(place, line.text) for place, line in enumerate(lines)],
        )

    def close(self) -> None:
        """Close the index."""
        self._base.close()

    def find(self, text: str, most: int) -> list[LandedLine]:
        """Return at most ``most`` lines, the best first."""
        plain = "".join([letter if letter.isalnum() else " " for letter in text.lower()])
        words = dict.fromkeys(word for word in plain.split() if len(word) >= _SHORTEST)
        if not words:
            return []
        query = " OR ".join([f'"{word}"' for word in list(words)[:_WORDS]])
        rows = self._base.execute(
            "SELECT rowid FROM line WHERE line MATCH ? ORDER BY bm25(line) LIMIT ?", (query, most)
        )
        return [self._lines[place] for (place,) in rows]

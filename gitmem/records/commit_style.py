"""The form of gitmem's commit messages: subject and width (pure)."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

WHAT = "{what}"
_SUBJECT = f"memory: {WHAT}"
NARROWEST = 40  # columns; narrower text cannot be read
LONGEST = 40  # lines of a message; a longer one is not read, and the drain record has everything


class CommitStyle(NamedTuple):
    """The subject, with ``{what}`` where the commit says what it does, and the width in columns (0: any).

    A word longer than the width, such as an address, stays whole.
    """

    subject: str = _SUBJECT
    width: int = 0

    def head(self, what: str) -> str:
        """Return the commit's first line; ``what`` is a phrase like ``file 2 flags``."""
        return self.subject.replace(WHAT, what)

    def wrapped(self, text: str) -> str:
        """Return the text with long lines broken at blanks; the rest is indented like the line's own text."""
        if not self.width:
            return text
        return "\n".join(part for line in text.split("\n") for part in self._broken(line))

    def fitted(self, paragraphs: Sequence[str], short: Callable[[], Sequence[str]]) -> str:
        """Return the paragraphs, wrapped; ``short`` gives those that stand for them when they are too long."""
        whole = "\n\n".join(paragraphs)
        if whole.count("\n") >= LONGEST:
            whole = "\n\n".join(short())
        return self.wrapped(whole)

    def _broken(self, line: str) -> list[str]:
        words = line.split(" ")
        lead = len(line) - len(line.lstrip(" -"))
        lines, current = [], words[0]
        for word in words[1:]:
            if len(current) + 1 + len(word) > self.width and current.strip(" -"):
                lines.append(current)
                current = " " * lead + word
            else:
                current += " " + word
        return [*lines, current]


PLAIN = CommitStyle()

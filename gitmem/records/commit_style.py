"""How the commits that gitmem proposes are written: the form of the subject, the width of the body (pure)."""

from __future__ import annotations

from dataclasses import dataclass

WHAT = "{what}"
_SUBJECT = f"memory: {WHAT}"
NARROWEST = 40  # columns; less is no text any more


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitStyle:
    """``subject`` has ``{what}`` where it is said what the commit does; ``width``: columns, 0 for any.

    A word that is longer than the width, an address say, stays whole.
    """

    subject: str = _SUBJECT
    width: int = 0

    def head(self, what: str) -> str:
        """The commit's first line; ``what`` is such as ``file 2 flags``."""
        return self.subject.replace(WHAT, what)

    def wrapped(self, text: str) -> str:
        """The text with its long lines broken at blanks; what follows stands under the line's own text."""
        if not self.width:
            return text
        return "\n".join(part for line in text.split("\n") for part in self._broken(line))

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

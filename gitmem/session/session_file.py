"""What a boot reads in the file of another session (pure; hot lane; docs/data-model.md)."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Judged:
    """A session as its file tells it, since the last boot that spoke of it.

    ``boundaries`` are the kinds that were marked, ``flagged`` says that a flag was made in it at all;
    ``ended`` that its end was seen; ``process`` is the client's process number and start (0: unknown).
    """

    __slots__ = ("boundaries", "ended", "flagged", "process", "started")

    def __init__(self) -> None:
        self.boundaries: list[str] = []
        self.flagged = False
        self.ended = False
        self.process = 0
        self.started = ""


# Marks of every session that did anything at all: no chapter was closed by them.
_EVERYDAY = ("turn", "tokens")


def judge(lines: Sequence[str]) -> Judged:
    """Reads the lines; one that nobody knows says nothing."""
    found = Judged()
    for line in lines:
        words = line.split(" ")
        if words[0] == "mark" and len(words) > 1 and words[1] not in _EVERYDAY:
            found.boundaries.append(words[1])
        elif words[0] == "flag":
            found.flagged = True
        elif words[0] == "told":
            found.boundaries = []
        elif words[0] == "end":
            found.ended = True
        elif words[0] == "boot":
            found.ended = False
            number = words[1] if len(words) > 1 else ""
            found.process = int(number) if number.isdecimal() and len(number) < 10 else 0  # noqa: PLR2004
            found.started = words[2] if len(words) > 2 else ""  # noqa: PLR2004 - boot, process, start
    return found


def counted(kinds: Sequence[str]) -> str:
    """How many of each kind, such as ``2 commits, 1 sub-agent``."""
    return ", ".join(
        [
            f"{kinds.count(kind)} {kind}{'s' if kinds.count(kind) > 1 else ''}"
            for kind in dict.fromkeys(kinds)
        ]
    )

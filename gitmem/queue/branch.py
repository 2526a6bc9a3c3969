"""The layout of the queue branch: its files, its messages, and the hint where it ends (hot lane).

See docs/data-model.md, "The queue branch" and "Publishing".
"""

from __future__ import annotations

from gitmem.git import local, repository
from gitmem.safety.text import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

ACTIVE_LINES = 128  # an append rewrites a bounded blob (docs/adr/0001)
ACTIVE_BYTES = 256 << 10  # of a file of flags with bodies; 128 flags without have some 50,000
TRAILER = "Gitmem-Journal: "
_SUBJECT_TEXT = 60
_HINT_WIDTH = 159  # room for a SHA-256 name, a journal id and three numbers of 20 digits


class PublishResult:
    """The result of a publish.

    ``ids`` are the flags that this call brought onto the branch. ``reason`` says why lines stay in the
    journal; empty: none do. ``notes`` are sentences that the caller must print.
    """

    __slots__ = ("ids", "notes", "reason")

    def __init__(self) -> None:
        self.ids: set[str] = set()
        self.notes: list[str] = []
        self.reason = ""


class Hint:
    """Where the last publish ended: tip, journal id, offset, and the active file.

    ``number`` is the active file's, ``start`` the journal offset of its first line. Between
    ``start`` and ``offset`` the journal holds nothing but good lines, all of them in that file.
    """

    __slots__ = ("journal", "number", "offset", "start", "tip")

    def __init__(self, tip: str, journal: str, offset: int, number: int, start: int) -> None:
        self.tip = tip
        self.journal = journal
        self.offset = offset
        self.number = number
        self.start = start

    def save(self, folder: str) -> None:
        """Write the hint; losing it only costs the next publish a look at the branch."""
        text = f"{self.tip} {self.journal} {self.offset} {self.number} {self.start}"
        local.overwrite(folder + "/published", text.ljust(_HINT_WIDTH).encode() + b"\n")


def read_hint(folder: str) -> Hint | None:
    """Return the hint; None without one, or when it is damaged."""
    from gitmem.queue.journal import START  # a silent boot does not need the journal

    parts = local.read(folder + "/published").decode("ascii", "replace").split()
    if len(parts) != 5 or not repository.is_oid(parts[0]):  # noqa: PLR2004 - the five fields
        return None
    try:
        hint = Hint(parts[0], parts[1], int(parts[2]), int(parts[3]), int(parts[4]))
    except ValueError:
        return None
    return hint if START <= hint.start <= hint.offset and hint.number > 0 else None


def forget_hint(folder: str) -> None:
    """Make the next publish read the whole branch and trust no hint about it.

    Called after a change of the branch, or when it cannot be read.
    """
    local.forget(folder + "/published")


def active(writer: str, number: int) -> str:
    """Return the path of an active file."""
    return f"queue/{writer}-{number:06}.jsonl"


def sealed(writer: str, number: int) -> str:
    """Return the path of a file that no append changes any more."""
    return f"queue/sealed/{writer}-{number:06}.jsonl"


def message(flags: Sequence[Flag], journal_id: str, offset: int) -> str:
    """Return the message of a queue commit: what is flagged, and how much of the journal is covered."""
    if len(flags) == 1:
        subject = f"flag({flags[0].kind}): {cut(flags[0].text, _SUBJECT_TEXT)}"
    else:
        subject = f"flag: {len(flags)} flags"
    trailers = [f"Gitmem-Flag: {flag.id}" for flag in flags]
    return "\n".join([subject, "", *trailers, f"{TRAILER}{journal_id} {offset}", ""])

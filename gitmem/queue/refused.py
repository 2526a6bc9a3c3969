"""What of the spool was refused: noted until a person has taken it away (hot lane).

See docs/data-model.md, "The spool".
"""

from __future__ import annotations

import os

from gitmem.core.jsonline import dumps, loads
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

FILE = "/refused.jsonl"
_FULL = 1 << 20  # bytes; from there on without the texts, which are kept where they lie
_MOST = 4 << 20  # bytes that are read


class RefusedText:
    """One text: when it was refused, of which record, why, what it said, and the file where it is kept."""

    __slots__ = ("at", "kept", "reason", "record", "text")

    def __init__(self, *, at: str, record: str, reason: str, text: str, kept: str) -> None:
        """``text`` holds no credential: the caller has taken it out."""
        self.at = at
        self.record = record
        self.reason = reason
        self.text = text
        self.kept = kept

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from others: a crash may note one twice."""
        return self.record, self.reason, self.text


def add(folder: str, texts: Sequence[RefusedText]) -> None:
    """Note them durably. Raises OSError."""
    path = folder + FILE
    full = os.path.exists(path) and os.stat(path).st_size > _FULL
    lines = b"".join([_line(one, "" if full else one.text) for one in texts])
    if lines:
        local.append(path, lines, durable=True)
        local.sync_folder(folder)


def _line(one: RefusedText, text: str) -> bytes:
    """The line, with a line break before it: what a full disk cut off stays a line of its own."""
    fields = {"v": 1, "at": one.at, "record": one.record, "reason": one.reason, "text": text}
    return f"\n{dumps({**fields, 'kept': one.kept})}\n".encode("utf-8", "backslashreplace")


def read(folder: str) -> list[RefusedText]:
    """Return what was noted, each once; a torn line is passed over. Raises OSError."""
    found: dict[tuple[str, str, str], RefusedText] = {}
    for line in local.read_tail(folder + FILE, _MOST).decode("utf-8", "replace").split("\n"):
        try:
            fields = loads(line) if line else None
        except ValueError:
            continue
        if isinstance(fields, dict) and fields.get("v") == 1:
            said = {name: str(fields.get(name, "")) for name in RefusedText.__slots__}
            one = RefusedText(**said)
            found[one.key] = one  # the last one: of two, it says where the text is
    return list(found.values())


def forget_gone(folder: str, told: Sequence[RefusedText]) -> None:
    """Forget those of ``told`` whose kept file a person has taken away. Raises OSError."""
    gone = {one.key for one in told if not os.path.lexists(one.kept)}
    if not gone:
        return
    lock = local.Lock(folder + "/spool.lock")
    if not lock.attempt():
        return  # something is being refused; the next status forgets
    try:
        left = [one for one in read(folder) if one.key not in gone]
        lines = b"".join([_line(one, one.text) for one in left])
        if lines:
            local.write_whole(folder + FILE, lines, durable=True)
        else:
            local.forget(folder + FILE)
    finally:
        lock.release()

"""Lines of queue files and journals: union by id, in order, damaged lines kept apart (hot lane)."""

from __future__ import annotations

from gitmem.domain.flag import BadLine, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.domain.flag import Flag


class Damaged:
    """A line that is no flag: where it stands, why, and its id when that can be read."""

    __slots__ = ("flag_id", "reason", "where")

    def __init__(self, where: str, reason: str, flag_id: str) -> None:
        self.where = where
        self.reason = reason
        self.flag_id = flag_id

    def __str__(self) -> str:
        """One sentence for a person."""
        return f"{self.where}: {self.reason}"


class Lines:
    """What was read: flags by id in the order first met, and the damaged lines."""

    __slots__ = ("damaged", "flags")

    def __init__(self) -> None:
        self.flags: dict[str, Flag] = {}
        self.damaged: list[Damaged] = []

    def read(self, data: bytes, where: str) -> None:
        """Adds every line of one file; the first line read with an id wins.

        Any bytes are accepted: what is not a flag becomes a Damaged entry, never an exception.
        """
        for number, raw in enumerate(data.split(b"\n"), 1):
            if not raw or raw.isspace():
                continue
            try:
                flag = parse(raw.strip().decode())
            except UnicodeDecodeError:
                self.damaged.append(Damaged(f"{where}:{number}", "not UTF-8", ""))
            except BadLine as bad:
                self.damaged.append(Damaged(f"{where}:{number}", bad.reason, bad.flag_id))
            else:
                self.flags.setdefault(flag.id, flag)


def split(data: bytes) -> list[tuple[bytes, str]]:
    """Every line that is not blank, verbatim without its end, and its id (empty: unreadable).

    A line of a newer version has an id here, although its flag cannot be read.
    """
    found = []
    for raw in data.split(b"\n"):
        line = raw.strip()
        if line:
            found.append((line, _id(line)))
    return found


def _id(line: bytes) -> str:
    try:
        return parse(line.decode()).id
    except BadLine as bad:
        return bad.flag_id
    except UnicodeDecodeError:
        return ""

"""Lines of queue files and journals: union by id, in order, damaged lines kept apart (hot lane).

Two different lines under one id are a conflict: one of them counts here, and both are told.
"""

from __future__ import annotations

from gitmem.core.bounds import LINE
from gitmem.core.flag import BadLine, parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_SHOWN = 160  # characters of a line that is told


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


class Conflict:
    """Two different lines under one id: ``first`` is the one that counts here, ``other`` is not.

    ``here`` and ``there`` say where they stand. ``recorded``: the other one is in a drain record.
    """

    __slots__ = ("first", "flag_id", "here", "other", "recorded", "there")

    def __init__(self, flag_id: str, first: tuple[str, str], other: tuple[str, str]) -> None:
        """``first`` and ``other``: a line and where it stands."""
        self.flag_id = flag_id
        self.first, self.here = first
        self.other, self.there = other
        self.recorded = False

    @property
    def readable(self) -> bool:
        """Whether both lines are flags; else one of them is damaged, and is told as such, too."""
        return not (_damaged(self.first) or _damaged(self.other))

    def __str__(self) -> str:
        """One sentence for a person, with both texts."""
        return (
            f"{self.flag_id} is the id of two lines: {told(self.first)} ({self.here}) and "
            f"{told(self.other)} ({self.there})"
        )


class Lines:
    """What was read: flags by id in the order first met, and the damaged lines.

    ``odd`` are the damaged lines whose id can be read; ``others`` the lines that differ from the
    first one with their id, each with its place. ``aside`` are sentences about what is more, or
    other, than gitmem reads of a queue.
    """

    __slots__ = ("aside", "damaged", "flags", "odd", "others")

    def __init__(self) -> None:
        self.flags: dict[str, Flag] = {}
        self.damaged: list[Damaged] = []
        self.odd: dict[str, str] = {}
        self.others: dict[str, tuple[str, str]] = {}
        self.aside: list[str] = []

    def read(self, data: bytes, where: str) -> None:
        """Adds every line of one file; a line that differs from the first one with its id is noted.

        Any bytes are accepted: what is not a flag becomes a Damaged entry, never an exception.
        """
        for number, raw in enumerate(data.split(b"\n"), 1):
            if not raw or raw.isspace():
                continue
            try:
                line = raw.strip().decode()
                flag = _flag(line)
            except UnicodeDecodeError:
                self.damaged.append(Damaged(f"{where}:{number}", "not UTF-8", ""))
            except BadLine as bad:
                self.damaged.append(Damaged(f"{where}:{number}", bad.reason, bad.flag_id))
                if bad.flag_id and not self._differs(bad.flag_id, line, f"{where}:{number}"):
                    self.odd.setdefault(bad.flag_id, line)
            else:
                if flag.id in self.flags or flag.id in self.odd:
                    self._differs(flag.id, line, f"{where}:{number}")
                self.flags.setdefault(flag.id, flag)

    def line(self, flag_id: str) -> str:
        """The line that counts for an id; empty without one."""
        flag = self.flags.get(flag_id)
        return flag.line if flag else self.odd.get(flag_id, "")

    @property
    def ids(self) -> set[str]:
        """Ids of all lines, also of those that cannot be read."""
        return {*self.flags, *self.odd}

    def _differs(self, flag_id: str, line: str, where: str) -> bool:
        known = self.line(flag_id)
        if not known or same(known, line):
            return False
        self.others.setdefault(flag_id, (line, where))
        return True


def _damaged(line: str) -> bool:
    try:
        parse(line)
    except BadLine:
        return True
    return False


def same(one: str, other: str) -> bool:
    """Whether two lines are one; a drain record keeps a carriage return as a blank."""
    return one == other or one.replace("\r", " ") == other.replace("\r", " ")


def told(line: str) -> str:
    """What a line says, cut, in quotes; the line itself where it is no flag."""
    try:
        flag = parse(line)
    except BadLine:
        text = line
    else:
        text = f"{flag.text} (better: {flag.better})" if flag.better else flag.text
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'


def conflicts(places: Sequence[tuple[str, Lines]]) -> dict[str, Conflict]:
    """Ids with two different lines, within one place or between two.

    ``places`` are names with what was read there, the one first that is believed most.
    """
    found: dict[str, Conflict] = {}
    for number, (name, lines) in enumerate(places):
        ids = lines.ids if lines.odd else lines.flags.keys()
        for before, earlier in places[:number]:
            for flag_id in ids & (earlier.ids if earlier.odd else earlier.flags.keys()):
                first, other = earlier.line(flag_id), lines.line(flag_id)
                if not same(first, other):
                    found.setdefault(flag_id, Conflict(flag_id, (first, before), (other, name)))
        for flag_id, other_line in lines.others.items():
            for before, earlier in [*places[:number], (name, lines)]:
                first = earlier.line(flag_id)
                if first and not same(first, other_line[0]):
                    found.setdefault(flag_id, Conflict(flag_id, (first, before), other_line))
    return found


def _flag(line: str) -> Flag:
    """Raises BadLine."""
    if len(line) > LINE:
        raise BadLine("longer than any line that gitmem writes")
    return parse(line)


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
        return _flag(line.decode()).id
    except BadLine as bad:
        return bad.flag_id
    except UnicodeDecodeError:
        return ""

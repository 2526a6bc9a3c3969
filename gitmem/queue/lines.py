"""Lines of queue files and journals: united by id, in order, with damaged lines apart (pure, hot lane).

Two different lines with one id are a conflict: one of them counts, and both are shown.
"""

from __future__ import annotations

from gitmem.core.bounds import LINE
from gitmem.core.flag import BadLine, parse
from gitmem.safety.text import cut

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_SHOWN = 160  # characters of a line in a message


class DamagedLine:
    """A line that is not a flag: its place, the reason, and its id when that can be read."""

    __slots__ = ("flag_id", "reason", "where")

    def __init__(self, where: str, reason: str, flag_id: str) -> None:
        self.where = where
        self.reason = reason
        self.flag_id = flag_id

    def __str__(self) -> str:
        """Return one sentence for a person."""
        return f"{self.where}: {self.reason}"


class Conflict:
    """Two different lines with one id; ``first`` counts here, ``other`` does not.

    ``here`` and ``there`` are their places. ``recorded``: the other line is in a drain record.
    """

    __slots__ = ("first", "flag_id", "here", "other", "recorded", "there")

    def __init__(self, flag_id: str, first: tuple[str, str], other: tuple[str, str]) -> None:
        """``first`` and ``other`` are a line and its place."""
        self.flag_id = flag_id
        self.first, self.here = first
        self.other, self.there = other
        self.recorded = False

    @property
    def readable(self) -> bool:
        """Whether both lines are flags; else one is damaged and reported as such, too."""
        return not (_damaged(self.first) or _damaged(self.other))

    def __str__(self) -> str:
        """Return one sentence for a person, with both texts."""
        first, other = told(self.first), told(self.other)
        more = "; they differ further on" if first == other else ""
        return (
            f"{self.flag_id} is the id of two lines: {first} ({self.here}) and "
            f"{other} ({self.there}){more}"
        )


class Lines:
    """The lines of one place: flags by id in the order of their first lines, and damaged lines.

    ``odd`` are the damaged lines whose id can be read. ``others`` are the lines that differ from the
    first one with their id, each with its place. ``aside`` are sentences about what is set aside.
    """

    __slots__ = ("aside", "damaged", "flags", "odd", "others")

    def __init__(self) -> None:
        self.flags: dict[str, Flag] = {}
        self.damaged: list[DamagedLine] = []
        self.odd: dict[str, str] = {}
        self.others: dict[str, tuple[str, str]] = {}
        self.aside: list[str] = []

    def read(self, data: bytes, where: str) -> None:
        """Add every line of a file. Any bytes will do: what is not a flag becomes a `DamagedLine`."""
        for number, raw in enumerate(data.split(b"\n"), 1):
            if not raw or raw.isspace():
                continue
            try:
                line = raw.strip().decode()
                flag = _flag(line)
            except UnicodeDecodeError:
                self.damaged.append(DamagedLine(f"{where}:{number}", "not UTF-8", ""))
            except BadLine as bad:
                self.damaged.append(DamagedLine(f"{where}:{number}", bad.reason, bad.flag_id))
                if bad.flag_id and not self._differs(bad.flag_id, line, f"{where}:{number}"):
                    self.odd.setdefault(bad.flag_id, line)
            else:
                if flag.id in self.flags or flag.id in self.odd:
                    self._differs(flag.id, line, f"{where}:{number}")
                self.flags.setdefault(flag.id, flag)

    def line(self, flag_id: str) -> str:
        """Return the line that counts for an id; empty without one."""
        flag = self.flags.get(flag_id)
        return flag.line if flag else self.odd.get(flag_id, "")

    @property
    def ids(self) -> set[str]:
        """The ids of all lines, also of those that are not flags."""
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
    """Whether two lines are the same; a drain record keeps a carriage return as a blank."""
    return one == other or one.replace("\r", " ") == other.replace("\r", " ")


def told(line: str) -> str:
    """Return a flag line's text and body, cut and in quotes; of another line the line itself."""
    try:
        flag = parse(line)
    except BadLine:
        text = line
    else:
        text = f"{flag.text} (better: {flag.better})" if flag.better else flag.text
        if flag.body:
            text += f" (body: {' '.join(flag.body.split())})"
    return f'"{cut(text, _SHOWN)}"'


def conflicts(places: Sequence[tuple[str, Lines]]) -> dict[str, Conflict]:
    """Return the ids with two different lines, within one place or between two.

    ``places`` are names with their lines; the most trusted place comes first.
    """
    result: dict[str, Conflict] = {}
    for number, (name, lines) in enumerate(places):
        ids = lines.ids if lines.odd else lines.flags.keys()
        for before, earlier in places[:number]:
            for flag_id in ids & (earlier.ids if earlier.odd else earlier.flags.keys()):
                first, other = earlier.line(flag_id), lines.line(flag_id)
                if not same(first, other):
                    result.setdefault(flag_id, Conflict(flag_id, (first, before), (other, name)))
        for flag_id, other_line in lines.others.items():
            for before, earlier in [*places[:number], (name, lines)]:
                first = earlier.line(flag_id)
                if first and not same(first, other_line[0]):
                    result.setdefault(flag_id, Conflict(flag_id, (first, before), other_line))
    return result


def _flag(line: str) -> Flag:
    """Parse a line. Raises BadLine."""
    if len(line) > LINE:
        raise BadLine("longer than any line that gitmem writes")
    return parse(line)


def split(data: bytes) -> list[tuple[bytes, str]]:
    """Return every line that is not blank, without its end, and its id (empty: unreadable).

    A line of a newer version has its id, although it is not a flag that this version can read.
    """
    rows = []
    for raw in data.split(b"\n"):
        line = raw.strip()
        if line:
            rows.append((line, _id(line)))
    return rows


def _id(line: bytes) -> str:
    try:
        return _flag(line.decode()).id
    except BadLine as bad:
        return bad.flag_id
    except UnicodeDecodeError:
        return ""

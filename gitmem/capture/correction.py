"""The line of memory that a flag says is wrong, as a person or an agent names it.

A module of its own because only `--corrects` needs an index of memory; any other flag loads none.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused, UsageError
from gitmem.recall.index import open_index
from gitmem.recall.line import Kind
from gitmem.records import plain_settings, target

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.git.repository import Repository
    from gitmem.recall.line import LandedLine

_CUT = 80  # characters of a place that is repeated
_HINT = "gitmem recall WORDS prints each line with its FILE:LINE"


def corrected_line(repo: Repository, place: str, inside: Callable[[str], str]) -> str:
    """Return `<file>: <words>` of the landed line at FILE:LINE, as `gitmem recall` prints it.

    FILE counts from the top of the repository; else ``inside`` turns it into such a path. Raises UsageError for another form, Refused
    where there is no line of memory, and what `gitmem.records.target.find` raises.
    """
    file, _, number = place.strip().rpartition(":")
    if not file or not (number.isascii() and number.isdecimal()):
        raise UsageError(f"gitmem flag: {place[:_CUT]!r} is not FILE:LINE", hint=_HINT)
    line = _line(repo, [file, inside(file)], int(number[:9]))
    if line is None:
        raise Refused(f"there is no line of memory at {place[:_CUT]!r}", hint=_HINT)
    if line.kind is Kind.PENDING:
        raise Refused(
            f"{line.file}:{line.number} is an open item, which no hook shows",
            hint="flag what is known now; gitmem close moves it",
        )
    if line.kind is Kind.RULE:
        raise Refused(
            f"{line.file}:{line.number} is a rule, not a line of memory",
            hint="gitmem snag 'what went wrong' --better 'the better path' --rule FILE",
        )
    return f"{line.file}: {line.text}"


def _line(repo: Repository, files: list[str], number: int) -> LandedLine | None:
    """The line with this number in the first of these files that has one there, on the target."""
    where = target.find(repo, target.configured_name(repo))
    commit, _ = target.leading_commit(repo, where)
    with closing(open_index(repo, commit, plain_settings.memory_folder(repo))) as index:
        lines = [line for line in index.all() if line.number == number and line.file in files]
    return min(lines, key=lambda line: files.index(line.file), default=None)

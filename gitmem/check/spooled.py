"""What lies in this clone's spool, for a check: read, never saved.

Anything in a sandbox can write there, so a record's texts are only counted, not shown: the command that saves
them puts them through all guards first (`gitmem.capture.spooled`). A module of its own, because whatever lies
there is bounded and parsed before a check sees it.
"""

from __future__ import annotations

from typing import NamedTuple

from gitmem.core.failures import Unreachable
from gitmem.core.flag import BadLine, Flag, parse
from gitmem.queue import spool

_MOST_LINES = (
    10_000  # of the spool; what lies there may be anybody's, and the rest counts as no flag
)
#: With this as the present, `spool.names` takes nothing of a killed `flag` away: a check writes nothing.
_LONG_AGO = 0.0


class Spooled(NamedTuple):
    """The flags that wait in the spool, and the number of lines or files there that are no flag."""

    flags: tuple[Flag, ...] = ()
    odd: int = 0


def look(folder: str) -> Spooled:
    """Return what waits in the spools of a clone; ``folder`` is gitmem's own.

    Raises Unreachable where a spool cannot be looked at.
    """
    found: dict[str, Flag] = {}
    odd = lines = 0
    try:
        for record in spool.records(folder, _LONG_AGO):
            texts = [text for text in record.data.split(b"\n") if text]
            lines += len(texts)
            if not texts or lines > _MOST_LINES:
                odd += 1
                continue
            for text in texts:
                flag = _flag(text)
                odd += flag is None
                if flag is not None:
                    found.setdefault(flag.id, flag)
    except OSError as error:
        raise Unreachable(
            f"the spool cannot be looked at: {error.strerror or error}",
            hint="gitmem doctor says what is wrong with it",
        ) from error
    return Spooled(tuple(found.values()), odd)


def _flag(text: bytes) -> Flag | None:
    try:
        return parse(text.decode())
    except (UnicodeDecodeError, BadLine):
        return None

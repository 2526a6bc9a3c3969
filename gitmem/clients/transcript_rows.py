"""Read the rows of a client's transcript (hot lane: tails only).

A transcript may be large and is the client's own file: what a hook reads of it is bounded, no link is
followed, and only a plain file is read.
"""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ENDING = ".jsonl"
_TYPE, _PLAIN = 0o170000, 0o100000  # S_IFMT and S_IFREG of stat(2)
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CHUNK = 1 << 20
_LONGEST = 16 << 20  # bytes of one row; the largest that a client writes holds a few pictures
_BEGINNING = 64


def changed(folder: str, since: float, most: int) -> list[str]:
    """Return the transcripts (plain files) in a folder that were written to after a moment.

    Paths, at most so many, newest first.
    """
    found = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.endswith(ENDING):
                    state = entry.stat(follow_symlinks=False)
                    if state.st_mtime > since and state.st_mode & _TYPE == _PLAIN:
                        found.append((state.st_mtime, entry.path))
    except OSError:
        return []
    return [path for _, path in sorted(found, reverse=True)[:most]]


def session_of(path: str) -> str:
    """Return the session that a transcript is about: its name."""
    return path.rpartition("/")[2].removesuffix(ENDING)


def tail(path: str, most: int, signs: Sequence[bytes] = ()) -> list[bytes]:
    """Return the last whole rows of a plain file within so many bytes; none of anything else.

    With ``signs``: none at all where no row has one of them, which is told without cutting rows.
    """
    try:
        descriptor = os.open(path, _OPEN)
    except OSError:
        return []
    try:
        state = os.fstat(descriptor)
        if state.st_mode & _TYPE != _PLAIN:
            return []
        start = max(0, state.st_size - most)
        data = os.pread(descriptor, most, start)
    finally:
        os.close(descriptor)
    if signs and not any(sign in data for sign in signs):
        return []
    rows = data.split(b"\n")
    return rows[1:] if start else rows


def rows(path: str) -> Iterator[bytes]:
    """Yield every row of a plain file, in order, without holding more than one. Raises OSError.

    Of a row that is too long to be a client's only the beginning comes, which is not JSON.
    """
    descriptor = os.open(path, _OPEN)
    try:
        if os.fstat(descriptor).st_mode & _TYPE != _PLAIN:
            return
        left: list[bytes] = []  # the pieces of a row whose end has not come yet
        size = 0
        while chunk := os.read(descriptor, _CHUNK):
            first, *whole = chunk.split(b"\n")
            left.append(first if size <= _LONGEST else b"")
            size += len(first)
            if not whole:
                continue
            yield from _worth(b"".join(left), size)
            for row in whole[:-1]:
                yield from _worth(row, len(row))
            left, size = [whole[-1]], len(whole[-1])
        yield from _worth(b"".join(left), size)
    finally:
        os.close(descriptor)


def _worth(row: bytes, size: int) -> list[bytes]:
    """The row if it has anything in it."""
    if size > _LONGEST:
        return [row[:_BEGINNING]]
    return [row] if row.strip() else []

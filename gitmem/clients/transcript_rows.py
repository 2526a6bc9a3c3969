"""Read the rows of a client's transcript (hot lane: tails only).

A transcript may be large and is the client's own file: what a hook reads of it is bounded, no link is
followed, and only a plain file is read.
"""

from __future__ import annotations

import os

from gitmem.core.jsonline import loads, text_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ENDING = ".jsonl"
_TYPE, _PLAIN = 0o170000, 0o100000  # S_IFMT and S_IFREG of stat(2)
_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK
_CHUNK = 1 << 20
_LONGEST = 16 << 20  # bytes of one row; the largest that a client writes holds a few pictures
_BEGINNING = 64
_TAIL = 1 << 18  # bytes; an answer and the largest results of its calls
_ANSWERS = 8  # rows that may be read for nothing
_ODD = 100_000_000  # tokens no context has


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


def size(
    path: str,
    counted: Callable[[Mapping[str, object]], tuple[int, int]],
    *,
    sign: bytes,
    over: bytes = b"",
    head: int | None = None,
    tails: Sequence[int] = (_TAIL,),
) -> tuple[int, str, int]:
    """Return the tokens in the context as of the last answer, its time (ISO 8601), and the limit of a compaction.

    ``counted`` gives the tokens and the limit that a row tells, 0 for none. Only rows with ``sign`` are read,
    and none before one with ``over``, the sign of a compaction; both stand in the first ``head`` bytes.
    ``tails`` are the bytes from the end, each looked at where the one before tells nothing. (0, "", 0) when
    the end of the file tells of no answer.
    """
    if not path.endswith(ENDING):
        return 0, "", 0
    for most in tails:
        read = 0
        for row in reversed(tail(path, most, (sign,))):
            beginning = row[:head]
            if read == _ANSWERS or (over and over in beginning):
                break
            if sign in beginning:
                read += 1
                found = _counted(row, counted)
                if found[0]:
                    return found
    return 0, "", 0


def _counted(
    line: bytes, counted: Callable[[Mapping[str, object]], tuple[int, int]]
) -> tuple[int, str, int]:
    try:
        row = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return 0, "", 0  # the last row is being written
    if not isinstance(row, dict):
        return 0, "", 0
    tokens, limit = counted(row)
    return tokens, text_of(row, "timestamp"), limit


def number(value: object) -> int:
    """Return a count of tokens; 0 for anything else, and for one that no context has."""
    return value if type(value) is int and 0 < value < _ODD else 0


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

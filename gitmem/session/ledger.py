"""Read the ledger: what fired since a place in it, and everything it still holds (hot lane)."""

from __future__ import annotations

import os

from gitmem.core.jsonline import loads
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

NAMES = ("ledger.1.jsonl", "ledger.jsonl")  # oldest first
MOST = 1 << 20  # bytes that a boot reads; some 7,000 hooks
_AT = b'{"at":"'
_AT_END = len(_AT) + 20


def since(folder: str, inode: int, offset: int) -> tuple[list[bytes], int, int]:
    """The lines written after a place, and the place after them: a file's number and an offset.

    At most the last `MOST` bytes. A place in a ledger that is gone is before everything.
    """
    new, now, end = _from(folder + "/ledger.jsonl", inode, offset)
    if inode and now != inode:
        old, number, _ = _from(folder + "/ledger.1.jsonl", inode, offset)
        new = (old if number == inode else b"") + new
    whole = new[: new.rfind(b"\n") + 1]  # a line that is being written comes next time
    return whole[-MOST:].splitlines(), now, end - (len(new) - len(whole))


def tail(folder: str) -> list[bytes]:
    """The last lines, the first of which may be cut off."""
    data = b""
    for name in reversed(NAMES):
        if len(data) < MOST:
            data = local.read(f"{folder}/{name}")[-MOST:] + data
    return data[-MOST:].splitlines()


def fired(lines: Sequence[bytes], session: str) -> list[tuple[int, str, str]]:
    """When hooks of a session ended (seconds since 1970), at which events, and the call or prompt."""
    from gitmem.core import age  # only where a transcript shows something

    mine = b'"session":"' + session.encode("utf-8", "replace") + b'"'
    found = []
    for line in lines:
        if mine in line and line.startswith(_AT):
            at = age.seconds(line[len(_AT) : _AT_END].decode("ascii", "replace"))
            found.append(
                (at or 0, _field(line, b"event"), _field(line, b"call") or _field(line, b"turn"))
            )
    return found


def _field(line: bytes, name: bytes) -> str:
    """A field of a line by a plain look; empty for none."""
    return line.partition(b'"' + name + b'":"')[2].partition(b'"')[0].decode("utf-8", "replace")


def entry(line: bytes) -> dict[str, object]:
    """A line's fields; empty for a torn one."""
    try:
        value = loads(line.decode("utf-8", "replace"))
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def entries(folder: str) -> tuple[list[dict[str, object]], int]:
    """Every line of both generations, and how many could not be read."""
    lines = [line for name in NAMES for line in local.read(f"{folder}/{name}").splitlines()]
    found = [entry(line) for line in lines if line.strip()]
    good = [one for one in found if one]
    return good, len(found) - len(good)


def did(folder: str, what: str) -> Iterator[Mapping[str, object]]:
    """The entries whose ``did`` begins with ``what``, oldest first; torn lines are passed over."""
    mark = f'"did":"{what}'.encode()
    for name in NAMES:
        for line in local.read(f"{folder}/{name}").splitlines():
            if mark in line and str(entry(line).get("did", "")).startswith(what):
                yield entry(line)


def put_aside(folder: str) -> bool:
    """Whether the ledger had to make room: then it does not begin where gitmem did."""
    return os.path.exists(f"{folder}/{NAMES[0]}")


def _from(path: str, inode: int, offset: int) -> tuple[bytes, int, int]:
    """What follows the offset (the start, in another file), the file's number, and its end."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return b"", 0, 0
    try:
        state = os.fstat(descriptor)
        start = offset if state.st_ino == inode and offset <= state.st_size else 0
        # A little more than is wanted, so that the cut leaves no whole line out.
        start = max(start, state.st_size - MOST)
        data = local.read_from(descriptor, start)
    finally:
        os.close(descriptor)
    return data, state.st_ino, start + len(data)

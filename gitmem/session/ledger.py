"""The ledger, the local record of what fired and ran: write a line, read lines back (hot lane)."""

from __future__ import annotations

import os
import time

from gitmem.core.jsonline import dumps, loads
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

DETACHED = "detached"  # how a close in the background ran, in its line
_LEDGER = "/ledger.jsonl"
_LEDGER_BYTES = 4 << 20  # then the ledger is put aside once; two generations are kept
_SPARE = "/ledger.spare"
_SPARE_BYTES = 2048
NAMES = ("ledger.1.jsonl", "ledger.jsonl")  # oldest first
MOST = 1 << 20  # bytes that a boot reads; some 7,000 hooks
_LATEST = 1 << 14  # bytes; some 100 hooks
_AT = b'{"at":"'
_AT_END = len(_AT) + 20


def write(folder: str, entry: Mapping[str, object]) -> None:
    """Append one line to the ledger: what fired and what was done.

    On a full disk the line goes into a file that has had its place since before; `recover` takes it from
    there. Raises OSError when that cannot be written either.
    """
    local.make_folder(folder)
    line = dumps({"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), **entry}) + "\n"
    data = line.encode("utf-8", "backslashreplace")
    try:
        _reserve(folder)
        local.append(folder + _LEDGER, data)
    except OSError:
        if len(data) < _SPARE_BYTES and os.path.exists(folder + _SPARE):
            local.overwrite(folder + _SPARE, data.rjust(_SPARE_BYTES))
            return
        raise
    if os.stat(folder + _LEDGER).st_size > _LEDGER_BYTES:
        _put_aside(folder)


def recover(folder: str) -> None:
    """Bring a line into the ledger that did not fit on the disk when it was due. Raises OSError."""
    line = local.read(folder + _SPARE).lstrip()
    if not line:
        return
    # The line that did not fit may have been cut off in the middle.
    local.append(folder + _LEDGER, b"\n" + line)
    local.overwrite(folder + _SPARE, b" " * _SPARE_BYTES)


def _reserve(folder: str) -> None:
    if not os.path.exists(folder + _SPARE):
        local.overwrite(folder + _SPARE, b" " * _SPARE_BYTES)


def _put_aside(folder: str) -> None:
    lock = local.Lock(folder + _LEDGER + ".lock")
    if not lock.attempt():
        return  # another process does it
    try:
        if os.stat(folder + _LEDGER).st_size > _LEDGER_BYTES:
            os.replace(folder + _LEDGER, folder + "/ledger.1.jsonl")
    finally:
        lock.release()


def since(folder: str, inode: int, offset: int) -> tuple[list[bytes], int, int]:
    """Return the lines written after a place, and the place after them: a file's number and an offset.

    At most the last `MOST` bytes. A place in a ledger that is gone is before everything.
    """
    new, now, end = _from(folder + "/ledger.jsonl", inode, offset)
    if inode and now != inode:
        old, number, _ = _from(folder + "/ledger.1.jsonl", inode, offset)
        new = (old if number == inode else b"") + new
    whole = new[: new.rfind(b"\n") + 1]  # a line that is being written comes next time
    return whole[-MOST:].splitlines(), now, end - (len(new) - len(whole))


def tail(folder: str, most: int = MOST) -> list[bytes]:
    """Return the lines in the last ``most`` bytes; the first may be cut off."""
    data = b""
    for name in reversed(NAMES):
        if len(data) < most:
            data = local.read_tail(f"{folder}/{name}", most) + data
    return data[-most:].splitlines()


def last(folder: str, session: str, event: str, detail: str) -> str:
    """Return when the last hook of a session at an event, or one with a detail, ended (ISO 8601).

    Empty where the end of the ledger tells of none.
    """
    mine = b'"session":"' + session.encode("utf-8", "replace") + b'"'
    for line in reversed(tail(folder, _LATEST)):
        if mine not in line or not line.startswith(_AT):
            continue
        if _field(line, b"event") == event or _field(line, b"detail") == detail:
            return line[len(_AT) : _AT_END].decode("ascii", "replace")
    return ""


def fired(lines: Sequence[bytes], session: str) -> list[tuple[int, str, str]]:
    """Return when hooks of a session ended (seconds since 1970), at which events, and the call or prompt."""
    from gitmem.core import quantities  # only where a transcript shows something

    mine = b'"session":"' + session.encode("utf-8", "replace") + b'"'
    found = []
    for line in lines:
        if mine in line and line.startswith(_AT):
            at = quantities.seconds(line[len(_AT) : _AT_END].decode("ascii", "replace"))
            found.append(
                (at or 0, _field(line, b"event"), _field(line, b"call") or _field(line, b"turn"))
            )
    return found


def _field(line: bytes, name: bytes) -> str:
    """Return a field of a line without parsing it; empty without one."""
    return line.partition(b'"' + name + b'":"')[2].partition(b'"')[0].decode("utf-8", "replace")


def entry(line: bytes) -> dict[str, object]:
    """Return a line's fields; empty for a torn one."""
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
    """Return the entries whose ``did`` begins with ``what``, oldest first; torn lines are skipped."""
    mark = f'"did":"{what}'.encode()
    for name in NAMES:
        for line in local.read(f"{folder}/{name}").splitlines():
            if mark in line and str(entry(line).get("did", "")).startswith(what):
                yield entry(line)


def put_aside(folder: str) -> bool:
    """Return whether the ledger was put aside once: then its beginning may be lost."""
    return os.path.exists(f"{folder}/{NAMES[0]}")


def _from(path: str, inode: int, offset: int) -> tuple[bytes, int, int]:
    """Return what follows the offset (the start, in another file), the file's number, and its end."""
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

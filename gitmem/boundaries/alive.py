"""Whether the process that ran a session still runs (hot lane)."""

from __future__ import annotations

import os

from gitmem.git import local


def started(process: int) -> str:
    """When a process began, in the system's own ticks; ``-`` where that cannot be told (no /proc)."""
    return _state(process)[1]


def alive(process: int, began: str) -> bool:
    """Whether it is there, and the same one as then: numbers are used again."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    state, now = _state(process)
    return state not in ("Z", "X") and (began in ("", "-") or began == now)


def _state(process: int) -> tuple[str, str]:
    """The letter of its state and its start, from proc(5)."""
    try:
        told = local.read_there(f"/proc/{process}/stat")
    except OSError:
        return "-", "-"
    # The name, in brackets, may hold anything; the start is the twentieth field after it.
    fields = told.rpartition(b")")[2].split()
    if len(fields) < 20:  # noqa: PLR2004 - see above
        return "-", "-"
    return fields[0].decode("ascii", "replace"), fields[19].decode("ascii", "replace")

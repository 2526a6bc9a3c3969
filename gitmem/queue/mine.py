"""How many flags wait in the person's own memory, for a report about another repository (hot lane)."""

from __future__ import annotations

from gitmem.core import quantities
from gitmem.core.errors import GitmemError
from gitmem.git import mine
from gitmem.git.repository import FOLDER, MINE
from gitmem.queue.journal import Journal


def waiting() -> int:
    """Return how many flags wait there, undrained or in review; 0 without such a memory, or where it cannot be read.

    The journal tells: what has landed leaves it. No git is started.
    """
    try:
        start = mine.home()
        if not mine.is_there(start):
            return 0
        lines = Journal(f"{start}/{MINE}/.git/{FOLDER}").read().split(b"\n")
    except (GitmemError, OSError):
        return 0  # `gitmem --mine` says why
    return len([line for line in lines if line.strip()])


def sentence(number: int) -> str:
    """Return what to say of so many flags; empty for none."""
    if not number:
        return ""
    wait = "waits" if number == 1 else "wait"
    return f"{quantities.count(number, 'flag')} {wait} in your own memory: gitmem --mine status"

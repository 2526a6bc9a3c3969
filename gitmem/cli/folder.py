"""The working folder, or the person's own memory in its place (hot lane)."""

from __future__ import annotations

import os

#: What works in the person's own memory, `gitmem --mine ...`.
MINE = frozenset((
    "", "init", "flag", "drop", "undrop", "edit", "status", "log", "close", "review", "accept", "discard", "recall", "sync",
    "why", "show", "forget", "stats", "report", "uninstall",
))  # fmt: skip
_mine: list[bool] = []


def working() -> str:
    """Return the working folder; after `work_in_mine`, the work tree of the person's own memory.

    Raises `Gone` when the folder was deleted, and what `gitmem.git.mine.top` raises.
    """
    if _mine:
        from gitmem.git import mine

        return mine.top()
    return standing()


def standing() -> str:
    """Return the folder that the process stands in. Raises `Gone` when it was deleted."""
    try:
        return os.getcwd()
    except FileNotFoundError as error:
        from gitmem.git import discovery

        raise discovery.gone() from error


def work_in_mine() -> None:
    """Make the person's own memory the working folder of this process: `gitmem --mine`."""
    _mine[:] = [True]


def is_mine() -> bool:
    """Return whether the command works in the person's own memory."""
    return bool(_mine)

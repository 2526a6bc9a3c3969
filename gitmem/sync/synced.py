"""What a sync is asked for, and what it comes to."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Choice(StrEnum):
    """What a person wants with a remote queue that was rewritten."""

    STOP = "stop"
    KEEP = "keep"
    TAKE = "take"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a sync shall do.

    ``configured`` is the shared setting's target (or empty). ``hears`` gets git's own progress.
    ``alone``: no person is there to be asked, and another sync at work is left to it.
    """

    configured: str
    rewritten: Choice = Choice.STOP
    dry_run: bool = False
    alone: bool = False
    hears: Callable[[bytes], None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """What a sync came to.

    ``received`` and ``sent`` are ids that only the other side had; ``pruned`` ids that were taken
    out of the queue because they had landed. ``tip`` is the queue at the remote now (empty: it has
    none), ``tries`` how many pushes it took, ``backups`` refs that hold what was rewritten. ``aside``
    are sentences about what of the remote's queue was not read.
    """

    remote: str
    received: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    pruned: tuple[str, ...] = ()
    tip: str = ""
    tries: int = 0
    backups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()

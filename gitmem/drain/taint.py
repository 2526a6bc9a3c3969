"""Taint: flags made after untrusted text entered a session stay out of instructions (pure).

Whatever a client loads is an instruction, so the topics of memory are, too. A tainted line lands there
only when a person says so in `gitmem accept`.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.gate import QueuedFlag
from gitmem.safety.paths import LOADED, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.drain.plan import Plan
    from gitmem.records.drain_record import Outcome

HELD = (
    "it is tainted (untrusted text had entered its session) and would become an instruction; "
    "close without --here, and a person may land it with gitmem accept --tainted"
)


def instructing(outcomes: Sequence[Outcome], *, folder: str) -> tuple[Outcome, ...]:
    """Return the outcomes that put a tainted flag's line into what a client loads."""
    return tuple(
        outcome for outcome in outcomes if outcome.flag.tainted and _instructs(outcome.file, folder)
    )


def held_back(plan: Plan) -> tuple[Plan, tuple[QueuedFlag, ...]]:
    """Return the plan without tainted flags, and those flags as left."""
    requests = []
    left: list[QueuedFlag] = []
    for request in plan.requests:
        clean = tuple(flag for flag in request.flags if not flag.tainted)
        left += [QueuedFlag(id=flag.id, reason=HELD) for flag in request.flags if flag.tainted]
        if clean:
            requests.append(replace(request, flags=clean))
    return replace(plan, requests=tuple(requests)), tuple(left)


def _instructs(path: str, folder: str) -> bool:
    try:
        return bool(path) and writable(path, folder=folder) in LOADED
    except Refused:
        # gitmem does not write such a file; what it is stays unknown, so a person decides.
        return True

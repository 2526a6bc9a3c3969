"""Drop: a person rejects a flag; the next close records it as skipped, with the reason.

A module of its own because a flag is made in the hot lane, which must not load what a drop needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.core.errors import UsageError
from gitmem.queue import decisions
from gitmem.queue.fast_import import recorded_author
from gitmem.records import snapshot
from gitmem.records.snapshot import flag_by_id
from gitmem.records.states import ACCEPTED, DRAINED

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Dropped:
    """The flag that was rejected, and whether it is in review already."""

    flag: Flag
    in_review: bool


def drop(
    repo: Repository, prefix: str, reason: str, *, configured: str, at: str, dry_run: bool = False
) -> Dropped:
    """Record the decision. Raises UsageError for an id that is not queued, Refused for the reason's text."""
    reason = capture.guarded(reason, "--reason")
    seen = snapshot.take(repo, configured)
    state = seen.state
    waits = any(one.id.startswith(prefix.strip().lower()) for one in state.open)
    flag = flag_by_id(state.open if waits else seen.queue.flags.values(), prefix)
    if seen.records.state(flag.id) in {ACCEPTED, DRAINED}:
        raise UsageError(
            f"{flag.id} has landed already",
            hint=f"gitmem forget {flag.id} proposes a review without what it brought",
        )
    now = decisions.replaced(seen.queue).get(flag.id)
    if now:
        raise UsageError(f"{flag.id} is {now} now", hint=f"gitmem drop {now} --reason '…'")
    if flag in state.carried:
        raise UsageError(
            f"{flag.id} is on a branch that gitmem close --here committed to",
            hint="edit the memory file on that branch; that is a commit like any other",
        )
    if not dry_run:
        by = recorded_author(repo)
        decisions.add_drop(repo, {"id": flag.id, "reason": reason, "at": at, "by": by})
    return Dropped(flag=flag, in_review=flag in state.in_review)

"""What a check asks for: which flags count, and what may wait."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.core import age
from gitmem.core.plural import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_DAY = 86_400  # seconds


class Scope(StrEnum):
    """Which flags a check looks at; ``auto`` is decided by what is being built."""

    AUTO = "auto"
    BRANCH = "branch"
    ALL = "all"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may wait without failing a check.

    ``max_age`` in days and ``max_flags``: None for no such limit; without either nothing may wait.
    ``allow_in_review``: what is in review, or accepted and not pushed, does not count.
    """

    scope: Scope = Scope.AUTO
    max_age: int | None = None
    max_flags: int | None = None
    allow_in_review: bool = False


STRICT = Policy()


def objections(
    policy: Policy, waiting: Sequence[Flag], unreadable: int, now: float
) -> tuple[str, ...]:
    """Why what waits fails the check, as short sentences; empty when it passes.

    ``unreadable`` is the number of flags that only a newer gitmem can read. A flag whose time cannot
    be read, or lies in the future of ``now`` (seconds since 1970), counts as old.
    """
    total = len(waiting) + unreadable
    if not total:
        return ()
    if policy.max_age is None and policy.max_flags is None:
        return (f"{count(total, 'flag')} not drained",)
    found = []
    if policy.max_flags is not None and total > policy.max_flags:
        found.append(f"{count(total, 'flag')} not drained, and at most {policy.max_flags} may wait")
    if policy.max_age is not None:
        old = unreadable + sum(_is_old(flag.at, policy.max_age, now) for flag in waiting)
        if old:
            found.append(f"{count(old, 'flag')} older than {count(policy.max_age, 'day')}")
    return tuple(found)


def _is_old(at: str, days: int, now: float) -> bool:
    then = age.seconds(at)
    return then is None or then > now or now - then >= days * _DAY

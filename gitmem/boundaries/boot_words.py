"""What a boot that is not silent says of what waits (hot lane).

A module of its own, because a silent boot does not load it.
"""

from __future__ import annotations

from gitmem.core import quantities

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.records.states import State

_NAMED = 3  # sessions


def what_waits(state: State, now: float) -> list[str]:
    """Return how many flags wait, how old they are, from which sessions, and what to do; empty when none wait."""
    found = []
    if state.undrained or state.unreadable:
        count = len(state.undrained) + len(state.unreadable)
        verb = "waits" if count == 1 else "wait"
        details = _details(state.undrained, now)
        found.append(
            f"{quantities.count(count, 'flag')} {verb} undrained{details}. Drain them: gitmem close"
        )
    if state.conflicts:
        count = len(state.conflicts)
        has = "1 flag has" if count == 1 else f"{count} flags have"
        found.append(f"{has} two different lines under one id. See both: gitmem log")
    proposed = state.proposed
    if proposed:
        found.append(
            f"{quantities.count(len(proposed), 'flag')} in review{_details(proposed, now)}. "
            "Look and land them: gitmem review, then gitmem accept"
        )
    return found


def _details(flags: Sequence[Flag], now: float) -> str:
    first = quantities.oldest([flag.at for flag in flags])
    details = [f"oldest: {quantities.ago(first, now)}"] if first else []
    sessions = sorted({flag.session for flag in flags if flag.session})
    if sessions:
        named = ", ".join([name[:8] for name in sessions[:_NAMED]])
        more = f" and {len(sessions) - _NAMED} more" if len(sessions) > _NAMED else ""
        details.append(f"from session{'s' if len(sessions) > 1 else ''} {named}{more}")
    return f" ({'; '.join(details)})" if details else ""

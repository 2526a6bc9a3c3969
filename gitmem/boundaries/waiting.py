"""What waits in the queue and in review, in words (hot lane: a boot that is not silent)."""

from __future__ import annotations

from gitmem.core import age, plural

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.records.states import State

_NAMED = 3  # sessions


def sentences(state: State, now: float) -> list[str]:
    """How many flags wait, how old they are, from which sessions, and what to do; none when none do."""
    found = []
    if state.undrained or state.unreadable:
        count = len(state.undrained) + len(state.unreadable)
        verb = "waits" if count == 1 else "wait"
        details = _details(state.undrained, now)
        found.append(
            f"{plural.count(count, 'flag')} {verb} undrained{details}. Drain them: gitmem close"
        )
    if state.conflicts:
        count = len(state.conflicts)
        has = "1 flag has" if count == 1 else f"{count} flags have"
        found.append(f"{has} two different lines under one id. See both: gitmem log")
    proposed = state.proposed
    if proposed:
        found.append(
            f"{plural.count(len(proposed), 'flag')} in review{_details(proposed, now)}. "
            "Look and land them: gitmem review, then gitmem accept"
        )
    return found


def _details(flags: Sequence[Flag], now: float) -> str:
    first = age.oldest([flag.at for flag in flags])
    details = [f"oldest: {age.ago(first, now)}"] if first else []
    sessions = sorted({flag.session for flag in flags if flag.session})
    if sessions:
        named = ", ".join([name[:8] for name in sessions[:_NAMED]])
        more = f" and {len(sessions) - _NAMED} more" if len(sessions) > _NAMED else ""
        details.append(f"from session{'s' if len(sessions) > 1 else ''} {named}{more}")
    return f" ({'; '.join(details)})" if details else ""

"""What a boot that is not silent says: what waits, and the index below the top (hot lane)."""

from __future__ import annotations

import os

from gitmem.core import quantities
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.states import State

_NAMED = 3  # sessions
# The client puts words of more than 10,000 characters into a file and shows a beginning of 2 kB.
_LONGEST_INDEX = 8_000


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


def index_below_top(repo: Repository, project: str) -> str:
    """Return what to tell the model at a boot; empty where the client loads the index itself.

    ``project`` is the folder the session started in.
    """
    from gitmem.records import target

    top, start = os.path.realpath(repo.top), os.path.realpath(project)
    if not project or not start.startswith(top + "/"):
        return ""
    path = f"{repo.top}/{target.memory_folder(repo)}/MEMORY.md"
    content = local.read_plain(path, _LONGEST_INDEX).decode("utf-8", "replace")
    if not content:
        return ""
    name = os.path.relpath(path, start)
    where = (
        f"This session started in {os.path.relpath(start, top)}, below the top of the repository"
    )
    if len(content) > _LONGEST_INDEX:
        return f"gitmem: {where}. The index of the repository's memory was not loaded: read {name}"
    return (
        f"gitmem: {where}, so the index of the repository's memory was not loaded. It is {name}; "
        f"names in it are relative to that folder:\n{content}"
    )


def _details(flags: Sequence[Flag], now: float) -> str:
    first = quantities.oldest([flag.at for flag in flags])
    details = [f"oldest: {quantities.ago(first, now)}"] if first else []
    sessions = sorted({flag.session for flag in flags if flag.session})
    if sessions:
        named = ", ".join([name[:8] for name in sessions[:_NAMED]])
        more = f" and {len(sessions) - _NAMED} more" if len(sessions) > _NAMED else ""
        details.append(f"from session{'s' if len(sessions) > 1 else ''} {named}{more}")
    return f" ({'; '.join(details)})" if details else ""

"""Session start: say loudly what waits, or nothing (hot lane)."""

from __future__ import annotations

from gitmem.domain import age
from gitmem.domain.errors import GitmemError
from gitmem.engine.words import Words
from gitmem.store import quiet
from gitmem.store.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.domain.flag import Flag
    from gitmem.domain.state import State
    from gitmem.store.repository import Repository


def words(repo: Repository, now: float) -> Words:
    """What to say to person and model at a boot; silence when everything has landed.

    What cannot be told is said too, unless nothing was ever flagged here. Raises OSError.
    """
    if quiet.holds(repo):
        return Words()
    # Only now is loaded what reads the queue: it needs more than a silent hook may cost.
    from gitmem.engine import snapshot
    from gitmem.store import target

    configured = target.configured_name(repo)
    try:
        seen = quiet.look(repo, quiet.names_of(target.find(repo, configured)))
        state = snapshot.take(repo, configured).state
    except GitmemError as error:
        return _cannot_tell(repo, error)
    said = _said(state, now)
    # What is carried or accepted can be taken back by a ref that `quiet` does not look at.
    if not (said.person or state.carried or state.accepted):
        quiet.remember(repo, seen)
    return said


def _cannot_tell(repo: Repository, error: GitmemError) -> Words:
    if not Journal(repo.folder).exists():
        return Words("could not tell")
    hint = f" ({error.hint})" if error.hint else ""
    return Words("could not tell", person=f"gitmem cannot tell what waits: {error.message}{hint}")


def _said(state: State, now: float) -> Words:
    lines = []
    if state.undrained or state.unreadable:
        count = len(state.undrained) + len(state.unreadable)
        lines.append(_waiting(count, state.undrained, now) + " Drain them: gitmem close")
    proposed = len(state.proposed)
    if proposed:
        lines.append(
            f"{_flags(proposed)} in review. Look and land them: gitmem review, then gitmem accept"
        )
    if not lines:
        return Words()
    said = "\n".join(["gitmem: " + line for line in lines])
    model = (
        f"{said}\nThe person decides when to drain; mention it once if it fits. When you learn "
        "something durable in this session, run: gitmem flag 'what is durable'"
    )
    return Words("said boot words", person=said, model=model)


def _waiting(count: int, flags: Sequence[Flag], now: float) -> str:
    verb = "waits" if count == 1 else "wait"
    first = age.oldest([flag.at for flag in flags])
    details = [f"oldest: {age.ago(first, now)}"] if first else []
    sessions = sorted({flag.session for flag in flags if flag.session})
    if sessions:
        named = ", ".join([name[:8] for name in sessions[:3]])
        more = f" and {len(sessions) - 3} more" if len(sessions) > 3 else ""  # noqa: PLR2004
        details.append(f"from session{'s' if len(sessions) > 1 else ''} {named}{more}")
    inside = f" ({'; '.join(details)})" if details else ""
    return f"{_flags(count)} {verb} undrained{inside}."


def _flags(count: int) -> str:
    return "1 flag" if count == 1 else f"{count} flags"

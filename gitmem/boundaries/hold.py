"""Hold a call once: which calls that a guard of mode once fits are denied, and the mark of it (hot lane).

The mark is on the disk before the client hears of the denial (docs/adr/0014), so whatever dies in
between, the retry passes. A module of its own because a silent hook does without it.
"""

from __future__ import annotations

from gitmem.session import boundary, session_file
from gitmem.session.boundary import Action
from gitmem.session.session import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.memory.guard import Guard
    from gitmem.session.boundary import Event
    from gitmem.session.session import Session

MOST = 3  # holds in one session; an agent that is stopped more often works around its guards
_PRIME = (1 << 61) - 1


def mark(repo: Repository, event: Event, call: str, guards: Sequence[Guard]) -> list[str]:
    """Mark the hold of a call and return the lines of the mark; none where the call passes.

    ``call`` is the tool with its subject, ``guards`` are those of mode once that fit. The call passes
    where it or all of the guards had their hold, after `MOST` holds, in a sub-agent, where no
    person attends or the client cannot deny, and without a session's id. Raises OSError where the mark
    cannot be written.
    """
    # A sub-agent reports a denial instead of trying again, and its context ends with it.
    if not event.can_hold or event.agent or not session_file.is_named(event.session):
        return []
    keys = [_digest("|".join(one.tools) + " " + one.match) for one in guards]
    actions = session_file.change(
        repo.folder, event.session, lambda known: decide(known, _digest(call), keys), durable=True
    )
    return [line for action in actions for line in lines(action)]


def decide(known: Session, call: str, guards: Sequence[str]) -> list[Action]:
    """Return the action that holds a call; none where it passes. ``call`` and ``guards`` are digests."""
    new = [guard for guard in guards if guard not in known.held]
    if not new or call in known.held or known.holds >= MOST:
        return []
    return [Action(boundary.MARK_HELD, [call, *new])]


def _digest(text: str) -> str:
    """Return a short word for a text: commands may hold what must not be written down."""
    return f"{int.from_bytes(text.encode('utf-8', 'backslashreplace'), 'big') % _PRIME:x}"

"""Session start: say loudly what waits and what went wrong since, or nothing (hot lane)."""

from __future__ import annotations

from gitmem.boundaries import quiet
from gitmem.core.errors import GitmemError, Overdue
from gitmem.session.boundary import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event

_COMPACTED = "compact"  # the session goes on: nothing has begun, and nothing ended
#: What a boot says that ran out of time.
OVERDUE = (
    "cannot tell what waits: the look at the queue took too long. Look yourself: gitmem status"
)
_LONGEST = 600  # characters of one sentence
_REQUEST = (
    "The person decides when to drain; mention it once if it fits. When you learn something durable "
    "in this session, run: gitmem flag 'what is durable'"
)


def words(repo: Repository, now: float, event: Event | None = None) -> Words:
    """What to say to person and model at a boot; silence when everything has landed and all went well.

    What cannot be told is said too, unless nothing was ever flagged here. Without an ``event`` only
    the queue is looked at. Raises OSError when the queue cannot be read.
    """
    since = _since(repo, event, now) if event is not None and event.session else []
    waiting, known = _waiting(repo, now)
    said = [*since, *waiting]
    if not said:
        return Words("" if known else "could not tell")
    person = _shown(said)
    model = f"{person}\n{_REQUEST}" if since or known else ""
    return Words("said boot words" if known else "could not tell", person=person, model=model)


def _since(repo: Repository, event: Event, now: float) -> list[str]:
    """What went wrong since the last boot; that this cannot be told is worth a sentence, too."""
    if event.detail == _COMPACTED:
        return []
    from gitmem.boundaries import lookback

    try:
        return lookback.look(repo, event, now)
    except OSError as error:
        return [f"cannot tell what happened since the last session start: {error}"]


def _waiting(repo: Repository, now: float) -> tuple[list[str], bool]:
    """What to say of the queue, and whether anything can be told of it."""
    if quiet.holds(repo):
        return [], True
    # Only now is loaded what reads the queue: it needs more than a silent hook may cost.
    from gitmem.boundaries import waiting
    from gitmem.records import snapshot, target

    try:
        configured = target.configured_name(repo)
        seen = quiet.look(repo, quiet.names_of(target.find(repo, configured)))
        found = snapshot.take(repo, configured)
    except GitmemError as error:
        return _cannot_tell(repo, error), False
    except (
        Overdue
    ):  # the time of a hook is over, and a boot that is silent then looks like a good one
        return [OVERDUE], False
    state = found.state
    said = [*waiting.sentences(state, now), *found.aside]
    # What is carried or accepted can be taken back by a ref that `quiet` does not look at.
    if not (said or state.carried or state.accepted):
        quiet.remember(repo, seen)
    return said, True


def _cannot_tell(repo: Repository, error: GitmemError) -> list[str]:
    from gitmem.queue.journal import Journal

    if not Journal(repo.folder).exists():
        return []
    hint = f" ({error.hint})" if error.hint else ""
    return [f"cannot tell what waits: {error.message}{hint}"]


def _shown(sentences: Sequence[str]) -> str:
    """The sentences as lines that a terminal can only print: ids, errors and reasons are others' text."""
    from gitmem.safety.text import visible

    return "\n".join([f"gitmem: {visible(sentence)[:_LONGEST]}" for sentence in sentences])

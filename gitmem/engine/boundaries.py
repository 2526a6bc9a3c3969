"""A hook fired: look at what happened, decide, do it, and write the ledger line (hot lane)."""

from __future__ import annotations

from gitmem.domain import boundary
from gitmem.engine.words import Words
from gitmem.store import headlog, sessions

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.domain.boundary import Event
    from gitmem.store.repository import Repository

_SLACK = 2.0  # seconds between a tool's end and its hook: the client starts hooks within tens of ms


def fire(repo: Repository, event: Event, now: float) -> Words:
    """Handles one event and returns what to say; ``now`` is seconds since 1970."""
    if event.kind in (boundary.BOOT, boundary.TOOL):
        event.commits = headlog.commits_since(repo, now - event.seconds - _SLACK)
    if event.kind == boundary.TOOL and not event.commits and not boundary.taint_of(event):
        return Words()
    known = boundary.Session()
    if event.kind in (boundary.TOOL, boundary.BATCH) or event.commits:
        known = sessions.read(repo.folder, event.session)
    words = Words()
    did = []
    for action in boundary.decide(event, known):
        words = _do(repo, event, action, now)
        did += [words.did] if words.did else []
    words.did = ", ".join(did)
    return words


def _do(repo: Repository, event: Event, action: boundary.Action, now: float) -> Words:
    if action.kind == boundary.SAY_BOOT:
        from gitmem.engine import boot

        return boot.words(repo, now)
    if action.kind == boundary.MARK_SEEN:
        sessions.mark(repo.folder, event.session, [f"seen {oid}" for oid in action.about])
        return Words()
    if action.kind == boundary.MARK_BOUNDARY:
        marks = [f"mark {boundary.COMMIT} {oid}" for oid in action.about]
        sessions.mark(repo.folder, event.session, marks)
        return Words("marked commit")
    if action.kind == boundary.MARK_TAINT:
        tool = "".join([letter for letter in action.about[0] if letter.isalnum() or letter in "_-"])
        sessions.mark(repo.folder, event.session, [f"taint {tool[:100]}"])
        return Words("marked taint")
    if action.kind == boundary.NUDGE:
        sessions.mark(repo.folder, event.session, ["nudge " + " ".join(action.about)])
        return Words("nudged", model=boundary.nudge_text(action.about))
    sessions.mark(repo.folder, event.session, ["end " + " ".join(action.about)])
    return Words("marked end")

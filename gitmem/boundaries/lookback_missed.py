"""Boundaries that a transcript shows and no hook saw (hot lane)."""

from __future__ import annotations

from gitmem.clients import registry
from gitmem.session import boundary, ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.transcripts import ShownBoundary
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event


def sentences(repo: Repository, event: Event, between: tuple[int, int]) -> list[str]:
    """Return one sentence for each session with such a boundary after one moment and before another.

    Looks at the newest transcripts of the client that boots, and at what was done in the work tree
    of ``repo``. Times are seconds since 1970.
    """
    client = registry.find(event.client)
    transcripts = client.transcripts() if client else None
    if transcripts is None:
        return []
    from gitmem.clients.transcripts import AGENT, COMMIT, COMPACTION, unseen

    known: list[bytes] = []
    said = []
    for session, boundaries in transcripts.recent(event.transcript, between[0], repo.top):
        shown = [
            one
            for one in boundaries
            if one.kind in (COMMIT, AGENT, COMPACTION) and between[0] < one.at <= between[1]
        ]
        if not shown:
            continue
        known = known or ledger.tail(repo.folder)
        missed = unseen(shown, ledger.fired(known, session), transcripts.seen_by)
        if missed:
            missed = _without_replayed(repo, missed)
        if missed:
            said.append(_said(session, missed))
    return said


def _without_replayed(repo: Repository, missed: Sequence[ShownBoundary]) -> list[ShownBoundary]:
    """git prints a commit that a rebase made again like any other; HEAD's log tells them apart."""
    from gitmem.git import head_log

    replayed = head_log.replayed(repo)
    return [
        one
        for one in missed
        if not (
            one.kind == boundary.COMMIT
            and one.detail
            and any(oid.startswith(one.detail) for oid in replayed)
        )
    ]


def _said(session: str, missed: Sequence[ShownBoundary]) -> str:
    from gitmem.session.session import counted  # most transcripts show what hooks saw

    what = counted([one.kind for one in missed])
    return f"session {session[:8]} shows {what} that no hook saw. Look: gitmem audit"

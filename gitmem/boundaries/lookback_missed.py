"""Boundaries that a transcript shows and no hook saw (hot lane; see `gitmem.boundaries.lookback`)."""

from __future__ import annotations

from gitmem.clients import transcript_rows
from gitmem.clients.claude_code import transcript as claude_transcript
from gitmem.core.jsonline import loads
from gitmem.session import ledger

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.claude_code.transcript import Shown
    from gitmem.git.repository import Repository

_TRANSCRIPTS = 3  # the newest that changed
_TAIL = 256 << 10  # bytes of each, whatever its length
_KINDS = (claude_transcript.COMMIT, claude_transcript.AGENT, claude_transcript.COMPACTION)


def sentences(repo: Repository, transcript: str, between: tuple[int, int]) -> list[str]:
    """One sentence for each session with such a boundary after one moment and before another.

    Looks at the newest files beside ``transcript``, the current session's, and at rows written in
    the work tree of ``repo``. Times are seconds since 1970.
    """
    known: list[bytes] = []
    said = []
    where = transcript.rpartition("/")[0]
    for path in transcript_rows.changed(where, between[0], _TRANSCRIPTS):
        rows = transcript_rows.tail(path, _TAIL, claude_transcript.SIGNS)
        shown = [one for one in _shown(rows, repo.top) if between[0] < one.at <= between[1]]
        if not shown:
            continue
        known = known or ledger.tail(repo.folder)
        session = transcript_rows.session_of(path)
        missed = claude_transcript.unseen(shown, ledger.fired(known, session))
        if missed:
            missed = _without_replayed(repo, missed)
        if missed:
            said.append(_said(session, missed))
    return said


def _without_replayed(repo: Repository, missed: Sequence[Shown]) -> list[Shown]:
    """git prints a commit that a rebase made again like any other; HEAD's log tells them apart."""
    from gitmem.git import head_log

    replayed = head_log.replayed(repo)
    return [
        one
        for one in missed
        if not (
            one.kind == claude_transcript.COMMIT
            and one.detail
            and any(oid.startswith(one.detail) for oid in replayed)
        )
    ]


def _said(session: str, missed: Sequence[Shown]) -> str:
    from gitmem.session.session import counted  # most transcripts show what hooks saw

    what = counted([one.kind for one in missed])
    return f"session {session[:8]} shows {what} that no hook saw. Look: gitmem audit"


def _shown(rows: Sequence[bytes], top: str) -> list[Shown]:
    found = []
    for row in rows:
        if not any(sign in row for sign in claude_transcript.SIGNS):
            continue
        try:
            value = loads(row.decode("utf-8", "replace"))
        except ValueError:
            continue
        if isinstance(value, dict) and f"{value.get('cwd')}/".startswith(top + "/"):
            found += claude_transcript.shown(value)
    return [one for one in found if one.kind in _KINDS]

"""What happened since the last boot and should not pass in silence (hot lane).

Sessions that ended without a flag, hooks that failed, closes and syncs that ran in the background,
boundaries that a transcript shows and no hook saw. Each is said once; the same failure again after a day.
"""

from __future__ import annotations

from gitmem.boundaries import lookback_state as lookback
from gitmem.git import local
from gitmem.session import ledger, sessions
from gitmem.session.session import TOLD, boot_line, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.boundaries.lookback_state import Lookback
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event
    from gitmem.session.session import Session

_LAG = 60  # seconds; a transcript is written asynchronously, and a hook may still be at work
_QUIET = 12 * 3600  # seconds of silence after which a session without a process number is over
_NAMED = 3  # sessions in a sentence

_SESSION = b'"session":"'
_ERROR = b'"error":"'
_CLOSE = b'"event":"close"'
_BEGUN = b"started a close"
_SYNC = (b':"not synced', b':"synced with')  # of a sync's own line, or in that of a close


def look(repo: Repository, event: Event, now: float) -> list[str]:
    """Sentences about what happened since the last boot; none when all is well.

    Notes that this session began. Another boot at the same moment leaves it all to this one. Raises
    OSError.
    """
    local.make_folder(repo.folder)
    began = _began(event.process) if event.process else "-"
    sessions.mark(repo.folder, event.session, [boot_line(event.process, began)])
    lock = lookback.lock(repo.folder)
    if not lock.attempt():
        return []
    try:
        state = lookback.read(repo.folder)
        found = _Found(repo, event, state, int(now)).sentences()
        state.judged = int(now) - _LAG
        lookback.write(repo.folder, state)
    finally:
        lock.release()
    return found


def _began(process: int) -> str:
    from gitmem.boundaries import alive

    return alive.started(process)


class _Found:
    """One look: what is new in the ledger, and what that says."""

    def __init__(self, repo: Repository, event: Event, state: Lookback, now: int) -> None:
        self._folder = repo.folder
        self._repo = repo
        self._event = event
        self._state = state
        self._now = now
        self._lines, state.inode, state.offset = ledger.since(
            repo.folder, state.inode, state.offset
        )

    def sentences(self) -> list[str]:
        """All there is to say, in the order of weight."""
        return [
            *self._missed(),
            *self._errors(),
            *self._closes(),
            *self._syncs(),
            *self._unflagged(),
        ]

    def _unflagged(self) -> list[str]:
        watched, told = [], []
        fired = dict.fromkeys([*self._state.watched, *_sessions(self._lines)])
        for session in fired:
            if session == self._event.session or not session:
                continue
            known = sessions.read(self._folder, session)
            if known.flagged or not known.marked:
                continue
            if not known.ended and self._runs(session, known):
                watched.append(session)
                continue
            sessions.mark(self._folder, session, [TOLD])
            died = "" if known.ended else "; it died"
            told.append(f"{session[:8]} ({counted(known.marked)}{died})")
        self._state.watched = watched
        if not told:
            return []
        more = f" and {len(told) - _NAMED} more" if len(told) > _NAMED else ""
        what = "1 earlier session" if len(told) == 1 else f"{len(told)} earlier sessions"
        named = ", ".join(told[:_NAMED]) + more
        ask = "What is worth keeping can still be flagged: gitmem flag"
        return [f"{what} ended without a single flag: {named}. {ask}"]

    def _runs(self, session: str, known: Session) -> bool:
        if known.process:
            from gitmem.boundaries import alive

            return alive.alive(known.process, known.started)
        changed = local.changed(sessions.path(self._folder, session))
        return self._now - changed < _QUIET

    def _errors(self) -> list[str]:
        lines = [line for line in self._lines if _ERROR in line and _CLOSE not in line]
        if not lines:
            return []
        from gitmem.core.plural import count

        last = ledger.entry(lines[-1])
        what = str(last.get("error", ""))[:200]
        number = count(len(lines), "hook")
        if lookback.said_lately(self._state, self._now, f"hook {last.get('event')} {what}"):
            return []
        from gitmem.core import age

        at = age.ago(str(last.get("at", "")), self._now)
        ago = at if at == "just now" else f"{at} ago"
        which = f"the last one, {last.get('event')}, {ago}: {what}"
        return [f"{number} failed since the last session start; {which}. Look: gitmem audit"]

    def _closes(self) -> list[str]:
        lines = [line for line in self._lines if _CLOSE in line or _BEGUN in line]
        if not lines and not self._state.closes:
            return []
        from gitmem.boundaries import lookback_closes

        return lookback_closes.sentences(self._folder, self._state, lines, self._now)

    def _syncs(self) -> list[str]:
        """A sentence when the last sync in the background failed."""
        lines = [line for line in self._lines if any(sign in line for sign in _SYNC)]
        if not lines:
            return []
        from gitmem.boundaries import background_words as close_words

        entry = ledger.entry(lines[-1])
        words = close_words.not_synced(entry)
        failure = f"sync {words.partition(': ')[2]}"
        if not words or lookback.said_lately(self._state, self._now, failure):
            return []
        return [words]

    def _missed(self) -> list[str]:
        transcript, since = self._event.transcript, self._state.judged
        if not transcript or not since:
            return []
        from gitmem.boundaries import lookback_missed

        between = (since, self._now - _LAG)
        return lookback_missed.sentences(self._repo, self._event, between)


def _sessions(lines: Sequence[bytes]) -> list[str]:
    """The sessions that lines of the ledger name, in order."""
    found = dict.fromkeys([line.partition(_SESSION)[2].partition(b'"')[0] for line in lines])
    return [session.decode("utf-8", "replace") for session in found if session]

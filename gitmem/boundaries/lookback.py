"""What happened since the last boot and must not pass in silence (hot lane).

Sessions that ended without a flag or in a turn that was never asked about, hooks that failed, closes and syncs
that ran in the background, boundaries that a transcript shows and no hook saw. Each is said once; the same
failure again after a day.

What boots have looked at so far is in one small file, overwritten in place: a place in the ledger and a moment up
to which everything was judged; sessions that cannot be judged yet; closes that were started; sentences that were
said. It may be lost: then the next boot begins from nothing.
"""

from __future__ import annotations

import os

from gitmem.boundaries.policy import BETWEEN
from gitmem.git import local
from gitmem.session import ledger, session_file
from gitmem.session.boundary import short_word
from gitmem.session.session import TOLD, boot_line, counted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

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
_BYTES = 8192  # always as many, so that nothing of a longer one is left; blanks at the end
_AGAIN = 86_400  # seconds after which the same failure is said again
_MOST = 24  # of each list, the newest


class Lookback:
    """The state. Times are whole seconds since 1970."""

    __slots__ = ("closes", "inode", "judged", "offset", "said", "watched")

    def __init__(self) -> None:
        self.inode = 0
        self.offset = 0
        self.judged = 0
        self.watched: list[str] = []
        self.closes: dict[str, int] = {}
        self.said: dict[str, int] = {}

    def said_lately(self, now: int, words: str) -> bool:
        """Return whether a failure was said within the last day; note that it is said now."""
        words = " ".join(words.split())[:200]
        lately = now - self.said.get(words, 0) < _AGAIN
        if not lately:
            self.said.pop(words, None)  # so that it becomes the newest
            self.said[words] = now
        return lately


def look(repo: Repository, event: Event, now: float) -> tuple[list[str], list[tuple[str, bool]]]:
    """Return sentences about what happened since the last boot, and the sessions that left a turn.

    Neither when all is well. A session that ended in a turn which nothing asked about comes with whether it was
    tainted; the latest is first. Note that this session began. Another boot at the same moment leaves everything to
    this one. Raises OSError.
    """
    local.make_folder(repo.folder)
    began = started(event.process) if event.process else "-"
    session_file.mark(
        repo.folder, event.session, [boot_line(event.process, began, repo.top, event.detail)]
    )
    held = lock(repo.folder)
    if not held.attempt():
        return [], []
    try:
        state = read(repo.folder)
        seen = _Look(repo, event, state, int(now))
        found = seen.sentences()
        state.judged = int(now) - _LAG
        write(repo.folder, state)
    finally:
        held.release()
    return found, seen.left[::-1]


def read(folder: str) -> Lookback:
    """Return the state; a new one when the file is missing or cannot be read."""
    state = Lookback()
    for line in local.read(folder + "/boot").decode("utf-8", "replace").split("\n"):
        word, _, rest = line.partition(" ")
        number, _, text = rest.partition(" ")
        if word == "watch" and rest:
            state.watched.append(rest)
        elif not number.isdecimal() or len(number) > 20:  # noqa: PLR2004 - digits
            continue
        elif word == "ledger" and text.isdecimal():
            state.inode, state.offset = int(number), int(text)
        elif word == "judged":
            state.judged = int(number)
        elif word == "close":
            state.closes[text] = int(number)
        elif word == "said":
            state.said[text] = int(number)
    return state


def write(folder: str, state: Lookback) -> None:
    """Keep the state; the caller holds `lock`."""
    lines = [f"ledger {state.inode} {state.offset}", f"judged {state.judged}"]
    lines += [f"watch {session}" for session in state.watched[-_MOST:]]
    lines += [f"close {at} {session}" for session, at in list(state.closes.items())[-_MOST:]]
    lines += [f"said {at} {text}" for text, at in list(state.said.items())[-_MOST:]]
    data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    while len(data) > _BYTES:
        lines.pop()
        data = ("\n".join(lines) + "\n").encode("utf-8", "replace")
    local.overwrite(folder + "/boot", data.ljust(_BYTES))


def lock(folder: str) -> local.Lock:
    """Return the lock that a boot holds while it looks back."""
    return local.Lock(folder + "/boot.lock")


def started(process: int) -> str:
    """Return when a process began, in the system's own ticks; ``-`` where that cannot be told (no /proc)."""
    return _state(process)[1]


def alive(process: int, began: str) -> bool:
    """Return whether the process runs and is the one that began then: numbers are used again."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    state, now = _state(process)
    return state not in ("Z", "X") and (began in ("", "-") or began == now)


class _Look:
    """One look: what is new in the ledger, and what that says."""

    def __init__(self, repo: Repository, event: Event, state: Lookback, now: int) -> None:
        self._folder = repo.folder
        self._repo = repo
        self._event = event
        self._state = state
        self._now = now
        self.left: list[tuple[str, bool]] = []  # after `sentences`
        self._lines, state.inode, state.offset = ledger.since(
            repo.folder, state.inode, state.offset
        )

    def sentences(self) -> list[str]:
        """Return all there is to say, in the order of weight."""
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
            known = session_file.read(self._folder, session)
            silent = known.marked and not known.flagged
            left = known.left(BETWEEN) and known.tree == short_word(self._repo.top)
            if not (silent or left):
                continue
            if not known.ended and self._runs(session, known):
                watched.append(session)
                continue
            if left:
                self.left.append((session, known.tainted))
            if not silent:
                continue
            session_file.mark(self._folder, session, [TOLD])
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
            return alive(known.process, known.started)
        changed = local.changed(session_file.path(self._folder, session))
        return self._now - changed < _QUIET

    def _errors(self) -> list[str]:
        lines = [line for line in self._lines if _ERROR in line and _CLOSE not in line]
        if not lines:
            return []
        from gitmem.core.quantities import count

        last = ledger.entry(lines[-1])
        what = str(last.get("error", ""))[:200]
        number = count(len(lines), "hook")
        if self._said_lately(f"hook {last.get('event')} {what}"):
            return []
        from gitmem.core import quantities

        when = quantities.since(str(last.get("at", "")), self._now)
        which = f"the last one, {last.get('event')}, {when}: {what}"
        return [f"{number} failed since the last session start; {which}. Look: gitmem audit"]

    def _closes(self) -> list[str]:
        lines = [line for line in self._lines if _CLOSE in line or _BEGUN in line]
        if not lines and not self._state.closes:
            return []
        from gitmem.boundaries import background_words

        return background_words.of_closes(
            self._folder, self._state.closes, lines, self._now, self._said_lately
        )

    def _said_lately(self, words: str) -> bool:
        return self._state.said_lately(self._now, words)

    def _syncs(self) -> list[str]:
        """Return a sentence when the last sync in the background failed."""
        lines = [line for line in self._lines if any(sign in line for sign in _SYNC)]
        if not lines:
            return []
        from gitmem.boundaries import background_words

        entry = ledger.entry(lines[-1])
        words = background_words.not_synced(entry)
        failure = f"sync {words.partition(': ')[2]}"
        if not words or self._said_lately(failure):
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
    """Return the sessions that lines of the ledger name, in order."""
    found = dict.fromkeys([line.partition(_SESSION)[2].partition(b'"')[0] for line in lines])
    return [session.decode("utf-8", "replace") for session in found if session]


def _state(process: int) -> tuple[str, str]:
    """Return the letter of its state and its start, from proc(5)."""
    try:
        told = local.read_there(f"/proc/{process}/stat")
    except OSError:
        return "-", "-"
    # The name, in brackets, may hold anything; the start is the twentieth field after it.
    fields = told.rpartition(b")")[2].split()
    if len(fields) < 20:  # noqa: PLR2004 - see above
        return "-", "-"
    return fields[0].decode("ascii", "replace"), fields[19].decode("ascii", "replace")

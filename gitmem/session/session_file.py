"""The file of each session: marks and nudges, written under a lock (hot lane).

One append-only file per session. Concurrent hooks of one batch decide one after another, under a lock
on that file; what its lines mean says `gitmem.session.session`.
"""

from __future__ import annotations

import os

from gitmem.git import local
from gitmem.session.session import fold, lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.session.boundary import Action
    from gitmem.session.session import Session

_SESSION_BYTES = 1 << 20  # of a session's file, from its end; more than the longest session leaves
_PATIENCE = 1.0  # seconds; a hook holds the lock for well under a millisecond
_DAY = 86_400  # seconds
_OLD = 30 * _DAY
_MANY = 500  # files
_UNNAMED = "unnamed"
_LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"


def path(folder: str, session: str) -> str:
    """Return the path of the session's file."""
    return f"{folder}/sessions/{name(session)}"


def name(session: str) -> str:
    """Return the name of the session's file. The id comes from a client: only plain letters are kept."""
    return "".join([letter for letter in session if letter in _LETTERS])[:80] or _UNNAMED


def is_named(session: str) -> bool:
    """Whether the id names a session; those without one share a file."""
    return name(session) != _UNNAMED


def read(folder: str, session: str) -> Session:
    """Return what the session's file says; empty for a new one. Raises OSError."""
    return fold(_text(folder, session))


def change(
    folder: str,
    session: str,
    decide: Callable[[Session], Sequence[Action]],
    *,
    durable: bool = False,
) -> Sequence[Action]:
    """Decide on what the session's file says and append the lines of it, in one step under a lock.

    The next hook to decide sees them, so concurrent hooks cannot do the same thing twice. Returns what was
    decided; ``durable``: its lines survive a power loss. Raises OSError, also when the lock is not free in time: then nothing was decided.
    """
    _make_folders(folder)
    file = path(folder, session)
    lock = local.Lock(file)
    if not lock.attempt(_PATIENCE):
        raise TimeoutError(f"another hook held the marks of this session for {_PATIENCE:g} s")
    try:
        known = _text(folder, session)
        actions = decide(fold(known))
        added = [line for action in actions for line in lines(action)]
        if added:
            # A line that a full disk cut off must not swallow the next one.
            torn = "\n" if known and not known.endswith("\n") else ""
            local.append(
                file, (torn + "\n".join(added) + "\n").encode("utf-8", "replace"), durable=durable
            )
            if durable and not known:
                local.sync_folder(folder + "/sessions")
                local.sync_folder(folder)
    finally:
        lock.release()
    return actions


def tainted(folder: str, session: str) -> bool:
    """Return whether a flag made in the session now may repeat untrusted text; a file that cannot be read taints."""
    try:
        return read(folder, session).tainted
    except OSError:
        return True


def _text(folder: str, session: str) -> str:
    return local.read_tail(path(folder, session), _SESSION_BYTES).decode("utf-8", "replace")


def told(folder: str, session: str) -> list[str]:
    """Return the lines of the session's file; none for a new one. Raises OSError."""
    return _text(folder, session).splitlines()


def mark(folder: str, session: str, added: Sequence[str]) -> None:
    """Append lines to the session's file."""
    _make_folders(folder)
    local.append(path(folder, session), ("\n".join(added) + "\n").encode())


def _make_folders(folder: str) -> None:
    local.make_folder(folder)
    local.make_folder(folder + "/sessions")


def forget_old(folder: str, now: float) -> int:
    """Remove the files of sessions that are over; return how many.

    Those not written to for `_OLD` seconds, and the oldest beyond `_MANY`, but none of the last day:
    its session may still run.
    """
    found = []
    try:
        with os.scandir(folder + "/sessions") as files:
            found = [(file.stat().st_mtime, file.path) for file in files if file.is_file()]
    except FileNotFoundError:
        return 0
    found.sort(reverse=True)
    old = [
        path
        for place, (at, path) in enumerate(found)
        if now - at > _OLD or (place >= _MANY and now - at > _DAY)
    ]
    for path in old:
        local.forget(path)
    return len(old)

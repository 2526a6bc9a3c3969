"""The close or sync in the background: start it at a session's end, and at most one at work (hot lane)."""

from __future__ import annotations

from gitmem.git import local
from gitmem.queue.journal import Journal
from gitmem.session import ledger, session_file

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from gitmem.git.personal import Setting
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event

NOT_SYNCED = "not synced"  # what the sentence about a sync that failed begins with
STARTED = "started a close"  # what the ledger says of it
STARTED_SYNC = "started a sync"
REFUSED = "refused a close"
REFUSED_SYNC = "refused a sync"
_NOW = "/close.lock"


class Flight:
    """The right of one detached close to work.

    Every session's end may start a close. One works, one waits and then takes up whatever was flagged
    meanwhile; any further one has nothing to add and leaves. Locks end with their process.
    """

    __slots__ = ("_next", "_now")

    def __init__(self, folder: str) -> None:
        local.make_folder(folder)
        self._now = local.Lock(folder + _NOW)
        self._next = local.Lock(folder + "/close.next.lock")

    def take(self, wait: float) -> bool:
        """Return whether this close may work now, after waiting ``wait`` seconds for the one that does."""
        if self._now.attempt():
            return True
        if not self._next.attempt():
            return False
        try:
            return self._now.attempt(wait)
        finally:
            self._next.release()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._now.release()


def under_way(folder: str) -> bool:
    """Return whether a detached close works now, also where nothing can be written."""
    return local.held(folder + _NOW)


def start_close(repo: Repository, event: Event) -> str:
    """Start a detached `gitmem auto-close`; return what the ledger says of it, empty when there is nothing to do.

    With `gitmem.sync auto` it syncs afterwards, or does only that. Only where this clone's own
    configuration says so; what another file says is refused, and the ledger keeps that for the next
    boot. Variables of gitmem's own do not go along: they may come from settings that a repository
    brings to the client. Raises OSError.
    """
    if not Journal(repo.folder).exists():
        return ""
    from gitmem.git import personal, process  # an end without anything to close starts no git

    close, sync = personal.read(repo, "gitmem.autoClose"), personal.read(repo, "gitmem.sync")
    by_itself, shares = personal.yes(close.value), sync.value.strip() == "auto"
    refused = []
    if personal.yes(close.unheard) and close.refused():
        refused.append(_write_refusal(repo, event, close))
    if sync.unheard.strip() == "auto" and sync.refused():
        refused.append(_write_refusal(repo, event, sync, shares=True))
    if not (by_itself or shares):
        return ", ".join(refused)
    started, options = (STARTED, []) if by_itself else (STARTED_SYNC, ["--sync-only"])
    arguments = [
        "auto-close",
        *options,
        "--",
        repo.top,
        session_file.name(event.session),
        event.client,
    ]
    process.detach_own(arguments, repo.environ, repo.folder + "/close.log", client=event.client)
    return ", ".join([*refused, started])


def _write_refusal(
    repo: Repository, event: Event, setting: Setting, *, shares: bool = False
) -> str:
    """Write what was not started and why to the ledger, for the next boot; return the words of the hook's line."""
    from gitmem.session import close_entry

    error = setting.refused()
    session = session_file.name(event.session)
    settings = close_entry.CloseSettings(
        how=close_entry.DETACHED, session=session, client=event.client
    )
    if error is not None and shares:
        said = f"{NOT_SYNCED} ({error.exit_code}): {error.message} ({error.hint})"
        ledger.write(repo.folder, close_entry.sync_entry(settings, said, 0.0))
    elif error is not None:
        ledger.write(repo.folder, close_entry.failed_entry(settings, error, 0.0))
    return REFUSED_SYNC if shares else REFUSED

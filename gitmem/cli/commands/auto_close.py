"""`gitmem auto-close`: the close and sync that a session's end starts in the background (plumbing)."""

from __future__ import annotations

import os
import signal
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import EngineRequest, choose_engine
from gitmem.bootstrap.workplace import unsettled, workplace
from gitmem.boundaries.background import NOT_SYNCED, Flight
from gitmem.cli import surroundings
from gitmem.close.close import CloseRequest, closed_entry
from gitmem.close.close import close as run_close
from gitmem.core.errors import GitmemError
from gitmem.core.failures import Internal, NeedsPerson, NoProgress
from gitmem.git.repository import discover
from gitmem.session import close_entry, ledger
from gitmem.sync import sync

if TYPE_CHECKING:
    from types import FrameType

    from gitmem.close.close import CloseResult
    from gitmem.git.repository import Repository

_WHOLE = 600  # seconds for all of it: questions have their own deadline, git has none
_WORKERS = 8


class TooLong(NoProgress):
    """The close, or the sync after it, ran longer than its time."""


def auto_close(
    top: Annotated[str, typer.Argument(help="The top of the work tree.")],
    session: Annotated[str, typer.Argument(help="The session that ended.")] = "",
    client: Annotated[str, typer.Argument(help="The client of the session.")] = "",
    sync_only: Annotated[
        bool, typer.Option("--sync-only", help="Share the queue; close nothing.")
    ] = False,
) -> None:
    """Close in the background; the ledger keeps the outcome.

    Prepares the review as `gitmem close` does, with the engine of git config, and lands nothing.
    With git config gitmem.sync auto, it shares the queue afterwards.
    """
    repo = discover(top, surroundings.ENVIRON)
    counted = unsettled(repo).counted_personal
    settings = close_entry.CloseSettings(
        how=close_entry.DETACHED,
        session=session,
        client=client,
        engine=counted("engine"),
        model=counted("model"),
        workers=_WORKERS,
    )
    with Flight(repo.folder) as flight:
        if not flight.take(_WHOLE):
            if not sync_only:
                ledger.write(repo.folder, close_entry.left_entry(settings))
            return
        surroundings.save_spooled(repo)
        ledger.write(repo.folder, _done(repo, settings, sync_only=sync_only))


def _done(
    repo: Repository, settings: close_entry.CloseSettings, *, sync_only: bool
) -> dict[str, object]:
    """Close and sync as configured; return the ledger line."""
    began = time.monotonic()
    if sync_only:
        return close_entry.sync_entry(settings, _sync(repo), time.monotonic() - began)
    return close_entry.with_sync(_outcome(repo, settings), _sync(repo))


def _sync(repo: Repository) -> str:
    """Share the queue if configured; return what came of it, in words."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_WHOLE)
    try:
        if unsettled(repo).counted_personal("sync").strip() != "auto":
            return ""
        place = workplace(repo.top, surroundings.ENVIRON)
        return sync.automatic(repo, place.configured)
    except GitmemError as error:
        return f"{NOT_SYNCED} ({error.exit_code}): {error.message}"
    except Exception as error:  # noqa: BLE001 - what the close did must still reach the ledger
        traceback.print_exc()
        return f"{NOT_SYNCED}: {type(error).__name__}: {error}"
    finally:
        if not signal.alarm(0):
            _end_children()


def _outcome(repo: Repository, settings: close_entry.CloseSettings) -> dict[str, object]:
    """Close; return the ledger line, whatever happens."""
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_WHOLE)
    try:
        return _close(repo, settings, began)
    except GitmemError as error:
        failure = error
    except OSError as error:
        failure = NeedsPerson(str(error))
    except Exception as error:  # noqa: BLE001 - no terminal shows this process; the next boot says it
        traceback.print_exc()
        failure = Internal(f"a bug in gitmem: {type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
    if isinstance(failure, TooLong):
        _end_children()
    return close_entry.failed_entry(settings, failure, time.monotonic() - began)


def _end_children() -> None:
    """End the rest of this process's own group: a git that hangs, and nothing of others."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TooLong(f"it did not finish within {_WHOLE} seconds")


def _close(
    repo: Repository, settings: close_entry.CloseSettings, began: float
) -> dict[str, object]:
    place = workplace(repo.top, surroundings.ENVIRON)
    chosen = choose_engine(place, EngineRequest(), surroundings.ENVIRON, client=settings.client)
    try:
        closed: CloseResult = run_close(
            repo,
            CloseRequest(
                engine=chosen.engine,
                configured=place.configured,
                folder=place.settings.folder,
                style=place.settings.commit,
                workers=settings.workers,
            ),
        )
    finally:
        if chosen.model is not None:
            chosen.model.stop()
    known = replace(settings, why=chosen.why)
    return closed_entry(known, closed, time.monotonic() - began)

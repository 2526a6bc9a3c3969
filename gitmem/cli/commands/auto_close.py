"""`gitmem auto-close`: the close that a session's end starts in the background (plumbing)."""

from __future__ import annotations

import os
import signal
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap import Asked, choose_engine, unsettled, workplace
from gitmem.cli import surroundings
from gitmem.domain.errors import GitmemError, Internal, NeedsPerson, NoProgress
from gitmem.engine import close_entry
from gitmem.engine.close import Wanted
from gitmem.engine.close import close as run_close
from gitmem.store import sessions
from gitmem.store.flight import Flight
from gitmem.store.repository import discover

if TYPE_CHECKING:
    from types import FrameType

    from gitmem.engine.close import Closed
    from gitmem.store.repository import Repository

_WHOLE = 600  # seconds for all of it: questions have their own deadline, git has none
_WORKERS = 8


class TooLong(NoProgress):
    """The close was still at work after its time."""


def auto_close(
    top: Annotated[str, typer.Argument(help="The work tree.")],
    session: Annotated[str, typer.Argument(help="The session that ended.")] = "",
    client: Annotated[str, typer.Argument(help="Its client.")] = "",
) -> None:
    """Close in the background; the ledger keeps the outcome.

    Prepares the review as `gitmem close` would, with the engine of git config, and lands nothing.
    """
    repo = discover(top, surroundings.ENVIRON)
    personal = unsettled(repo).personal
    asked = close_entry.Asked(
        how=close_entry.DETACHED,
        session=session,
        client=client,
        engine=personal("engine"),
        model=personal("model"),
        workers=_WORKERS,
    )
    with Flight(repo.folder) as flight:
        if not flight.take(_WHOLE):
            sessions.write_ledger(repo.folder, close_entry.left_entry(asked))
            return
        sessions.write_ledger(repo.folder, _outcome(repo, asked))


def _outcome(repo: Repository, asked: close_entry.Asked) -> dict[str, object]:
    """Closes; the ledger line, whatever happens."""
    began = time.monotonic()
    signal.signal(signal.SIGALRM, _too_long)
    signal.alarm(_WHOLE)
    try:
        return _close(repo, asked, began)
    except GitmemError as error:
        failure = error
    except OSError as error:
        failure = NeedsPerson(str(error))
    except Exception as error:  # noqa: BLE001 - nobody sees this process; the next boot says it
        traceback.print_exc()
        failure = Internal(f"a bug in gitmem: {type(error).__name__}: {error}")
    finally:
        signal.alarm(0)
    if isinstance(failure, TooLong):
        # Our own process group: a git that hangs, and nothing of anybody else's.
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        os.killpg(0, signal.SIGTERM)
    return close_entry.failed_entry(asked, failure, time.monotonic() - began)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TooLong(f"the close was not done within {_WHOLE} seconds")


def _close(repo: Repository, asked: close_entry.Asked, began: float) -> dict[str, object]:
    place = workplace(repo.top, surroundings.ENVIRON)
    chosen = choose_engine(place, Asked(), surroundings.ENVIRON, client=asked.client)
    try:
        closed: Closed = run_close(
            repo,
            Wanted(
                engine=chosen.engine,
                configured=place.configured,
                folder=place.settings.folder,
                workers=asked.workers,
            ),
        )
    finally:
        if chosen.model is not None:
            chosen.model.stop()
    known = replace(asked, why=chosen.why)
    return close_entry.closed_entry(known, closed, time.monotonic() - began)

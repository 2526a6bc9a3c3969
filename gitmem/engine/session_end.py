"""A session ended: start the close or sync that the person asked for, and do not wait (hot lane)."""

from __future__ import annotations

import sys

from gitmem.domain import clients
from gitmem.store import sessions
from gitmem.store.journal import Journal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.domain.boundary import Event
    from gitmem.store.repository import Repository

SETTING = "gitmem.autoClose"
STARTED = "started a close"  # what the ledger says of it
STARTED_SYNC = "started a sync"


def start_close(repo: Repository, event: Event) -> str:
    """Starts a detached `gitmem auto-close`; what the ledger shall say, empty when nothing was to do.

    With `gitmem.sync auto` it syncs afterwards, or does only that. Only where the person's git config says so. Variables of gitmem's own do not go along: they may
    come from settings that a repository brings to the client. Raises OSError.
    """
    if not Journal(repo.folder).exists():
        return ""
    from gitmem.store import process  # an end without anything to close starts no git

    started, options = STARTED, []
    if repo.git("config", "--type=bool", "--get", SETTING, ok=process.ANY).text != "true":
        if repo.git("config", "--get", "gitmem.sync", ok=process.ANY).text != "auto":
            return ""
        started, options = STARTED_SYNC, ["--sync-only"]
    env = {
        key: value
        for key, value in repo.environ.items()
        if key not in process.LOCAL_VARIABLES
        and not key.startswith(("GITMEM_", "GIT_CONFIG_KEY_", "GIT_CONFIG_VALUE_"))
    }
    env[clients.NAMED] = event.client  # not every client's hooks have the sign that commands have
    session = sessions.name(event.session)
    # Without -P, Python would look for gitmem in the working folder first: in the repository.
    program = [sys.executable, "-P", "-m", "gitmem", "auto-close", *options]
    process.detach(
        [*program, "--", repo.top, session, event.client], env, repo.folder + "/close.log"
    )
    return started

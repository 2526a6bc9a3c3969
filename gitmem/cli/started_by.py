"""A hook by whoever started it: whether it answers, and what it adds for who that is (hot lane)."""

from __future__ import annotations

import os
import time

from gitmem.boundaries import once
from gitmem.git.repository import SETTINGS
from gitmem.session import boundary

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.clients.client import Client
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event, Words


def answers(repo: Repository, client: Client, given: bytes) -> bool:
    """Whether this process answers the event: no twin of it did, nor is it a stray plugin's."""
    plugin = client.plugin(os.environ)
    if plugin and not _is_known(repo):
        return False
    return once.first(repo.folder, plugin, given, time.time())


def fire(repo: Repository, client: Client, event: Event) -> Words:
    """Fires an event, with what belongs to it: a batch's end, the index for a session below the top."""
    from gitmem.boundaries import fire as boundaries

    words = boundaries.fire(repo, event, time.time())
    if event.kind == boundary.TOOL and not client.batches:
        did = words.did
        words = boundaries.fire(repo, _batch_after(event), time.time())
        words.did = ", ".join([part for part in (did, words.did) if part])
    project = event.project or event.cwd
    if event.kind == boundary.BOOT and project not in {"", repo.top}:
        from gitmem.boundaries import below

        index = below.index(repo, project)
        words.model = "\n".join([part for part in (words.model, index) if part])
    return words


def _is_known(repo: Repository) -> bool:
    """Whether the repository was wired, or something was flagged in it: a plugin is everywhere."""
    return os.path.exists(f"{repo.top}/{SETTINGS}") or os.path.isdir(repo.folder)


def _batch_after(event: Event) -> Event:
    """Return the end of the batch, for a client that has no event of its own for it."""
    return boundary.Event(
        boundary.BATCH,
        client=event.client,
        name=event.name,
        session=event.session,
        cwd=event.cwd,
        agent=event.agent,
    )

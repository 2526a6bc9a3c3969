"""A hook by whoever started it: whether it answers, and what it adds for who that is (hot lane)."""

from __future__ import annotations

import os
import time

from gitmem.boundaries import once
from gitmem.clients import origin
from gitmem.session.boundary import BOOT

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event, Words


def answers(repo: Repository, given: bytes) -> bool:
    """Whether this process answers the event: no twin of it did, nor is it a stray plugin's."""
    runner = origin.runner(os.environ)
    if not origin.concerns(repo, runner):
        return False
    return once.first(repo.folder, runner, given, time.time())


def fire(repo: Repository, event: Event) -> Words:
    """Fires an event, with what belongs to it: a batch's end, the index for a session below the top."""
    from gitmem.boundaries import fire as boundaries

    words = boundaries.fire(repo, event, time.time())
    batch = origin.batch_after(event)
    if batch is not None:
        did = words.did
        words = boundaries.fire(repo, batch, time.time())
        words.did = ", ".join([part for part in (did, words.did) if part])
    project = os.environ.get("CLAUDE_PROJECT_DIR", event.cwd)
    if event.kind == BOOT and project not in {"", repo.top}:
        from gitmem.boundaries import below

        index = below.index(repo, project)
        words.model = "\n".join([part for part in (words.model, index) if part])
    return words

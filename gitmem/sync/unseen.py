"""Whether a queue may wait at the remote that this clone has never looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.sync import seen as exchange

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target


def unseen(repo: Repository, where: Target) -> str:
    """What to say where nothing is known of the queue at the remote; empty where something is.

    A clone of one branch, as `git clone --depth` makes it, and a bare one with work trees fetch no
    other branch, so that they hold no queue says nothing about the one at the remote.
    """
    if not where.remote or exchange.looked(repo, where.remote):
        return ""
    return (
        f"this clone does not fetch the queue of {where.remote}, so what waits there is not known: "
        "gitmem check asks, gitmem sync brings it"
    )

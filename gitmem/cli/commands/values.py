"""What a shell offers for the value of an option or an argument: kinds, engines, topics, ids.

A completion says nothing where it cannot tell. It offers no text of a flag: zsh evaluates what a
completion prints.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitmem.git.repository import Repository


def kinds(incomplete: str) -> list[str]:
    """Return the kinds of a flag that begin so; a snag is a command of its own."""
    from gitmem.core.flag import KINDS

    return _fitting([kind for kind in KINDS if kind != "snag"], incomplete)


def engines(incomplete: str) -> list[str]:
    """Return the engines that begin so."""
    from gitmem.bootstrap.engines import ENGINES

    return _fitting(ENGINES, incomplete)


def topics(incomplete: str) -> list[str]:
    """Return the topics of memory that begin so, as the work tree has them."""
    from gitmem.records import topic_list

    repo = _repository()
    try:
        return _fitting(topic_list.names(repo) if repo else [], incomplete)
    except (GitmemError, OSError):
        return []


def queued_ids(incomplete: str) -> list[str]:
    """Return the ids of queued flags that begin so."""
    return _ids(incomplete, landed=False)


def ids(incomplete: str) -> list[str]:
    """Return the ids of all flags that begin so, queued and landed ones."""
    return _ids(incomplete, landed=True)


def _ids(incomplete: str, *, landed: bool) -> list[str]:
    from gitmem.queue.contents import read_queue

    repo = _repository()
    if repo is None:
        return []
    try:
        queue = read_queue(repo)
    except (GitmemError, OSError):
        return []
    known = {*queue.branch.flags, *queue.journal.flags, *(queue.archive.flags if landed else ())}
    return _fitting(sorted(known), incomplete)


def _repository() -> Repository | None:
    from gitmem.cli import folder, surroundings
    from gitmem.git.repository import discover

    try:
        return discover(folder.working(), surroundings.ENVIRON)
    except (GitmemError, OSError):
        return None


def _fitting(names: Collection[str], incomplete: str) -> list[str]:
    return [name for name in names if name.startswith(incomplete)]

"""Make one queue of two: everything that either side holds, by flag id, in one commit.

Nothing is decided by ancestry: a line that only one side has is kept, unless its flag is drained,
so that what somebody else pruned does not come back. What another clone wrote is bounded and is
taken only from files that gitmem itself could have made.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.domain.queue import split
from gitmem.store import identity, queue, refs
from gitmem.store.branch import forget_hint
from gitmem.store.fastimport import Commit, fast_import
from gitmem.store.repository import BRANCH

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from gitmem.store.fastimport import Guard
    from gitmem.store.repository import Repository

_SEALED = "sealed/"
_PATH = re.compile(r"queue/(sealed/)?[a-z2-7]{8}-[0-9]{6,9}\.jsonl")


class Side:
    """One queue: its tip (empty: none), its files, and sentences about files that were not read."""

    __slots__ = ("files", "refused", "tip")

    def __init__(self, tip: str, files: Mapping[str, bytes], refused: Collection[str] = ()) -> None:
        self.tip = tip
        self.files = files
        self.refused = refused

    @property
    def ids(self) -> set[str]:
        """Ids of all its lines, also of those that only a newer gitmem can read."""
        return {key for text in self.files.values() for _, key in split(text) if key}


def side(repo: Repository, tip: str) -> Side:
    """What a queue commit holds; raises `gitmem.store.objects.Unreadable`."""
    if not tip:
        return Side("", {})
    files, refused = queue.bounded(repo, tip, "queue/")
    odd = [path for path in files if not _PATH.fullmatch(path)]
    known = {path: text for path, text in files.items() if path not in odd}
    notes = [f"{path}: {queue.NOT_READ}" for path in refused]
    notes += [f"{path}: gitmem gives no file such a name; it was not read" for path in odd]
    return Side(tip, known, notes)


def unite(repo: Repository, guard: Guard, theirs: Side, drained: Collection[str]) -> str:
    """Makes the local queue branch hold what it holds and what ``theirs`` does; its new tip.

    The caller holds the guard. Descends from both tips; it is their tip itself where they have
    everything. Empty when there is no line on either side and no branch. Raises `refs.Moved`.
    """
    tip = refs.resolve(repo, BRANCH)
    if not theirs.tip or (tip and refs.contains(repo, tip, theirs.tip)):
        return tip
    if not tip and not any(theirs.files.values()):
        return ""
    ours = side(repo, tip)
    lacking = ours.ids - theirs.ids - set(drained)
    forget_hint(repo.folder)
    if not lacking and (not tip or refs.contains(repo, theirs.tip, tip)):
        reason = "gitmem: what the remote has"
        refs.update(repo, BRANCH, theirs.tip, tip, reason, keep=guard.descriptor)
        return theirs.tip
    # On their tree, so that files which only a newer gitmem understands stay where they are.
    commit = Commit(
        identity.identity(repo),
        "sync: the flags of two clones\n",
        parent=theirs.tip,
        merge=tip,
        files=_changes(ours, theirs, drained),
    )
    done = fast_import(repo, guard, BRANCH, commit)
    if done.code:
        raise refs.Moved(f"the queue branch was not moved: {done.said.strip()}")
    return done.text


def _changes(ours: Side, theirs: Side, drained: Collection[str]) -> list[tuple[str, bytes | None]]:
    """What makes their tree hold both: paths to their new contents, None for one that is gone.

    A drained line that one side has pruned is pruned.
    """
    known, here = theirs.ids, ours.ids
    torn = {line for text in theirs.files.values() for line, key in split(text) if not key}
    result = {
        path: [line for line, key in split(text) if key in here or key not in drained]
        for path, text in theirs.files.items()
    }
    changes: dict[str, bytes | None] = {}
    for path, place in _places(ours, theirs):
        lines = result.setdefault(place, [])
        if place != path and place in theirs.files and _SEALED in path:
            changes[place] = None  # the writer has sealed it since
            result[path] = lines = result.pop(place)
        for line, key in split(ours.files[path]):
            if (key not in known and key not in drained) if key else line not in torn:
                lines.append(line)
                known.add(key)
                torn.add(line)
    for path, lines in result.items():
        text = b"".join([line + b"\n" for line in lines])
        if text != theirs.files.get(path, b""):
            changes[path] = text or None
    return list(changes.items())


def _places(ours: Side, theirs: Side) -> list[tuple[str, str]]:
    """Our files, each with the file of theirs that its lines go to; exact matches come first.

    A writer's file is the same file before and after it was sealed.
    """
    taken = set(ours.files) & set(theirs.files)
    found = [(path, path) for path in sorted(taken)]
    for path in sorted(set(ours.files) - taken, key=queue.in_order):
        name = queue.in_order(path)
        twin = "queue/" + name if _SEALED in path else "queue/" + _SEALED + name
        free = twin in theirs.files and twin not in taken
        taken.add(twin)
        found.append((path, twin if free else path))
    return found

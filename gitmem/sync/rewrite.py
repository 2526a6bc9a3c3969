"""Take a rewritten remote queue as it is: what it took out is taken out here, the rest stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.git.repository import BRANCH
from gitmem.queue.branch import forget_hint
from gitmem.queue.journal import START, Journal
from gitmem.queue.lines import split
from gitmem.sync import unite

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitmem.git.repository import Repository
    from gitmem.queue.fastimport import Guard


def taken_out(repo: Repository, theirs: unite.Side, seen: Sequence[str]) -> set[str]:
    """Ids that the remote's queue held when this clone saw it, and holds no longer."""
    before: set[str] = set()
    for tip in seen:
        before |= unite.side(repo, tip).ids
    return before - theirs.ids


def take(repo: Repository, guard: Guard, theirs: unite.Side, gone: Collection[str]) -> None:
    """Moves the local queue branch to the remote's tip and takes ``gone`` out of the journal.

    What only this clone holds is put into the journal, from where the next publish brings it onto
    the branch; of an id in ``gone`` nothing is. The caller holds the guard and has backed up what moves. Raises `refs.Moved`.
    """
    tip = refs.resolve(repo, BRANCH)
    ours = unite.side(repo, tip)
    journal = Journal(repo.folder)
    data = journal.read()
    forget_hint(repo.folder)
    mine = {key: line for line, key in split(data)}
    for text in ours.files.values():
        for line, key in split(text):
            if key and key not in theirs.ids:
                mine.setdefault(key, line)
    left = [line for key, line in mine.items() if key and key not in gone]
    if data or left:
        if not data:
            journal.append([line.decode() for line in left])
        else:
            journal.rotate(b"".join([line + b"\n" for line in left]), START + len(data))
    if theirs.tip and theirs.tip != tip:
        reason = "gitmem: the remote's queue was rewritten"
        refs.update(repo, BRANCH, theirs.tip, tip, reason, keep=guard.descriptor)
    elif tip and not theirs.tip:
        refs.delete(repo, BRANCH, tip, "gitmem: the remote's queue is gone", keep=guard.descriptor)

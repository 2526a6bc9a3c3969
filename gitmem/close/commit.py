"""The review commit of files and a drain record, and the branch and work tree that follow it."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.core.flag import new_id
from gitmem.drain import assemble
from gitmem.git import trees, worktrees
from gitmem.git.worktrees import Move
from gitmem.memory import instructions
from gitmem.records.drain_record import Header, record_path, render
from gitmem.safety.paths import PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gitmem.close.base import Base
    from gitmem.git.claim import Claim
    from gitmem.git.repository import Repository
    from gitmem.git.worktrees import Merge
    from gitmem.records.drain_record import LineChange, Outcome, Run


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """What a review commit holds: new texts (None: the file goes), and a record.

    ``base`` is its parent (empty: none). ``queue`` is the queue's tip, a hint for the record.
    ``message`` makes the commit's message from the drain's name and the tree.
    """

    base: str
    files: Mapping[str, str | None]
    run: Run
    outcomes: tuple[Outcome, ...]
    queue: str
    message: Callable[[str, str], str]
    changes: tuple[LineChange, ...] = ()


def make(
    repo: Repository, claim: Claim, draft: Draft, *, folder: str, at: float | None = None
) -> tuple[str, str]:
    """Make the commit object of memory and record; return it and the drain's name. No branch moves.

    ``at`` is the record's time in seconds since the epoch (None: now).
    Raises Refused for a file that gitmem does not write, and what `trees.Staging` raises.
    """
    now = time.gmtime(at)
    name = time.strftime("%Y%m%dT%H%M%SZ", now) + "-" + new_id(os.urandom(12))[:6]
    told = time.strftime("%Y-%m-%dT%H:%M:%SZ", now)
    header = Header(drain=name, at=told, queue=draft.queue, run=draft.run)
    record = render(header, draft.outcomes, draft.changes)
    files = {**draft.files, record_path(name): record}
    for path in files:
        writable(path, folder=folder)
    staging = trees.Staging(repo, draft.base, claim)
    staging.refuse_unshared(files.keys())
    tree = staging.write(
        {path: None if text is None else text.encode() for path, text in files.items()}
    )
    message = draft.message(name, tree)
    return trees.commit(repo, tree, [draft.base] if draft.base else [], message), name


def move(repo: Repository, claim: Claim, start: Base, commit: str, *, folder: str) -> None:
    """Move the branch of ``start`` to the commit; raises refs.Moved when another process did."""
    step = Move(ref=start.ref, old=start.tip, new=commit, reason="gitmem: close")
    worktrees.land(repo, claim, step, merger(folder))


def merger(folder: str) -> Merge:
    """Return what merges a landing's managed block into a file of the work tree with local edits.

    Every edit around the block is kept. ``folder`` is the memory folder. The merge answers None when
    anything would be lost: another kind of file, or a block that a person edited.
    """

    def merge(path: str, versions: Mapping[str, bytes | None]) -> bytes | None:
        if not _is_instructions(path):
            return None
        try:
            old, new, present = [
                (versions[name] or b"").decode() for name in ("old", "new", "here")
            ]
            # A block that an earlier version wrote and that was never committed is no edit of a person.
            block = _block(instructions.as_today(present))
            known = (old, new, assemble.with_block(path, "", folder))
            ours = {_block(instructions.as_today(text)) for text in known}
            if block is None or _block(new) is None or block not in ours:
                return None
            return instructions.transplant_block(new, present).encode()
        except (UnicodeDecodeError, GitmemError):
            return None  # git says what is in the way

    return merge


def _is_instructions(path: str) -> bool:
    try:
        return writable(path) is PathKind.INSTRUCTIONS
    except Refused:
        return False


def _block(text: str) -> str | None:
    """Return the block with plain line ends."""
    block = instructions.block_of(text)
    return None if block is None else block.replace("\r\n", "\n")

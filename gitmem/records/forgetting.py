"""Which flags are forgotten: in review, or on the local target only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.records import record_files

if TYPE_CHECKING:
    from collections.abc import Collection

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target


def to_forget(repo: Repository, where: Target, tip: str = "") -> list[Flag]:
    """Return the flags whose forgetting is in review; ``tip`` is the commit in review, where known."""
    known = (where.local, where.deciding, where.shared)
    return newly_forgotten(repo, known, tip or refs.resolve(repo, REVIEW))


def forgotten_here(repo: Repository, where: Target) -> list[Flag]:
    """Return the flags whose forgetting is on the local target and not on every ref that decides."""
    decides = [where.upstream] if where.upstream else []
    decides += [where.shared] if where.remote else []
    flags_by_ref = [
        newly_forgotten(repo, (commit,), where.local) for commit in dict.fromkeys(decides)
    ]
    return list({flag.id: flag for flags in flags_by_ref for flag in flags}.values())


def newly_forgotten(repo: Repository, known: Collection[str], tip: str) -> list[Flag]:
    """Return the flags that a review at ``tip`` forgets, in a record that no ``known`` commit has or had."""
    if not tip:
        return []
    new = record_files.unlanded(repo, tip, [commit for commit in known if commit])
    flags: list[Flag] = []

    def note(_: str, content: bytes) -> None:
        if b'"forgotten"' in content:
            from gitmem.records.drain_record import Fate, read_outcomes  # few records forget

            outcomes = read_outcomes(content.decode("utf-8", "replace"))
            flags.extend([one.flag for one in outcomes if one.fate is Fate.FORGOTTEN])

    record_files.read_each(repo, dict(sorted(new.items())), note)
    return flags

"""What a review folds away because a line of the target says the same, and whether that still stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.flag import is_id
from gitmem.git import objects
from gitmem.memory.passages import line_key, passages
from gitmem.records.drain_record import Fate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome


def orphans(repo: Repository, base: str, now: str, found: Iterable[Outcome]) -> list[str]:
    """The flags that were called duplicates of a line that ``base`` has and ``now`` has not.

    ``found`` are the outcomes of a review that started from ``base``; ``now`` is the target's commit
    (either empty: no commit). A line that somebody moved to another file beside it still stands.
    """
    named = [
        (one.flag.id, *one.survivor.partition(": ")[::2])
        for one in found
        if one.fate is Fate.DUPLICATE and one.survivor and not is_id(one.survivor)
    ]
    if not named or not base or not now or base == now:
        return []
    folders = {_beside(file) for _, file, _ in named}
    there = {place: (_keys(repo, base, place), _keys(repo, now, place)) for place in folders}
    return sorted(
        flag_id
        for flag_id, file, line in named
        if line_key(line) in there[_beside(file)][0] - there[_beside(file)][1]
    )


def _beside(file: str) -> str:
    """The folder of a file; of one at the top the file itself."""
    folder, slash, _ = file.rpartition("/")
    return folder + slash if slash else file


def _keys(repo: Repository, commit: str, place: str) -> set[str]:
    texts = objects.files(repo, commit, place)
    return {
        item.key
        for path, content in texts.items()
        if path.endswith(".md")
        for item in passages(content.decode("utf-8", "replace"))
    }

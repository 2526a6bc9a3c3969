"""What a review adds to a commit: its records, what they forget, and what they fold into lines of the target."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.flag import is_id
from gitmem.git import objects, refs
from gitmem.git.repository import REVIEW
from gitmem.markdown.statements import statements
from gitmem.memory.passages import line_key, passages
from gitmem.queue import contents, decisions
from gitmem.records import record_files, target
from gitmem.records.drain_record import (
    REVIEWED,
    TRAILER,
    Fate,
    is_forget,
    read_changes,
    read_outcomes,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from gitmem.git.repository import Repository
    from gitmem.queue.contents import Queue
    from gitmem.records.drain_record import LineChange, Outcome
    from gitmem.records.snapshot import Snapshot
    from gitmem.records.target import Target


def review_outcomes(repo: Repository, where: Target, tip: str) -> tuple[str, list[Outcome]]:
    """Return the commit that a review at ``tip`` started from (empty: none), and every outcome in it."""
    start, _ = target.leading_commit(repo, where)
    base = base_of(repo, start, tip)
    return base, outcomes_between(repo, base, tip)


def base_of(repo: Repository, start: str, tip: str) -> str:
    """Return the last commit that a review shares with ``start``; empty when there is none."""
    return refs.merge_base(repo, start, tip) if start else ""


def outcomes_between(repo: Repository, start: str, tip: str) -> list[Outcome]:
    """Return the outcomes in drain records that ``tip`` has and ``start`` (empty: no commit) does not."""
    return [outcome for record in records_between(repo, start, tip) for outcome in record]


def filed_between(repo: Repository, start: str, tip: str) -> list[Outcome]:
    """Return the same without the records of a forget: what they say of other flags landed before."""
    records = records_between(repo, start, tip)
    return [outcome for record in records if not is_forget(record) for outcome in record]


def records_between(repo: Repository, start: str, tip: str) -> list[list[Outcome]]:
    """Return the same, record by record."""
    return [read_outcomes(text) for text in texts_between(repo, start, tip).values()]


def texts_between(repo: Repository, start: str, tip: str) -> dict[str, str]:
    """Return the drain records that ``tip`` has and ``start`` (empty: no commit) does not, path to text."""
    before, now = record_files.at(repo, start), record_files.at(repo, tip)
    new = {path: now[path] for path in sorted(now.keys() - before.keys())}
    return record_files.texts(repo, new)


def changes_between(repo: Repository, start: str, tip: str) -> list[LineChange]:
    """Return the lines that the records of ``tip`` and not of ``start`` say were settled or moved."""
    texts = texts_between(repo, start, tip).values()
    return [change for text in texts for change in read_changes(text)]


def edited(
    repo: Repository, waiting: Collection[Outcome], queue: Queue | None = None
) -> frozenset[str]:
    """Return the ids of the flags among these outcomes that are filed, and that an edit replaced since.

    ``queue`` is what a snapshot has read; None: it is read.
    """
    filed = _filed(waiting)
    edits = decisions.replaced(queue or contents.read_queue(repo)) if filed else {}
    return filed & (edits.keys() - decisions.drops(repo).keys())


def outdated(repo: Repository, seen: Snapshot) -> dict[str, frozenset[str]]:
    """Return the ids of flags in review that were dropped, edited or queued again since, by that word."""
    tip = refs.resolve(repo, REVIEW)
    waiting = review_outcomes(repo, seen.target, tip)[1] if tip else ()
    found = {
        "dropped": rejected(repo, waiting),
        "edited": edited(repo, waiting, seen.queue),
        "queued again": taken_back(repo, waiting),
    }
    return {what: ids for what, ids in found.items() if ids}


def taken_back(repo: Repository, waiting: Collection[Outcome]) -> frozenset[str]:
    """Return the ids of the flags among these outcomes that are skipped for a drop that was taken back."""
    skipped = [one for one in waiting if one.fate is Fate.SKIPPED]
    made = decisions.dropping(repo) if skipped else {}
    return frozenset(
        one.flag.id
        for one in skipped
        if one.flag.id in made and made[one.flag.id][-1].what == decisions.UNDROP
        # What an engine skips later has a reason of its own.
        if one.reason in [row.reason for row in made[one.flag.id] if row.what == decisions.DROP]
    )


def rejected(repo: Repository, waiting: Collection[Outcome]) -> frozenset[str]:
    """Return the ids of the dropped flags among these outcomes that are not skipped or forgotten already."""
    filed = _filed(waiting)
    return filed & decisions.drops(repo).keys() if filed else filed


def _filed(outcomes: Iterable[Outcome]) -> frozenset[str]:
    """Return the ids of the flags among these outcomes that are neither skipped nor forgotten."""
    done = {Fate.SKIPPED, Fate.FORGOTTEN}
    return frozenset(one.flag.id for one in outcomes if one.fate not in done)


def only_ours(repo: Repository, start: str, tip: str, *, reviewed: bool = True) -> bool:
    """Whether gitmem made every commit under review, and no one amended it.

    With ``reviewed``, what a person reworded by `gitmem review -p` counts, too: the records have it.
    """
    span = f"{start}..{tip}" if start else tip
    keys = f"key={TRAILER},key={REVIEWED}" if reviewed else f"key={TRAILER}"
    trailer = f"%(trailers:{keys},valueonly,separator=%x20)"
    done = repo.git("log", "--no-show-signature", f"--format=%T {trailer}", span)
    rows = [line.split() for line in done.text.splitlines()]
    return all(len(row) == 2 and row[0] == row[1] for row in rows)  # noqa: PLR2004 - the two


def orphans(repo: Repository, base: str, now: str, filed: Iterable[Outcome]) -> list[str]:
    """Return the ids of flags called duplicates of a line that ``base`` has and ``now`` does not.

    ``filed`` are the outcomes of a review that started from ``base``; ``now`` is the target's commit
    (either empty: no commit). A line that somebody moved to another file of the folder still counts.
    """
    duplicates = [
        (one.flag.id, *one.survivor.partition(": ")[::2])
        for one in filed
        if one.fate is Fate.DUPLICATE and one.survivor and not is_id(one.survivor)
    ]
    if not duplicates or not base or not now or base == now:
        return []
    folders = {_folder_of(file) for _, file, _ in duplicates}
    gone = {folder: _keys(repo, base, folder) - _keys(repo, now, folder) for folder in folders}
    return sorted(
        flag_id for flag_id, file, line in duplicates if line_key(line) in gone[_folder_of(file)]
    )


def _folder_of(file: str) -> str:
    """Return the folder of a file, or the file itself when it is at the top."""
    folder, slash, _ = file.rpartition("/")
    return folder + slash if slash else file


def _keys(repo: Repository, commit: str, folder: str) -> set[str]:
    contents = objects.files(repo, commit, folder)
    texts = [
        content.decode("utf-8", "replace")
        for path, content in contents.items()
        if path.endswith(".md")
    ]
    keys = {item.key for text in texts for item in passages(text)}
    # A duplicate may name what an instruction file says outside of any list.
    return keys | {line_key(line.text) for text in texts for line in statements(text)}

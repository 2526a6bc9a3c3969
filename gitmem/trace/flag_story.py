"""The story of a flag: its state, its outcomes, and where its lines are now."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.flag import is_id
from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.queue import decisions
from gitmem.records import in_review, snapshot, target
from gitmem.records.drain_record import Fate
from gitmem.records.snapshot import flag_by_id
from gitmem.trace.history import CommitHistory
from gitmem.trace.line_fate import LineFate, MemoryAtCommit

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.filings import FiledOutcome
    from gitmem.trace.history import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeStory:
    """One outcome of a flag: the commit that landed it (None: not known), and the fates of its lines.

    For a duplicate ``lines`` holds the fate of the line that it was folded into.
    """

    filed: FiledOutcome
    commit: Commit | None
    lines: tuple[LineFate, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FlagStory:
    """A flag, its state, a person's reason to drop it (None: not dropped), and its outcomes.

    ``archived``: only the archive still holds it. ``ref`` is where the outcomes are read.
    """

    flag: Flag
    state: str
    dropped: str | None
    archived: bool
    ref: str
    outcomes: tuple[OutcomeStory, ...]


def flag_story(repo: Repository, prefix: str, *, configured: str, folder: str) -> FlagStory:
    """Return the story of the flag whose id starts with ``prefix``; raises UsageError when none or several do."""
    seen = snapshot.take(repo, configured)
    histories = _histories(repo, seen)
    queue = seen.queue
    queued = {**queue.archive.flags, **queue.branch.flags, **queue.journal.flags}
    known: dict[str, Flag] = dict(queued)
    for history in histories.values():
        for filed in history.filings.all:
            known.setdefault(filed.outcome.flag.id, filed.outcome.flag)
    flag = flag_by_id(known.values(), prefix, what="flag")
    ref = next((ref for ref, history in histories.items() if history.filings.of(flag.id)), "")
    live = {**queue.branch.flags, **queue.journal.flags}
    return FlagStory(
        flag=flag,
        state=seen.records.state(flag.id),
        dropped=decisions.drops(repo).get(flag.id),
        archived=flag.id in queue.archive.flags and flag.id not in live,
        ref=ref,
        outcomes=_outcomes(histories[ref], flag, folder) if ref else (),
    )


def _histories(repo: Repository, seen: Snapshot) -> dict[str, CommitHistory]:
    """Return the histories that may hold a record, in order: target, review, feature branches, HEAD."""
    where = seen.target
    newest, _ = in_review.leading_commit(repo, where)
    above = where.upstream_ref.removeprefix("refs/remotes/")
    places = [
        (newest, above if newest == where.upstream != where.local else where.name),
        (where.local, where.name),
        (refs.resolve(repo, REVIEW), "gitmem/drain"),
        *[(tip, "a feature branch") for tip in target.review_tips(repo)],
        (refs.resolve(repo, "HEAD"), "HEAD"),
    ]
    found: dict[str, CommitHistory] = {}
    for commit, ref in places:
        if commit and commit not in {history.tip for history in found.values()}:
            found[ref] = CommitHistory(repo, commit)
    return found


def _outcomes(history: CommitHistory, flag: Flag, folder: str) -> tuple[OutcomeStory, ...]:
    memory = MemoryAtCommit(history, folder)
    return tuple(
        OutcomeStory(
            filed=filed,
            commit=history.landing_of(filed.path),
            lines=tuple(memory.fate_of(one) for one in _placed(history, filed)),
        )
        for filed in history.filings.of(flag.id)
    )


def _placed(history: CommitHistory, filed: FiledOutcome) -> list[FiledOutcome]:
    """Return the outcome itself when it has a line, else the outcomes that it was folded into."""
    outcome = filed.outcome
    if outcome.line:
        return [filed]
    if outcome.fate is not Fate.DUPLICATE:
        return []
    if is_id(outcome.survivor):
        return [one for one in history.filings.of(outcome.survivor) if one.outcome.line]
    file, _, line = outcome.survivor.partition(": ")
    return [replace(filed, outcome=replace(outcome, file=file, line=line))] if line else []

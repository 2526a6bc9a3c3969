"""Show: what became of a flag, wherever it is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.flag import is_id
from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.queue import drops
from gitmem.records import in_review, snapshot, target
from gitmem.records.drain_record import Fate
from gitmem.records.snapshot import flag_by_id
from gitmem.trace.became import Became, Present
from gitmem.trace.past import Past

if TYPE_CHECKING:
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.filed import Filed
    from gitmem.trace.history import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Fared:
    """One outcome of a flag: the commit that brought it (None: not known), and its line now.

    ``became`` is of the line that a duplicate was folded into, too; None when there never was one.
    """

    filed: Filed
    commit: Commit | None
    became: tuple[Became, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A flag, its state, a person's reason to drop it (None: not dropped), and what it came to.

    ``archived``: only the archive holds it any more. ``ref`` is where the outcomes are read.
    """

    flag: Flag
    state: str
    dropped: str | None
    archived: bool
    ref: str
    fared: tuple[Fared, ...]


def show(repo: Repository, prefix: str, *, configured: str, folder: str) -> Shown:
    """What became of the flag whose id begins so. Raises Usage when there is none, or several."""
    seen = snapshot.take(repo, configured)
    pasts = _pasts(repo, seen)
    queue = seen.queue
    queued = {**queue.archive.flags, **queue.branch.flags, **queue.journal.flags}
    known: dict[str, Flag] = dict(queued)
    for past in pasts.values():
        for filed in past.filings.all:
            known.setdefault(filed.outcome.flag.id, filed.outcome.flag)
    flag = flag_by_id(known.values(), prefix, what="flag")
    ref = next((ref for ref, past in pasts.items() if past.filings.of(flag.id)), "")
    live = {**queue.branch.flags, **queue.journal.flags}
    return Shown(
        flag=flag,
        state=seen.records.state(flag.id),
        dropped=drops.reasons(repo).get(flag.id),
        archived=flag.id in queue.archive.flags and flag.id not in live,
        ref=ref,
        fared=_fared(pasts[ref], flag, folder) if ref else (),
    )


def _pasts(repo: Repository, seen: Snapshot) -> dict[str, Past]:
    """Where a record may be, in the order in which it counts: target, review, feature branches."""
    where = seen.target
    newest, _ = in_review.newest(repo, where)
    above = where.upstream_ref.removeprefix("refs/remotes/")
    places = [
        (newest, above if newest == where.upstream != where.local else where.name),
        (where.local, where.name),
        (refs.resolve(repo, REVIEW), "gitmem/drain"),
        *[(tip, "a feature branch") for tip in target.review_tips(repo)],
        (refs.resolve(repo, "HEAD"), "HEAD"),
    ]
    found: dict[str, Past] = {}
    for commit, ref in places:
        if commit and commit not in {past.commit for past in found.values()}:
            found[ref] = Past(repo, commit)
    return found


def _fared(past: Past, flag: Flag, folder: str) -> tuple[Fared, ...]:
    present = Present(past, folder)
    return tuple(
        Fared(
            filed=filed,
            commit=past.brought(filed.path),
            became=tuple(present.became(one) for one in _placed(past, filed)),
        )
        for filed in past.filings.of(flag.id)
    )


def _placed(past: Past, filed: Filed) -> list[Filed]:
    """The outcome itself if it has a line, else the one that it was folded into."""
    outcome = filed.outcome
    if outcome.line:
        return [filed]
    if outcome.fate is not Fate.DUPLICATE:
        return []
    if is_id(outcome.survivor):
        return [one for one in past.filings.of(outcome.survivor) if one.outcome.line]
    file, _, line = outcome.survivor.partition(": ")
    return [replace(filed, outcome=replace(outcome, file=file, line=line))] if line else []

"""What a close builds on: the branch it moves, the commit it extends, and the flags it drains."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import UsageError
from gitmem.core.failures import NoProgress
from gitmem.core.quantities import count
from gitmem.git import refs, trees, worktrees
from gitmem.git.repository import REVIEW
from gitmem.queue import decisions
from gitmem.records import forgetting, in_review, target
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.contents import Queue
    from gitmem.records.drain_record import Outcome
    from gitmem.records.snapshot import Snapshot

_NAMED = 3  # branches in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """The branch to move, its present tip, the commit to extend (both empty: none), the flags.

    ``again`` lists reviews that are rebuilt, so their judgement is used once more. ``outdated`` says
    why the review at ``tip`` is rebuilt. ``notes`` are sentences for the person.
    """

    ref: str
    tip: str
    commit: str
    flags: tuple[Flag, ...]
    again: tuple[Rework, ...] = ()
    outdated: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rework:
    """A review that is rebuilt: its tip, and the commit it started from (empty: a root)."""

    tip: str
    base: str


def for_review(repo: Repository, seen: Snapshot, again: tuple[Rework, ...] = ()) -> Base:
    """Return the review branch as a base: stacked while it waits, else rebuilt on the target.

    A review is outdated when it has a flag that was dropped or landed another way since, when it
    calls a flag a duplicate of a line that is gone, or when git can no longer merge it. A review that
    a person edited stays. ``again`` lists other reviews whose judgement of undrained flags counts.
    """
    undrained = tuple(seen.state.drainable)
    tip = refs.resolve(repo, REVIEW)
    start, diverged = target.leading_commit(repo, seen.target)
    notes: tuple[str, ...] = ()
    if diverged:
        notes = (f"{seen.target.name} and its upstream diverged; the review is on the upstream",)
    pending = _pending(repo, seen, start, tip)
    commit, flags = (tip if pending else start), undrained
    outdated, by_hand = _outdated(repo, seen, start, tip, pending) if pending else ("", "")
    kept = stays(repo, start, tip) if outdated else ()
    if outdated and not kept:
        old = Rework(tip=tip, base=in_review.base_of(repo, start, tip))
        again = (*again, old)
        # The review's own flags: another clone's may be in no queue here.
        mine = {item.flag.id: item.flag for item in in_review.outcomes_between(repo, old.base, tip)}
        commit = start
        flags = (*[flag for key, flag in mine.items() if key in pending], *undrained)
    elif outdated:
        why, how = kept
        notes += (f"{why}, so it stays as it is: {outdated}", f"hint: {by_hand}; or {how}")
    return Base(
        ref=REVIEW,
        tip=tip,
        commit=commit,
        flags=flags,
        again=again,
        outdated="" if kept else outdated,
        notes=notes,
    )


def _outdated(
    repo: Repository, seen: Snapshot, start: str, tip: str, pending: frozenset[str]
) -> tuple[str, str]:
    """Say why a waiting review should not land as it is, and what helps by hand; empty when it may."""
    waiting = in_review.filed_between(repo, start, tip)
    decided = _decided_since(repo, seen.queue, waiting, pending)
    if decided[0]:
        return decided
    landed = len({item.flag.id for item in waiting} - pending)
    if landed:
        which = "flag of it has" if landed == 1 else "flags of it have"
        was = "was" if landed == 1 else "were"
        why = f"{landed} {which} landed otherwise or {was} taken back"
        return why, "take out of gitmem/drain by hand what is there already"
    orphans = in_review.orphans(repo, in_review.base_of(repo, start, tip), start, waiting)
    if orphans:
        why = f"the line that it calls {', '.join(orphans)} the same as is not there any more"
        return why, "write down in gitmem/drain by hand what they say"
    if start and not refs.contains(repo, tip, start) and not trees.merges(repo, start, tip):
        on = seen.target.deciding_ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        why = "it cannot be merged into the target any more"
        return why, f"merge {on} into gitmem/drain by hand"
    return "", ""


def _decided_since(
    repo: Repository, queue: Queue, waiting: Sequence[Outcome], pending: frozenset[str]
) -> tuple[str, str]:
    """Say which flags of a review a person decided about since, and what helps by hand; empty for none."""
    unwanted = sorted(pending & {*in_review.rejected(repo, waiting), *_taken_back(repo, waiting)})
    if unwanted:
        why = f"it has what was dropped or unmatched: {', '.join(unwanted)}"
        return why, "take its line out of gitmem/drain by hand"
    edited = sorted(pending & in_review.edited(repo, waiting, queue))
    if edited:
        why = f"it has the old words of what was edited: {', '.join(edited)}"
        return why, "take its line out of gitmem/drain by hand"
    again = sorted(pending & in_review.taken_back(repo, waiting))
    if again:
        why = f"it skips what was queued again: {', '.join(again)}"
        return why, "write what they say into gitmem/drain by hand"
    return "", ""


def stays(repo: Repository, start: str, tip: str) -> tuple[str, ...]:
    """Say why an outdated review is not rebuilt, and how to rebuild it; empty when it is rebuilt."""
    if not in_review.only_ours(repo, start, tip):
        how = "gitmem discard, and the next close rebuilds it without those edits"
        return "a person edited the review", how
    gone = forgetting.newly_forgotten(repo, (start,), tip)
    if gone:
        ids = " ".join(flag.id for flag in gone)
        how = f"gitmem discard, gitmem close, then gitmem forget {ids}"
        return "the review also forgets something", how
    return ()


def out_of_date(repo: Repository, seen: Snapshot, tip: str) -> str:
    """Say why the review at ``tip`` should not land as it is; empty when it may."""
    start, _ = target.leading_commit(repo, seen.target)
    return _outdated(repo, seen, start, tip, _pending(repo, seen, start, tip))[0]


def stacked(repo: Repository, seen: Snapshot, *, onto: str = "") -> Base:
    """Return the review branch for a commit of another kind: on top of what waits, else on the target.

    ``onto`` is another review, which replaces what waits. Raises NoProgress when a close must rebuild
    what waits first.
    """
    tip = refs.resolve(repo, REVIEW)
    if onto:
        return Base(ref=REVIEW, tip=tip, commit=onto, flags=())
    start, diverged = target.leading_commit(repo, seen.target)
    pending = _pending(repo, seen, start, tip)
    waiting = (
        in_review.filed_between(repo, in_review.base_of(repo, start, tip), tip) if pending else []
    )
    if pending & in_review.rejected(repo, waiting):
        raise NoProgress(
            "the review holds what was dropped since",
            hint="gitmem close rebuilds it without that, or says what to do; then run this again",
        )
    if pending & in_review.edited(repo, waiting, seen.queue):
        raise NoProgress(
            "the review has the old words of what was edited since",
            hint="gitmem close rebuilds it, or says what to do; then run this again",
        )
    if pending & in_review.taken_back(repo, waiting):
        raise NoProgress(
            "the review skips what was queued again since",
            hint="gitmem close rebuilds it with that, or says what to do; then run this again",
        )
    notes: tuple[str, ...] = ()
    if diverged:
        notes = (f"{seen.target.name} and its upstream diverged; the review is on the upstream",)
    commit = tip if pending else start
    return Base(ref=REVIEW, tip=tip, commit=commit, flags=(), notes=notes)


def for_here(repo: Repository, seen: Snapshot, *, everything: bool = False) -> Base:
    """Return the checked-out feature branch with the flags made on it; ``everything``: with all.

    Raises UsageError when HEAD is detached or on the target.
    """
    ref = worktrees.current(repo)
    if not ref:
        raise UsageError(
            "HEAD is detached", hint="check out the branch that is to carry the memory"
        )
    if ref == seen.target.ref:
        raise UsageError(
            f"this is the target branch {seen.target.name}",
            hint="use gitmem close, then gitmem accept; --here is for a feature branch",
        )
    tip = refs.resolve(repo, ref)
    name = ref.removeprefix("refs/heads/")
    drainable = seen.state.drainable
    others = [] if everything else [flag for flag in drainable if flag.branch != name]
    return Base(
        ref=ref,
        tip=tip,
        commit=tip,
        flags=tuple(flag for flag in drainable if everything or flag.branch == name),
        notes=_elsewhere(others),
    )


def with_first(seen: Snapshot, start: Base, first: frozenset[str]) -> Base:
    """Return the base without the undrained flags that wait while one of ``first`` (ids) is there."""
    drainable = {flag.id for flag in seen.state.drainable}
    waits = {flag.id for flag in start.flags} & drainable - first
    if not waits or first.isdisjoint(flag.id for flag in start.flags):
        return start
    wait = f"{count(len(waits), 'flag')} {'waits' if len(waits) == 1 else 'wait'}"
    return replace(
        start,
        flags=tuple(flag for flag in start.flags if flag.id not in waits),
        notes=(*start.notes, f"{wait} for the next close: the batch was sent before"),
    )


def _elsewhere(flags: Sequence[Flag]) -> tuple[str, ...]:
    """Say that flags of other branches stay queued."""
    if not flags:
        return ()
    names = [visible(name) for name in dict.fromkeys(flag.branch for flag in flags) if name]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    where = f" ({', '.join(names[:_NAMED])}{more})" if names else ""
    waits = "1 flag" if len(flags) == 1 else f"{len(flags)} flags"
    sentence = f"{waits} of other branches{where} {'stays' if len(flags) == 1 else 'stay'} queued"
    return (sentence, "hint: --all takes them along; gitmem close puts them into a review")


def _taken_back(repo: Repository, waiting: Collection[Outcome]) -> set[str]:
    """Return the flags under review that still have a match that a person took back."""
    undone = decisions.unmatched(repo) if waiting else {}
    return {
        item.flag.id for item in waiting if item.again and undone.get(item.flag.id) == item.again
    }


def _pending(repo: Repository, seen: Snapshot, start: str, tip: str) -> frozenset[str]:
    """Return the flags under review at ``tip``; none when the target has the commit, even reverted."""
    if not tip or (start and refs.contains(repo, start, tip)):
        return frozenset()
    new = frozenset(seen.records.review) - {*seen.records.deciding, *seen.records.local}
    # What is forgotten has landed before, so only the record itself is new.
    known = (seen.target.deciding, seen.target.local)
    return new | {flag.id for flag in forgetting.newly_forgotten(repo, known, tip)}

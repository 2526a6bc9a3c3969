"""What a close builds on: the branch it moves, the commit it extends, and the flags it drains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.domain import letter
from gitmem.domain.drain import Fate, outcomes
from gitmem.domain.drain import forgets as is_forget
from gitmem.domain.errors import NoProgress, Usage
from gitmem.domain.text import visible
from gitmem.engine import folds
from gitmem.store import drops, matches, records, refs, replay, worktrees
from gitmem.store.repository import REVIEW

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from gitmem.domain.drain import Outcome
    from gitmem.domain.flag import Flag
    from gitmem.engine.snapshot import Snapshot
    from gitmem.store.repository import Repository
    from gitmem.store.target import Target

_NAMED = 3  # branches in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Start:
    """The branch to move, its present tip, the commit to extend (both empty: none), the flags.

    ``again``: reviews whose judgement is used once more, because they are made anew. ``outdated``: why
    the one at ``tip`` is. ``notes`` are sentences for the person.
    """

    ref: str
    tip: str
    commit: str
    flags: tuple[Flag, ...]
    again: tuple[Again, ...] = ()
    outdated: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """A review to be made anew: its tip, and the commit it had started from (empty: a root)."""

    tip: str
    base: str


def for_review(repo: Repository, seen: Snapshot, again: tuple[Again, ...] = ()) -> Start:
    """The review branch: stacked while it waits, anew on the target when it is spent or outdated.

    Outdated is a review that has what was dropped or has landed otherwise since, that calls a flag a
    duplicate of a line that is gone, or that git cannot merge any more. One that a person edited stays. ``again``: other reviews, whose judgement of
    what is undrained now counts.
    """
    undrained = tuple(seen.state.drainable)
    tip = refs.resolve(repo, REVIEW)
    start, diverged = newest(repo, seen.target)
    notes: tuple[str, ...] = ()
    if diverged:
        notes = (f"{seen.target.name} and its upstream diverged; the review is on the upstream",)
    pending = _pending(repo, seen, start, tip)
    commit, flags = (tip if pending else start), undrained
    outdated, by_hand = _outdated(repo, seen.target, start, tip, pending) if pending else ("", "")
    stays = _stays(repo, start, tip) if outdated else ()
    if outdated and not stays:
        old = Again(tip=tip, base=base_of(repo, start, tip))
        again = (*again, old)
        # The review's own flags: another clone's may be in no queue here.
        mine = {item.flag.id: item.flag for item in recorded(repo, old.base, tip)}
        commit = start
        flags = (*[flag for key, flag in mine.items() if key in pending], *undrained)
    elif outdated:
        why, anew = stays
        notes += (f"{why}, so it stays as it is: {outdated}", f"hint: {by_hand}; or {anew}")
    return Start(
        ref=REVIEW,
        tip=tip,
        commit=commit,
        flags=flags,
        again=again,
        outdated="" if stays else outdated,
        notes=notes,
    )


def _outdated(
    repo: Repository, where: Target, start: str, tip: str, pending: frozenset[str]
) -> tuple[str, str]:
    """Why a waiting review should not land as it is, and what helps by hand; empty when it may."""
    waiting = filed(repo, start, tip)
    rejected = sorted(pending & {*_rejected(repo, waiting), *_taken_back(repo, waiting)})
    if rejected:
        why = f"it has what was dropped or unmatched: {', '.join(rejected)}"
        return why, "take its line out of gitmem/drain by hand"
    landed = len({item.flag.id for item in waiting} - pending)
    if landed:
        said = "flag of it has" if landed == 1 else "flags of it have"
        was = "was" if landed == 1 else "were"
        why = f"{landed} {said} landed otherwise or {was} taken back"
        return why, "take out of gitmem/drain by hand what is there already"
    orphans = folds.orphans(repo, base_of(repo, start, tip), start, waiting)
    if orphans:
        why = f"the line that it calls {', '.join(orphans)} the same as is not there any more"
        return why, "write down in gitmem/drain by hand what they say"
    if start and not refs.contains(repo, tip, start) and not replay.merges(repo, start, tip):
        on = where.deciding_ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        why = "it cannot be merged into the target any more"
        return why, f"merge {on} into gitmem/drain by hand"
    return "", ""


def _stays(repo: Repository, start: str, tip: str) -> tuple[str, ...]:
    """Why an outdated review is not made anew, and how that would do; empty when it may be."""
    if not only_ours(repo, start, tip):
        anew = "gitmem discard, and the next close makes it anew without those edits"
        return "a person edited the review", anew
    gone = forgets(repo, (start,), tip)
    if gone:
        ids = " ".join(flag.id for flag in gone)
        anew = f"gitmem discard, gitmem close, then gitmem forget {ids}"
        return "the review also forgets something", anew
    return ()


def stacked(repo: Repository, seen: Snapshot, *, onto: str = "") -> Start:
    """The review branch for a commit of its own kind: on top of what waits there, else anew.

    ``onto`` is another review, which takes the place of what is there.

    Raises NoProgress when a close has to make what waits there anew first.
    """
    tip = refs.resolve(repo, REVIEW)
    if onto:
        return Start(ref=REVIEW, tip=tip, commit=onto, flags=())
    start, diverged = newest(repo, seen.target)
    pending = _pending(repo, seen, start, tip)
    waiting = filed(repo, base_of(repo, start, tip), tip) if pending else []
    if pending & _rejected(repo, waiting):
        raise NoProgress(
            "the review holds what was dropped since",
            hint="gitmem close makes it anew without that, or says what to do; then run this again",
        )
    notes: tuple[str, ...] = ()
    if diverged:
        notes = (f"{seen.target.name} and its upstream diverged; the review is on the upstream",)
    commit = tip if pending else start
    return Start(ref=REVIEW, tip=tip, commit=commit, flags=(), notes=notes)


def to_forget(repo: Repository, where: Target) -> list[Flag]:
    """The flags whose forgetting is in review."""
    return forgets(repo, (where.local, where.deciding, where.shared), refs.resolve(repo, REVIEW))


def forgotten_here(repo: Repository, where: Target) -> list[Flag]:
    """The flags whose forgetting is on the local target and not on every ref that decides."""
    decides = [where.upstream] if where.upstream else []
    decides += [where.shared] if where.remote else []
    found = [forgets(repo, (commit,), where.local) for commit in dict.fromkeys(decides)]
    return list({flag.id: flag for flags in found for flag in flags}.values())


def forgets(repo: Repository, known: Collection[str], tip: str) -> list[Flag]:
    """The flags that a review at ``tip`` forgets in a record that none of these commits has had."""
    if not tip:
        return []
    new = records.unlanded(repo, tip, [commit for commit in known if commit])
    found: list[Flag] = []

    def note(_: str, content: bytes) -> None:
        if b'"forgotten"' in content:
            told = outcomes(content.decode("utf-8", "replace"))
            found.extend([one.flag for one in told if one.fate is Fate.FORGOTTEN])

    records.read(repo, dict(sorted(new.items())), note)
    return found


def for_here(repo: Repository, seen: Snapshot, *, everything: bool = False) -> Start:
    """The feature branch that is checked out, with the flags made on it, or ``everything`` undrained.

    Raises Usage when there is none.
    """
    ref = worktrees.current(repo)
    if not ref:
        raise Usage("HEAD is detached", hint="check out the branch that shall carry the memory")
    if ref == seen.target.ref:
        raise Usage(
            f"this is the target branch {seen.target.name}",
            hint="use gitmem close, then gitmem accept; --here is for a feature branch",
        )
    tip = refs.resolve(repo, ref)
    name = ref.removeprefix("refs/heads/")
    drainable = seen.state.drainable
    others = [] if everything else [flag for flag in drainable if flag.branch != name]
    return Start(
        ref=ref,
        tip=tip,
        commit=tip,
        flags=tuple(flag for flag in drainable if everything or flag.branch == name),
        notes=_elsewhere(others),
    )


def _elsewhere(flags: Sequence[Flag]) -> tuple[str, ...]:
    """What is said of flags that were made on other branches than the one they would go to."""
    if not flags:
        return ()
    names = [visible(name) for name in dict.fromkeys(flag.branch for flag in flags) if name]
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    where = f" ({', '.join(names[:_NAMED])}{more})" if names else ""
    waits = "1 flag" if len(flags) == 1 else f"{len(flags)} flags"
    said = f"{waits} of other branches{where} {'stays' if len(flags) == 1 else 'stay'} queued"
    return (said, "hint: --all takes them along; gitmem close puts them into a review")


def newest(repo: Repository, where: Target) -> tuple[str, bool]:
    """The target or its upstream, whichever contains the other, and whether they diverged.

    Where they did it is the upstream. Empty on an unborn target.
    """
    if not where.upstream or not where.local or where.local == where.upstream:
        return where.upstream or where.local, False
    if refs.contains(repo, where.local, where.upstream):
        return where.local, False
    return where.upstream, not refs.contains(repo, where.upstream, where.local)


def reviewed(repo: Repository, where: Target, tip: str) -> tuple[str, list[Outcome]]:
    """The commit that a review at ``tip`` started from (empty: a root), and every outcome in it."""
    start, _ = newest(repo, where)
    base = base_of(repo, start, tip)
    return base, recorded(repo, base, tip)


def base_of(repo: Repository, start: str, tip: str) -> str:
    """The last commit that a review has in common with ``start``; empty when there is none."""
    return refs.merge_base(repo, start, tip) if start else ""


def recorded(repo: Repository, start: str, tip: str) -> list[Outcome]:
    """What the drain records say that ``tip`` has and ``start`` (empty: no commit) has not."""
    return [outcome for record in by_record(repo, start, tip) for outcome in record]


def filed(repo: Repository, start: str, tip: str) -> list[Outcome]:
    """The same without the records of a forget: what it says of other flags has landed before."""
    made = by_record(repo, start, tip)
    return [outcome for record in made if not is_forget(record) for outcome in record]


def by_record(repo: Repository, start: str, tip: str) -> list[list[Outcome]]:
    """The same, record by record."""
    before, now = records.at(repo, start), records.at(repo, tip)
    new = {path: now[path] for path in sorted(now.keys() - before.keys())}
    return [outcomes(text) for text in records.texts(repo, new).values()]


def dropped(repo: Repository, where: Target) -> frozenset[str]:
    """The flags in review that a person has dropped, and that the review does not leave out yet."""
    tip = refs.resolve(repo, REVIEW)
    if not tip or not drops.reasons(repo):
        return frozenset()
    return _rejected(repo, reviewed(repo, where, tip)[1])


def _rejected(repo: Repository, waiting: Collection[Outcome]) -> frozenset[str]:
    """Of the flags under review the dropped ones; a review that records one as skipped has done with it."""
    reasons = drops.reasons(repo) if waiting else {}
    over = {Fate.SKIPPED, Fate.FORGOTTEN}
    return frozenset(
        item.flag.id for item in waiting if item.flag.id in reasons and item.fate not in over
    )


def _taken_back(repo: Repository, waiting: Collection[Outcome]) -> set[str]:
    """The flags under review whose match a person took back, and which still have it."""
    undone = matches.undone(repo) if waiting else {}
    return {
        item.flag.id for item in waiting if item.again and undone.get(item.flag.id) == item.again
    }


def _pending(repo: Repository, seen: Snapshot, start: str, tip: str) -> frozenset[str]:
    """The flags under review at ``tip``; none when the target has the commit, even if reverted."""
    if not tip or (start and refs.contains(repo, start, tip)):
        return frozenset()
    new = frozenset(seen.records.review) - {*seen.records.deciding, *seen.records.local}
    # What is forgotten has landed before, so only the record itself is new.
    known = (seen.target.deciding, seen.target.local)
    return new | {flag.id for flag in forgets(repo, known, tip)}


def only_ours(repo: Repository, start: str, tip: str) -> bool:
    """Whether every commit under review is one that gitmem made and nobody amended."""
    span = f"{start}..{tip}" if start else tip
    trailer = f"%(trailers:key={letter.TRAILER},valueonly,separator=)"
    done = repo.git("log", "--no-show-signature", f"--format=%T {trailer}", span)
    rows = [line.split() for line in done.text.splitlines()]
    return all(len(row) == 2 and row[0] == row[1] for row in rows)  # noqa: PLR2004 - the two

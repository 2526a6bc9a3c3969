"""The review at the remote: fetch it, and take in what others did to it, before a push."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.close.base import Rework
from gitmem.close.commit import merger
from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.git import network, refs, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import REVIEW
from gitmem.git.worktrees import InTheWay, Move
from gitmem.records import forgetting, in_review, record_files, target
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import Fate
from gitmem.review import forget
from gitmem.safety.paths import writable
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from gitmem.git.network import Talk
    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome
    from gitmem.records.target import Target

PROPOSED = "refs/gitmem/proposed/"  # per remote: the review that this clone last pushed or took in
_NAME = REVIEW.removeprefix("refs/heads/")
_NAMED = 3  # paths in a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteReview:
    """The review branch's ``commit`` at the remote (empty: it is not there).

    ``again``: a review of this clone that it replaced, and whose judgement still counts. ``notes``
    are sentences for the person.
    """

    commit: str = ""
    again: tuple[Rework, ...] = ()
    notes: tuple[str, ...] = ()


def take_in(
    repo: Repository,
    remote: str,
    *,
    configured: str,
    folder: str,
    talk: Talk,
    style: CommitStyle = PLAIN,
) -> RemoteReview:
    """Fetch the review branch; afterwards the local one continues it or may replace it.

    A review that has landed may be replaced, and so may one that this clone pushed and that has not
    changed since. What reviewers pushed is taken in, and the next close builds on it. Raises
    NotReached, and NeedsPerson when both sides were edited or theirs has what gitmem does not write.
    """
    theirs = _fetched(repo, remote, talk)
    where = target.find(repo, configured)
    mine = refs.resolve(repo, REVIEW)
    mark = refs.resolve(repo, PROPOSED + remote)
    if not theirs:
        waits = bool(mark) and waiting(repo, where, mine)
        gone = f"the review branch is gone at {remote} and has not landed: it is proposed again"
        return RemoteReview(notes=(gone,) if waits else ())
    ours = theirs in (mine, mark) or (bool(mine) and refs.contains(repo, mine, theirs))
    if ours or not waiting(repo, where, theirs):
        return RemoteReview(commit=theirs)
    return _taken_in(repo, remote, where, (mine, theirs), folder, style)


def waiting(repo: Repository, where: Target, tip: str) -> bool:
    """Return whether a review (empty: none) files or forgets a flag and has not landed."""
    if not tip:
        return False
    targets = {where.local, where.upstream, where.shared} - {""}
    landed = record_files.ids(repo, where.local) | record_files.ids(repo, where.deciding)
    proposed = record_files.proposed(repo, tip, targets) - landed
    return bool(proposed or forgetting.newly_forgotten(repo, targets, tip))


def note(repo: Repository, remote: str, tip: str) -> None:
    """Record what is in review at the remote, as this clone knows it."""
    ref = PROPOSED + remote
    old = refs.resolve(repo, ref)
    if old != tip:
        refs.update(repo, ref, tip, old, "gitmem: close --pr")


def _fetched(repo: Repository, remote: str, talk: Talk) -> str:
    ref = f"refs/remotes/{remote}/{_NAME}"
    absent = network.fetch(repo, remote, [f"+{REVIEW}:{ref}"], talk)
    known = refs.listed(repo, ref).get(ref, "")
    if absent and known:
        refs.delete(repo, ref, known, "gitmem: close --pr")
    return "" if absent else refs.resolve(repo, ref)


def _taken_in(
    repo: Repository,
    remote: str,
    where: Target,
    tips: tuple[str, str],
    folder: str,
    style: CommitStyle,
) -> RemoteReview:
    """Make the local review branch theirs; an unedited local review gives way."""
    mine, theirs = tips
    start, _ = target.leading_commit(repo, where)
    _refuse_foreign(repo, remote, in_review.base_of(repo, start, theirs), theirs, folder)
    again: tuple[Rework, ...] = ()
    gone: list[Outcome] = []
    if waiting(repo, where, mine) and not refs.contains(repo, theirs, mine):
        # What a person reworded here is not in theirs, and no queue has it.
        if not in_review.only_ours(repo, start, mine, reviewed=False):
            raise NeedsPerson(
                f"{_NAME} was edited both here and at {remote}",
                hint=f"git rebase {remote}/{_NAME} {_NAME} unites them; then gitmem close --pr",
            )
        again = (Rework(tip=mine, base=in_review.base_of(repo, start, mine)),)
        gone = _forgotten(repo, start, mine, theirs)
    if not (gone and _forgotten_on_top(repo, where, theirs, gone, folder, style)):
        with Claim(repo) as claim:
            _move(repo, claim, mine, theirs, folder)
    note(repo, remote, theirs)
    note_text = f"the review at {remote} was taken in ({theirs[:12]})"
    return RemoteReview(commit=theirs, again=again, notes=(note_text,))


def _forgotten(repo: Repository, start: str, mine: str, theirs: str) -> list[Outcome]:
    """Return what the review here forgets and theirs does not."""
    forgotten = [
        one for one in in_review.outcomes_between(repo, start, mine) if one.fate is Fate.FORGOTTEN
    ]
    theirs_too = {flag.id for flag in forgetting.newly_forgotten(repo, (start,), theirs)}
    return [one for one in forgotten if one.flag.id not in theirs_too]


def _forgotten_on_top(
    repo: Repository,
    where: Target,
    theirs: str,
    gone: list[Outcome],
    folder: str,
    style: CommitStyle,
) -> bool:
    """Forget the same in a commit on top of theirs, in the step that makes theirs ours.

    No queue records a forget, so there must be no moment without it. Return whether there was
    anything to remove.
    """
    request = forget.ForgetRequest(
        flags=tuple(one.flag.id for one in gone),
        configured=where.name,
        folder=folder,
        style=style,
        reason="; ".join(dict.fromkeys(one.reason for one in gone if one.reason)),
        onto=theirs,
    )
    try:
        forget.forget(repo, request)
    except NoProgress:
        return False
    return True


def _move(repo: Repository, claim: Claim, mine: str, theirs: str, folder: str) -> None:
    move = Move(ref=REVIEW, old=mine, new=theirs, reason="gitmem: close --pr")
    if not mine or refs.contains(repo, theirs, mine):
        worktrees.land(repo, claim, move, merger(folder))
        return
    trees = worktrees.holding(repo, REVIEW)
    if trees:
        raise InTheWay(
            f"{_NAME} is checked out in {trees[0].top}", hint="check out another branch there"
        )
    claim.clear(f"{repo.common}/{REVIEW}.lock")
    refs.update(repo, move.ref, move.new, move.old, move.reason)


def _refuse_foreign(repo: Repository, remote: str, base: str, theirs: str, folder: str) -> None:
    """Refuse what gitmem never writes: `accept` would land it here unseen."""
    if not base:
        raise NeedsPerson(
            f"the review branch at {remote} shares no history with the target",
            hint=f"look at it: git log {remote}/{_NAME}",
        )
    raw = repo.git("diff-tree", "-r", "-z", "--name-only", "--no-renames", base, theirs).out
    paths = [path for path in raw.decode("utf-8", "surrogateescape").split("\0") if path]
    foreign = [path for path in paths if not _writable(path, folder)]
    if foreign:
        named = ", ".join(visible(path) for path in foreign[:_NAMED])
        raise NeedsPerson(
            f"the review branch at {remote} changes what gitmem does not write: {named}",
            hint="land that review, or remove those changes from it; then gitmem close --pr",
        )


def _writable(path: str, folder: str) -> bool:
    try:
        writable(path, folder=folder)
    except Refused:
        return False
    return True

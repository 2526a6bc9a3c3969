"""A review line by line: what a person is asked about, and one move of the branch for all answers."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.close import base, commit, remake
from gitmem.close.base import Base
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.core.quantities import count
from gitmem.git import objects, refs, trees, worktrees
from gitmem.git.claim import Claim
from gitmem.git.repository import REVIEW
from gitmem.memory.passages import items_of, line_key
from gitmem.queue import decisions
from gitmem.queue.fast_import import recorded_author
from gitmem.records import snapshot, target
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import REVIEWED, Change, Fate
from gitmem.review import review, wording
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import Outcome
    from gitmem.review.review import Review
    from gitmem.review.wording import Wording


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewLine:
    """One thing that a person decides: a line under review, or what a flag brings without a line.

    ``outcomes`` placed the line, ``folded`` are the duplicates of it, ``settles`` the open items that
    go with it. ``line`` is empty where a flag only brings its body below an older line, or only
    settles an item.
    """

    file: str
    line: str
    outcomes: tuple[Outcome, ...]
    folded: tuple[Outcome, ...] = ()
    settles: tuple[str, ...] = ()

    @property
    def flags(self) -> tuple[Flag, ...]:
        """Every flag behind it."""
        every = (*self.outcomes, *self.folded)
        return tuple({one.flag.id: one.flag for one in every}.values())

    @property
    def key(self) -> tuple[str, str]:
        """What tells it from the others: file and words; without words its flags."""
        words = line_key(self.line) if self.line else " ".join(flag.id for flag in self.flags)
        return self.file, words


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A review to be asked about: its lines, in the order of their files.

    ``unmade`` says why no line of it can be rejected here, ``unmade_hint`` what to do then; empty when
    lines can be.
    """

    review: Review
    lines: tuple[ReviewLine, ...]
    unmade: str = ""
    unmade_hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What a person decided: lines to reject, each with the reason, and new words for others."""

    rejected: Mapping[ReviewLine, str] = field(default_factory=dict)
    reworded: Mapping[ReviewLine, Wording] = field(default_factory=dict)

    def __bool__(self) -> bool:
        """Whether anything changes."""
        return bool(self.rejected or self.reworded)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The review's new tip, the dropped flags, and the lines that stand there again without them."""

    commit: str
    dropped: tuple[Flag, ...]
    back: tuple[ReviewLine, ...]


def lines(repo: Repository, configured: str) -> Asking:
    """Return what to ask about. Raises NoProgress when nothing is in review, or a close must rebuild it."""
    current = review.read(repo, configured)
    seen = snapshot.take(repo, configured)
    why = base.out_of_date(repo, seen, current.tip)
    if why:
        raise NoProgress(
            f"the review is out of date: {why}", hint="gitmem close rebuilds it, or says what to do"
        )
    unmade, hint = _unmade(repo, seen, current.tip)
    return Asking(
        review=current, lines=tuple(_lines(repo, current)), unmade=unmade, unmade_hint=hint
    )


def reason(text: str) -> str:
    """Return a reason to reject a line, cleaned. Raises Refused as `gitmem drop` does."""
    return capture.guarded(text, "the reason")


def write(  # noqa: PLR0913 - the settings of one command
    repo: Repository,
    asked: Asking,
    answers: Answers,
    *,
    configured: str,
    folder: str,
    at: str,
    style: CommitStyle = PLAIN,
) -> Written:
    """Write all answers: the review branch, once, then the decisions.

    ``at`` is the time of the decisions, ``style`` the form of the commits. A review that only grew since
    it was asked about is taken as it is now. Raises NeedsPerson when it changed otherwise, or cannot
    be made again without a rejected line; then nothing was written.
    """
    seen = snapshot.take(repo, configured)
    with Claim(repo) as claim:
        now = review.read(repo, configured)
        if not refs.contains(repo, now.tip, asked.review.tip):
            raise NeedsPerson(
                "the review changed while you looked at it", hint="run gitmem review -p again"
            )
        dropped = {flag.id: flag for line in answers.rejected for flag in line.flags}
        reasons = {flag.id: why for line, why in answers.rejected.items() for flag in line.flags}
        tip = now.tip
        if dropped:
            wanted = remake.RemakeRequest(
                base=now.base, tip=now.tip, rejected=reasons, folder=folder, style=style
            )
            tip = remake.remade(repo, claim, seen, wanted)
        back = _back(repo, now, tip, reasons, configured) if dropped else ()
        if answers.reworded:
            tip = _reworded(repo, claim, (now.base, tip), answers.reworded, folder, style)
        start = Base(ref=REVIEW, tip=now.tip, commit=now.tip, flags=())
        commit.move(repo, claim, start, tip, folder=folder)
        # Afterwards: the records say it already, and a branch that does not move changes nothing.
        by = recorded_author(repo)
        decisions.add_drops(
            repo,
            [
                {"id": flag_id, "reason": why, "at": at, "by": by}
                for flag_id, why in reasons.items()
            ],
        )
    return Written(commit=tip, dropped=tuple(dropped.values()), back=back)


def _unmade(repo: Repository, seen: snapshot.Snapshot, tip: str) -> tuple[str, str]:
    """Say why a review cannot be made again, and what to do; empty when it can."""
    start, _ = target.leading_commit(repo, seen.target)
    stays = base.stays(repo, start, tip)
    if stays:
        return stays[0], f"take the line out of gitmem/drain by hand, or {stays[1]}"
    held = worktrees.holding(repo, REVIEW)
    if held:
        return f"gitmem/drain is checked out in {held[0].top}", "check out another branch there"
    return "", ""


def _lines(repo: Repository, reviewed: Review) -> list[ReviewLine]:
    """Return what a review brings, by file; what is no more in it is left out."""
    placed: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    for one in reviewed.outcomes:
        if one.line and one.fate is not Fate.FORGOTTEN:
            placed[one.file, one.line].append(one)
    contents = objects.files(repo, reviewed.tip, *{file for file, _ in placed}) if placed else {}
    keys = {
        file: {item.key for item in items_of(file, content.decode("utf-8", "replace"))}
        for file, content in contents.items()
    }
    there = {
        (file, line): tuple(outcomes)
        for (file, line), outcomes in placed.items()
        if line_key(line) in keys.get(file, ())
    }
    folded, alone = _folded(reviewed.outcomes, there)
    settled: defaultdict[str, list[str]] = defaultdict(list)
    for change in reviewed.changes:
        if change.what is Change.SETTLED:
            for flag_id in change.flags:
                settled[flag_id].append(change.line)
    made = [
        ReviewLine(
            file=file,
            line=line,
            outcomes=outcomes,
            folded=tuple(folded[file, line]),
            settles=_settled((*outcomes, *folded[file, line]), settled),
        )
        for (file, line), outcomes in there.items()
    ]
    for one in alone:
        settles = _settled((one,), settled)
        if one.brings_body or settles:
            file = one.survivor.partition(": ")[0] if one.survivor else ""
            made.append(ReviewLine(file=file, line="", outcomes=(one,), settles=settles))
    return sorted(made, key=lambda line: line.file)


def _settled(outcomes: Iterable[Outcome], settled: Mapping[str, list[str]]) -> tuple[str, ...]:
    items = [line for one in outcomes for line in settled.get(one.flag.id, ())]
    return tuple(dict.fromkeys(items))


def _folded(
    outcomes: Sequence[Outcome], there: Mapping[tuple[str, str], tuple[Outcome, ...]]
) -> tuple[defaultdict[tuple[str, str], list[Outcome]], list[Outcome]]:
    """Return the duplicates by the line under review that they come to, and those of older lines."""
    home = {one.flag.id: key for key, placed in there.items() for one in placed}
    home |= {f"{file}: {line}": (file, line) for file, line in there}
    into = {one.flag.id: one.survivor for one in outcomes if one.fate is Fate.DUPLICATE}
    folded: defaultdict[tuple[str, str], list[Outcome]] = defaultdict(list)
    alone = []
    for one in outcomes:
        if one.fate is not Fate.DUPLICATE or one.flag.id in home:
            continue
        at, passed = one.survivor, {one.flag.id}
        while at not in home and at in into and at not in passed:
            passed.add(at)
            at = into[at]
        if at in home:
            folded[home[at]].append(one)
        else:
            alone.append(one)
    return folded, alone


def _back(
    repo: Repository, before: Review, tip: str, gone: Mapping[str, str], configured: str
) -> tuple[ReviewLine, ...]:
    """Return the lines that stand in the review again. Raises NeedsPerson when one that is kept is not there."""
    after = review.read_at(repo, target.find(repo, configured), tip)
    old, new = _lines(repo, before), _lines(repo, after)
    known = {line.key for line in old}
    made = {line.key for line in new}
    lost = [
        line
        for line in old
        if line.key not in made and not all(flag.id in gone for flag in line.flags)
    ]
    if lost:
        raise NeedsPerson(
            f"without the rejected lines this one would not stay as it is: {visible(lost[0].line)}",
            hint="nothing was written; gitmem drop ID --reason '…' and gitmem close judge it again",
        )
    return tuple(line for line in new if line.key not in known)


def _reworded(
    repo: Repository,
    claim: Claim,
    span: tuple[str, str],
    wanted: Mapping[ReviewLine, Wording],
    folder: str,
    style: CommitStyle,
) -> str:
    """Return a person's commit with the new words on top of the review."""
    files = wording.texts(repo, span, wanted.values(), recorded_author(repo), folder)
    staging = trees.Staging(repo, span[1], claim)
    staging.refuse_unshared(files.keys())
    tree = staging.write({path: text.encode() for path, text in files.items()})
    return trees.commit(repo, tree, [span[1]], _message(wanted, tree, style))


def _message(wanted: Mapping[ReviewLine, Wording], tree: str, style: CommitStyle) -> str:
    rows: defaultdict[str, list[str]] = defaultdict(list)
    for line, one in wanted.items():
        ids = ", ".join(flag.id for flag in line.flags)
        rows[one.file] += [f"- {visible(one.new)}", f"  ({ids}; it was: {visible(one.line)})"]
    parts = ["\n".join([file, *rows[file]]) for file in sorted(rows)]
    body = style.wrapped("\n\n".join(parts))
    head = style.head("reword " + count(len(wanted), "line"))
    return f"{head}\n\n{body}\n\n{REVIEWED}: {tree}\n"

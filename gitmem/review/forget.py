"""Forget: a review commit that removes every line derived from a flag; the record is kept."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.close import base, commit
from gitmem.core.errors import Refused, UsageError
from gitmem.core.failures import NeedsPerson, NoProgress
from gitmem.drain.rules import fitted
from gitmem.git import refs
from gitmem.git.claim import Claim
from gitmem.memory import guard, guard_file
from gitmem.memory.index import update_index
from gitmem.memory.passages import Passage, line_key
from gitmem.memory.topics import emptied
from gitmem.records import snapshot, tidy
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import FORGET, NEXT, Fate, Outcome, Run
from gitmem.records.snapshot import flag_by_id
from gitmem.records.states import CARRIED, IN_REVIEW, UNDRAINED
from gitmem.review import removal
from gitmem.review.bodies import ForgottenBodies
from gitmem.review.removal import Removal
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import INDEX_NAME, PathKind, writable
from gitmem.trace.history import CommitHistory
from gitmem.trace.line_fate import LineState, MemoryAtCommit

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.close.base import Base
    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.filings import FiledOutcome

# Files that a close makes; without content they go.
_OURS = frozenset({PathKind.TOPIC, PathKind.PENDING, PathKind.SCOPED})
_TRIES = 3  # when another process moves the branch meanwhile


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetRequest:
    """Which flags to forget (ids or their beginnings), why, and whether to write.

    ``configured`` is the shared setting's target (or empty), ``folder`` the memory folder,
    ``style`` the form of the review's commit. ``onto`` is a review that replaces the one here;
    empty: build on what waits here.
    """

    flags: tuple[str, ...]
    configured: str
    folder: str
    reason: str = ""
    style: CommitStyle = PLAIN
    onto: str = ""
    dry_run: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetResult:
    """The result of a forget. ``commit`` is empty for a dry run.

    ``taken`` are the removed lines, ``restored`` the outcomes of other flags whose own words come
    back, ``guards`` the number of removed guards, ``base`` the commit it builds on. ``files`` are
    the new texts; None for an emptied file, which goes.
    """

    flags: tuple[Flag, ...]
    base: str
    commit: str
    taken: tuple[Removal, ...]
    restored: tuple[Outcome, ...]
    guards: int
    files: Mapping[str, str | None]
    notes: tuple[str, ...]


@dataclass(slots=True, kw_only=True)
class _Line:
    """A line to remove: where it stands, and the outcomes that placed it."""

    file: str
    item: Passage
    placed: list[FiledOutcome] = field(default_factory=list)


def forget(repo: Repository, wanted: ForgetRequest) -> ForgetResult:
    """Propose, on the review branch, the tree without what the flags brought.

    Raises UsageError for a flag that is unknown or has not landed, NoProgress when no line comes from
    the flags any more, and NeedsPerson for a line that only a person can remove.
    """
    if wanted.reason:
        wanted = replace(wanted, reason=capture.guarded(wanted.reason, "--reason"))
    for _ in range(_TRIES - 1):
        try:
            return _forget(repo, wanted)
        except refs.Moved:
            continue
    return _forget(repo, wanted)


def _forget(repo: Repository, wanted: ForgetRequest) -> ForgetResult:
    notes: list[str] = []
    if wanted.dry_run:
        seen = snapshot.take(repo, wanted.configured)
    else:
        seen, notes = tidy.settle(repo, wanted.configured)
    start = base.stacked(repo, seen, onto=wanted.onto)
    memory = (
        MemoryAtCommit(CommitHistory(repo, start.commit), wanted.folder) if start.commit else None
    )
    if memory is None:
        raise NoProgress(
            "nothing has landed yet", hint="to reject a queued flag: gitmem drop ID --reason '…'"
        )
    flags = _chosen(seen, memory.history, wanted.flags)
    search = _Search(memory, flags)
    before = memory.texts.get(guard.FILE, "")
    text = guard_file.without(before, {flag.id for flag in flags}, search.lessons)
    taken = search.taken()
    known = [filed.outcome.flag for filed in memory.history.filings.all]
    bodies = ForgottenBodies(memory.texts, wanted.folder, flags, known)
    for one in taken:
        bodies.take(one, search.restored)
    if not taken and text == before and not bodies.texts():
        ids = ", ".join(flag.id for flag in flags)
        why = "; ".join(search.notes)
        raise NoProgress(
            f"no line comes from {ids} alone" + (f": {why}" if why else ", or none any more"),
            hint="gitmem show ID says what became of a flag",
        )
    files = _files(memory, taken, bodies)
    if text != before:
        files[guard.FILE] = text if text.strip() else None
    gone = tuple(Outcome(flag=flag, fate=Fate.FORGOTTEN, reason=wanted.reason) for flag in flags)
    done = ForgetResult(
        flags=flags,
        base=start.commit,
        commit="",
        taken=tuple(taken),
        restored=tuple(search.restored),
        guards=_guards(before) - _guards(text),
        files=files,
        notes=(*notes, *start.notes, *search.notes, *bodies.notes),
    )
    if wanted.dry_run:
        return done
    return replace(done, commit=_committed(repo, seen, start, done, gone, wanted))


def _committed(
    repo: Repository,
    seen: Snapshot,
    start: Base,
    done: ForgetResult,
    gone: tuple[Outcome, ...],
    wanted: ForgetRequest,
) -> str:
    folder, style = wanted.folder, wanted.style
    outcomes = (*gone, *done.restored)
    draft = commit.Draft(
        base=start.commit,
        files=done.files,
        run=Run(engine=FORGET),
        outcomes=outcomes,
        queue=seen.queue.tip,
        message=lambda drain, tree: removal.message(
            (drain, tree), outcomes, done.taken, done.guards, style
        ),
    )
    with Claim(repo) as claim:
        tip, _ = commit.make(repo, claim, draft, folder=folder)
        commit.move(repo, claim, start, tip, folder=folder)
    return tip


def _chosen(seen: Snapshot, history: CommitHistory, prefixes: Iterable[str]) -> tuple[Flag, ...]:
    """Return the flags that are meant; raises UsageError for one that has not landed."""
    known = seen.queue.flags
    for filed in history.filings.all:
        known.setdefault(filed.outcome.flag.id, filed.outcome.flag)
    flags = dict.fromkeys(flag_by_id(known.values(), prefix, what="flag") for prefix in prefixes)
    for flag in flags:
        state = seen.records.state(flag.id)
        if state in {UNDRAINED, IN_REVIEW}:
            raise UsageError(
                f"{flag.id} has not landed: it is {state}",
                hint="gitmem drop ID --reason '…' keeps it from becoming memory",
            )
        if state == CARRIED:
            raise UsageError(
                f"{flag.id} is on a branch that gitmem close --here committed to",
                hint="edit the memory file on that branch and commit it",
            )
    return tuple(flags)


class _Search:
    """Every line that comes from the flags, and the other flags behind the same lines."""

    def __init__(self, memory: MemoryAtCommit, flags: Sequence[Flag]) -> None:
        self._memory = memory
        self._filings = memory.history.filings
        self._ids = {flag.id for flag in flags}
        self._lines: dict[tuple[str, int], _Line] = {}
        self._followed: set[int] = set()
        self.restored: list[Outcome] = []
        self.notes: list[str] = []
        self.lessons: set[str] = set()
        for flag in flags:
            for filed in self._filings.of(flag.id):
                self._follow(filed)
            for settled in self._filings.settled(flag.id):
                self.notes.append(
                    f"{flag.id} had settled: {settled.item.line} "
                    f"(write it back to {settled.item.file} if it is open again)"
                )

    def taken(self) -> list[Removal]:
        """Return the lines to remove, with their replacements; the notes name those that stay."""
        removals = []
        for line in self._lines.values():
            instead, stays = self._instead(line)
            if not stays:
                removals.append(Removal(file=line.file, item=line.item, instead=tuple(instead)))
        return removals

    def _follow(self, filed: FiledOutcome) -> None:
        if not filed.outcome.line or id(filed) in self._followed:
            return
        self._followed.add(id(filed))
        fate = self._memory.fate_of(filed)
        places = self._memory.places(filed.outcome.line)
        same_file = [place for place in places if place[0] == filed.outcome.file]
        for file, item in [*same_file, *self._memory.elsewhere(filed)]:
            self._note(file, item, filed)
        if fate.state is LineState.REWORDED:
            reworded = self._item(fate.file, fate.number)
            if reworded is not None:
                self._note(fate.file, reworded, filed)
                who = fate.commit.oid[:12] if fate.commit else ""
                self.notes.append(f"{fate.file}:{fate.number} was changed by hand in {who}")
        moved = self._filings.moved(filed)
        if moved is not None:
            self._follow(moved)
        for later in fate.later:
            if later.outcome.line and not later.outcome.verbatim:
                self._follow(later)

    def _item(self, file: str, number: int) -> Passage | None:
        items = self._memory.items.get(file, [])
        return next((item for item in items if item.first == number), None)

    def _note(self, file: str, item: Passage, filed: FiledOutcome) -> None:
        if file == guard.FILE:
            # A guard names its flags, but may name more than those that brought its lesson.
            if not self._said_by_others(filed):
                self.lessons.add(filed.outcome.line)
            return
        line = self._lines.setdefault((file, item.first), _Line(file=file, item=item))
        line.placed.append(filed)

    def _said_by_others(self, filed: FiledOutcome) -> bool:
        ids = {one.outcome.flag.id for one in self._beside(filed)} - self._ids
        return any(not self._filings.forgotten(one) for one in ids)

    def _instead(self, line: _Line) -> tuple[list[str], bool]:
        """Return the other flags' own words, and whether the line stays because it is one of them."""
        placed = {id(one): one for filed in line.placed for one in self._beside(filed)}
        known = {item.key for item in self._memory.items[line.file]}
        words: list[str] = []
        stays = False
        for filed in [*placed.values(), *self._filings.folded(list(placed.values()))]:
            flag = filed.outcome.flag
            if flag.id in self._ids or self._filings.forgotten(flag.id):
                continue
            own = self._own_words(line.file, flag)
            key = line_key(own)
            # A rule of an older close stands without its why.
            bare = flag.better and not line.file.startswith(self._memory.tree.folder + "/")
            same = line.item.key in {key, *([line_key(harmless(flag.better))] if bare else ())}
            own = line.item.text if same else own
            stays = stays or same
            if same:
                self.notes.append(
                    f"{line.file}:{line.item.first} stays: flag {flag.id} says the same, word for word"
                )
            elif key not in known and own not in words:
                words.append(own)
            self.restored.append(
                Outcome(
                    flag=flag,
                    fate=Fate.ADDED if same else Fate.SUPERSEDED,
                    file=line.file,
                    line=own,
                    survivor="" if same else line.item.text,
                    reason=f"{', '.join(sorted(self._ids))} was forgotten",
                )
            )
        return ([*words, *self._before(line)], False) if not stays else ([], True)

    def _beside(self, filed: FiledOutcome) -> list[FiledOutcome]:
        """Return all outcomes that made the same line as this one."""
        outcomes = self._filings.at(filed.outcome.file, filed.outcome.line)
        return [one for one in outcomes if one.outcome.file == filed.outcome.file]

    def _before(self, line: _Line) -> list[str]:
        """Return the older lines that a merge wrote these flags into."""
        older = []
        for filed in line.placed:
            for file, text in filed.replaces:
                if filed.outcome.fate is not Fate.MERGED:
                    self.notes.append(
                        f"{line.file}:{line.item.first} had replaced: {text} "
                        "(write it back by hand if it holds)"
                    )
                    continue
                makers = self._filings.at(file, text)
                if any(one.outcome.flag.id not in self._ids for one in makers) or not makers:
                    older.append(text)
        return list(dict.fromkeys(older))

    def _own_words(self, file: str, flag: Flag) -> str:
        in_memory = file.startswith(self._memory.tree.folder + "/")
        if in_memory or not flag.better:
            return harmless(flag.text)
        folder = self._memory.tree.folder
        return harmless(fitted(flag.better, flag.text, file=file, folder=folder)[0])


def _guards(text: str) -> int:
    return sum(bool(line.strip()) for line in text.split("\n"))


def _files(
    memory: MemoryAtCommit, taken: Sequence[Removal], bodies: ForgottenBodies
) -> dict[str, str | None]:
    """Return the new texts and the new index; None for an emptied file of gitmem's own."""
    folder = memory.tree.folder
    files: dict[str, str | None] = {}
    for file in sorted({one.file for one in taken}):
        try:
            kind = writable(file, folder=folder)
        except Refused as error:
            raise NeedsPerson(error.message, hint="remove the line by hand") from error
        text = removal.without(memory.texts[file], [one for one in taken if one.file == file])
        text = bodies.linked(file, text)
        files[file] = None if kind in _OURS and emptied(text) else text
    for file in bodies.beside():
        if file in memory.texts and file not in files:
            files[file] = bodies.linked(file, memory.texts[file])
    files |= bodies.texts()
    index = f"{folder}/{INDEX_NAME}"
    if any(file.startswith(folder + "/") for file in files):
        texts = {**dict.fromkeys(memory.tree.odd, ""), **memory.tree.texts, **files}
        beside = {file: text for file, text in texts.items() if text is not None}
        newest = {
            filed.outcome.file: filed.path.rpartition("/")[2].removesuffix(".jsonl")
            for filed in memory.history.filings.all
        }
        newest |= dict.fromkeys((one.file for one in taken if one.instead), NEXT)
        files[index] = update_index(
            memory.tree.texts.get(index),
            beside,
            folder=folder,
            newest=newest,
            budget=memory.tree.budget,
        )
    return {file: text for file, text in files.items() if text != memory.texts.get(file)}

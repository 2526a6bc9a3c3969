"""What became of a flag and of each line filed from it: where it is in a commit, or which commit removed it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING

from gitmem.core.flag import is_id
from gitmem.git import refs
from gitmem.git.repository import REVIEW
from gitmem.memory import tree_reader
from gitmem.memory.passages import items_of, line_key, row_of
from gitmem.queue import decisions
from gitmem.records import snapshot, target
from gitmem.records.drain_record import Fate
from gitmem.records.snapshot import flag_by_id
from gitmem.safety.paths import INDEX_NAME, is_details
from gitmem.trace.history import CommitHistory, removals
from gitmem.trace.lineage import counterpart, most_alike

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.memory.passages import Passage
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.filings import FiledOutcome, SettledItem
    from gitmem.trace.history import Commit

_STEPS = 50  # a person's changes of one line that are followed
# Pairs of lines that are compared to find reworded ones, in one command: some seconds. Records that
# somebody made up could ask for any number of them; beyond, a line that is not there counts as removed.
_COMPARED = 20_000
_OF_FILE = 100  # lines of a file that take as long to align as one pair takes to compare


class LineState(StrEnum):
    """Where a filed line is."""

    THERE = "there"  # where the record says
    MOVED = "moved"  # in another file
    SETTLED = "settled"  # an open item that a flag settled
    REWORDED = "reworded"  # a person changed it
    REPLACED = "replaced"  # a later drain filed another line in its place
    REMOVED = "removed"  # a commit took it out
    FORGOTTEN = "forgotten"  # gitmem forget took it out
    MISSING = "missing"  # it is not there, and no commit took it out
    UNKNOWN = "unknown"  # the history that would tell is not in this clone


@dataclass(frozen=True, slots=True, kw_only=True)
class LineFate:
    """What became of one filed line.

    ``file``, ``number`` and ``text`` say where it is now, and how it reads (number 0: it is not
    there). ``later`` are the outcomes that took its place, or by which a close moved it, ``settled``
    what settled it, ``commit`` the one that changed or took it out, where a commit did.
    """

    filed: FiledOutcome
    state: LineState
    file: str = ""
    number: int = 0
    text: str = ""
    later: tuple[FiledOutcome, ...] = ()
    settled: SettledItem | None = None
    commit: Commit | None = None


class MemoryAtCommit:
    """The files that gitmem writes, as a commit has them, and the history of that commit."""

    def __init__(self, history: CommitHistory, folder: str) -> None:
        self.history = history
        self._left = _COMPARED
        self._last_keys: tuple[tuple[str, str], frozenset[str]] = (("", ""), frozenset())
        self._last: dict[tuple[str, str], list[Passage]] = {}
        self.tree = tree_reader.read_tree(history.repo, history.tip, folder)
        self.texts = self.tree.texts
        index = f"{folder}/{INDEX_NAME}"
        self.items: Mapping[str, list[Passage]] = {
            file: items_of(file, text)
            for file, text in self.texts.items()
            if file != index and not is_details(file, folder)
        }

    @cached_property
    def _places(self) -> Mapping[str, list[tuple[str, Passage]]]:
        found: defaultdict[str, list[tuple[str, Passage]]] = defaultdict(list)
        for file, items in self.items.items():
            for item in items:
                found[item.key].append((file, item))
        return found

    def places(self, line: str) -> list[tuple[str, Passage]]:
        """Return every file and item that reads like a line."""
        return self._places.get(line_key(line), [])

    def fate_of(self, filed: FiledOutcome) -> LineFate:
        """Return the fate of an outcome's line; the outcome must have one."""
        outcome, filings = filed.outcome, self.history.filings
        places = self.places(outcome.line)
        here = [place for place in places if place[0] == outcome.file]
        if here:
            return _at(filed, LineState.THERE, *here[0])
        carried = filings.moved(filed)
        if carried is not None:
            fate = replace(self.fate_of(carried), filed=filed)
            there = fate.state is LineState.THERE
            return replace(fate, state=LineState.MOVED, later=(carried,)) if there else fate
        moved = self.elsewhere(filed)
        if moved:
            return _at(filed, LineState.MOVED, *moved[0])
        return self._taken(filed) or self._followed(filed)

    def _taken(self, filed: FiledOutcome) -> LineFate | None:
        """Return the fate of a line that a record says a drain or a forget took away; None for no such."""
        filings = self.history.filings
        later = filings.after(filed)
        if later:
            return LineFate(filed=filed, state=LineState.REPLACED, later=tuple(later))
        settled = filings.settling(filed)
        if settled is not None:
            return LineFate(filed=filed, state=LineState.SETTLED, settled=settled)
        forgotten = filings.forgotten(filed.outcome.flag.id)
        if forgotten is not None:
            return LineFate(filed=filed, state=LineState.FORGOTTEN, later=(forgotten,))
        return None

    def elsewhere(self, filed: FiledOutcome) -> list[tuple[str, Passage]]:
        """Return where a person moved or copied a filed line to.

        Places where another drain filed the same words, or where they stood before, do not count.
        """
        outcome = filed.outcome
        others = self.history.filings.files(outcome.line)
        places = [place for place in self.places(outcome.line) if place[0] not in others]
        landing = self.history.landing_of(filed.path) if places else None
        before = landing.parents[:1] if landing else ()
        return [
            (file, item)
            for file, item in places
            if not any(line_key(outcome.line) in self._keys_at(one, file) for one in before)
        ]

    def _followed(self, filed: FiledOutcome) -> LineFate:
        """Follow every commit that changed the line, to its present state."""
        file, line = filed.outcome.file, filed.outcome.line
        found: LineFate | None = None
        for _ in range(_STEPS):
            commit, where = self._removed(file, line)
            if commit is None:
                break
            found = LineFate(filed=filed, state=LineState.REMOVED, commit=commit)
            after = self._successor(commit, where, line)
            if not after:
                break
            places = self.places(after)
            if places:
                place = next((place for place in places if place[0] == where), places[0])
                return replace(_at(filed, LineState.REWORDED, *place), commit=commit)
            file, line = where, after
        return found or self._never(filed)

    def _removed(self, file: str, line: str) -> tuple[Commit | None, str]:
        """Return the latest commit that took a line out of a file, else out of any file, and the file."""
        key = line_key(line)
        for taken in (self._removals, self._merge_removals):
            found = taken.get((file, key)) or taken.get(("", key))
            if found:
                return self.history.commit(found[0]), found[1]
        return None, ""

    def _successor(self, commit: Commit, file: str, line: str) -> str:
        """Return what a line became in the commit that took it out; empty for nothing."""
        after = self.history.text(commit.oid, file)
        if after is None:
            return ""
        for parent in commit.parents:
            before = [item.text for item in self._items_at(parent, file)]
            at = next(
                (at for at, text in enumerate(before) if line_key(text) == line_key(line)), -1
            )
            if at >= 0:
                lines = [item.text for item in self._items_at(commit.oid, file)]
                self._left -= 1 + (len(before) + len(lines)) // _OF_FILE
                place = counterpart(before, lines, at) if self._left > 0 else None
                return "" if place is None else lines[place]
        return ""

    def _never(self, filed: FiledOutcome) -> LineFate:
        """Return the fate of a line that no commit took out: a review was changed, or the record is wrong."""
        landing = self.history.landing_of(filed.path)
        if landing is None or landing.untouched:
            state = LineState.UNKNOWN if self.history.cut else LineState.MISSING
            return LineFate(filed=filed, state=state)
        file = filed.outcome.file
        items = self._items_at(landing.oid, file)
        new = [item.text for item in items if item.key not in self._known][: max(0, self._left)]
        self._left -= len(new)
        places = self.places(most_alike(filed.outcome.line, new))
        if places:
            return replace(_at(filed, LineState.REWORDED, *places[0]), commit=landing)
        return LineFate(filed=filed, state=LineState.REMOVED, commit=landing)

    @cached_property
    def _known(self) -> frozenset[str]:
        """The keys of all lines that a record says were filed."""
        lines = [filed.outcome.line for filed in self.history.filings.all]
        return frozenset([line_key(line) for line in lines if line])

    def _keys_at(self, commit: str, file: str) -> frozenset[str]:
        """The keys of a file's items at a commit; of the last file they are kept."""
        if self._last_keys[0] != (commit, file):
            keys = frozenset([item.key for item in self._items_at(commit, file)])
            self._last_keys = ((commit, file), keys)
        return self._last_keys[1]

    def _items_at(self, commit: str, file: str) -> list[Passage]:
        """The items of a file at a commit; of the last two files they are kept."""
        known = self._last.get((commit, file))
        if known is None:
            known = items_of(file, self.history.text(commit, file) or "")
            self._last = {**dict([*self._last.items()][-1:]), (commit, file): known}
        return known

    @cached_property
    def _removals(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        return self._taken_out(merges=False)

    @cached_property
    def _merge_removals(self) -> Mapping[tuple[str, str], tuple[str, str]]:
        return self._taken_out(merges=True)

    def _taken_out(self, *, merges: bool) -> Mapping[tuple[str, str], tuple[str, str]]:
        """File (or empty: any) and key of a line to the latest commit that took it out, and where."""
        filings = self.history.filings
        files = {filed.outcome.file for filed in filings.all if filed.outcome.file}
        folder = self.tree.folder
        outside = sorted(file for file in files if not file.startswith(folder + "/"))
        found: dict[tuple[str, str], tuple[str, str]] = {}
        if not files:
            return found
        paths = [folder, *outside]
        for oid, file, row in removals(self.history.repo, self.history.tip, paths, merges=merges):
            if is_details(file, folder):
                continue
            key = line_key(row_of(file, row))
            found.setdefault((file, key), (oid, file))
            found.setdefault(("", key), (oid, file))
        return found


def _at(filed: FiledOutcome, state: LineState, file: str, item: Passage) -> LineFate:
    return LineFate(filed=filed, state=state, file=file, number=item.first, text=item.text)


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
    ``settled`` are the open items that it settled. ``later`` is the id of the flag that took its place
    in the queue (empty: none did).
    """

    flag: Flag
    state: str
    dropped: str | None
    archived: bool
    ref: str
    outcomes: tuple[OutcomeStory, ...]
    settled: tuple[SettledItem, ...] = ()
    later: str = ""


def flag_story(repo: Repository, prefix: str, *, configured: str, folder: str) -> FlagStory:
    """Return the story of the flag whose id starts with ``prefix``; raises UsageError when none or several do."""
    seen = snapshot.take(repo, configured)
    histories = _histories(repo, seen)
    queue = seen.queue
    known = queue.flags
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
        settled=tuple(histories[ref].filings.settled(flag.id)) if ref else (),
        later=decisions.replaced(queue).get(flag.id, ""),
    )


def _histories(repo: Repository, seen: Snapshot) -> dict[str, CommitHistory]:
    """Return the histories that may hold a record, in order: target, review, feature branches, HEAD."""
    where = seen.target
    newest, _ = target.leading_commit(repo, where)
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

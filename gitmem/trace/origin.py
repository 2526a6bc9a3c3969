"""Where a line comes from: through blame to the drain record, past what people changed since."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.memory.passages import Passage, find, items_of, line_key
from gitmem.trace.history import Blamed, NoBlame, blame, changed_markdown
from gitmem.trace.lineage import counterpart, in_its_place, most_alike

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.trace.filings import FiledOutcome
    from gitmem.trace.history import Commit, CommitHistory

_STEPS = 50  # a person's changes of one line that are followed
_DEPTH = 20  # lines that took each other's place
_UPON = 5  # commits upon a review commit that count as a reviewer's own
_FILES = 24  # other files of one commit that a line may have come from


class OriginKind(StrEnum):
    """What can be said about a line."""

    FILED = "filed"  # it stands as a drain filed it
    REWORDED = "reworded"  # a drain filed it, a person changed it
    HAND = "by hand"  # a person wrote it
    OURS = "gitmem"  # gitmem's own words around what was filed: a heading, a pointer, the index
    UNKNOWN = "unknown"  # the history that would tell is not in this clone


@dataclass(frozen=True, slots=True, kw_only=True)
class TracedLine:
    """A line to trace: file, its text, its 1-based lines there, and the commit (empty: work tree).

    ``item``: it is an item of a list, as a drain files them. ``ours``: it is none, and stands where
    gitmem writes its own words.
    """

    commit: str
    file: str
    text: str
    first: int
    last: int
    item: bool = True
    ours: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A person's change: what the line was before, and the commit (None: not committed).

    ``by`` is who reworded it in a review, as the record says; the commit may then be another one's.
    """

    was: str
    commit: Commit | None
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a line comes from.

    ``commit`` is the one that git blames (None: not committed, or not known). ``filed`` are the
    outcomes that placed the line as it first read, ``folded`` the duplicates of it, ``landing`` the
    commit that brought their record (None: not known). ``changes``: what people did since, the
    latest first. ``moves``: the outcomes by which a close moved it as it is, the latest first.
    ``replaced``: the lines whose place it took.
    """

    line: TracedLine
    kind: OriginKind
    committed: bool = True
    commit: Commit | None = None
    filed: tuple[FiledOutcome, ...] = ()
    folded: tuple[FiledOutcome, ...] = ()
    landing: Commit | None = None
    changes: tuple[Change, ...] = ()
    moves: tuple[FiledOutcome, ...] = ()
    replaced: tuple[Origin, ...] = ()

    @property
    def by_hand(self) -> bool | None:
        """Whether a person wrote or changed the line; None when that cannot be known."""
        return (
            None
            if self.kind is OriginKind.UNKNOWN
            else self.kind in {OriginKind.HAND, OriginKind.REWORDED}
        )


def trace(history: CommitHistory, line: TracedLine, *, depth: int = _DEPTH) -> Origin:
    """Follows a line back to what filed it, or to the person who wrote it."""
    walk = _Walk(history, line)
    found = walk.run()
    if depth and found.filed:
        found = replace(found, replaced=_replaced(history, found, depth))
    return found


def line_of(commit: str, file: str, item: Passage) -> TracedLine:
    """A list item as a line to trace."""
    return TracedLine(commit=commit, file=file, text=item.text, first=item.first, last=item.last)


class _Walk:
    """One walk back from a line; `run` it once."""

    def __init__(self, history: CommitHistory, line: TracedLine) -> None:
        self._history = history
        self._start = line
        self._changes: list[Change] = []
        self._first: Commit | None = None
        self._committed = True

    def run(self) -> Origin:
        line = self._start
        for step in range(_STEPS):
            blamed = self._blamed(line)
            commit = self._history.commit(blamed.commit) if blamed.commit else None
            if step == 0:
                self._first, self._committed = commit, commit is not None
            found = self._filed(line, blamed, commit)
            if found is not None:
                return found
            before = self._before(line, blamed)
            if before is None:
                return self._written(line, commit)
            if line_key(before.text) != line_key(line.text):
                self._changes.append(Change(was=before.text, commit=commit))
            line = before
        return self._origin(OriginKind.HAND)

    def _blamed(self, line: TracedLine) -> Blamed:
        """The commit of a line; of a wrapped one the latest."""
        try:
            rows = blame(
                self._history.repo,
                line.file,
                commit=line.commit,
                lines=(line.first, line.last),
                moved=True,
            )
        except NoBlame:
            if line.commit:
                raise
            rows = [Blamed(number=line.first, commit="", path=line.file, origin=line.first)]
        self._history.load([row.commit for row in rows])
        loose = [row for row in rows if not row.commit]
        return loose[0] if loose else max(rows, key=lambda row: self._history.commit(row.commit).at)

    def _filed(self, line: TracedLine, blamed: Blamed, commit: Commit | None) -> Origin | None:
        """The answer, if a record has this line as it reads here or nothing more can be known."""
        filings = self._history.filings
        placed = filings.at(line.file, line.text) if line.item else []
        if commit is not None and placed:
            own = [filed for filed in placed if filed.path in commit.records]
            placed = own or placed
        if placed:
            latest = placed[-1].path
            found = [filed for filed in placed if filed.path == latest]
            told = found[0].outcome
            if told.worded_by:
                self._changes.append(Change(was=told.was, commit=commit, by=told.worded_by))
            return self._from(found)
        if commit is None:
            return None
        if commit.oid in self._history.cut:
            return self._origin(OriginKind.UNKNOWN)
        if commit.records:
            return self._amended(line, blamed, commit)
        return None

    def _amended(self, line: TracedLine, blamed: Blamed, commit: Commit) -> Origin | None:
        """A line of a landing that the record does not have as it is."""
        if not line.item:
            return None
        after = self._history.text(commit.oid, blamed.path) or ""
        gone = {
            filed.outcome.line: filed
            for filed in self._history.filings.all
            if filed.path in commit.records
            and filed.outcome.file in {blamed.path, line.file}
            and filed.outcome.line
            and not find(filed.outcome.file, after, filed.outcome.line)
        }
        was = most_alike(line.text, gone) or self._only_one(line, commit, after, gone)
        if not was:
            return None
        self._changes.append(Change(was=was, commit=commit))
        return self._from([gone[was]])

    def _only_one(
        self, line: TracedLine, commit: Commit, after: str, gone: Mapping[str, FiledOutcome]
    ) -> str:
        """The one filed line that is gone where this is the one line that no record has; else empty.

        That is how a reviewer's rewording looks that was squashed with the review it is in.
        """
        if len(gone) != 1 or len(commit.parents) > 1:
            return ""
        before = [self._history.text(parent, line.file) or "" for parent in commit.parents]
        known = {item.key for text in before for item in items_of(line.file, text)}
        brought = {
            item.key
            for item in items_of(line.file, after)
            if item.key not in known and not self._history.filings.at(line.file, item.text)
        }
        return next(iter(gone)) if brought == {line_key(line.text)} else ""

    def _before(self, line: TracedLine, blamed: Blamed) -> TracedLine | None:
        """The line that this one was made from in the commit that git blames."""
        if not line.item:
            return None
        here = self._history.text(blamed.commit, blamed.path) or ""
        for commit, path in self._places(blamed):
            text = self._history.text(commit, path)
            found = None if text is None else _source(path, here, text, line.text)
            if found is not None:
                return line_of(commit, path, found)
        return self._reviewed(line, blamed, here)

    def _reviewed(self, line: TracedLine, blamed: Blamed, here: str) -> TracedLine | None:
        """The line that a reviewer put this one in the place of, upon the commit that filed it.

        There the place is enough, however little the two have in common.
        """
        text = self._history.text(blamed.before, blamed.before_path) if blamed.before else None
        if text is None:
            return None
        new, old = items_of(blamed.path, here), items_of(blamed.before_path, text)
        lines = [item.text for item in new]
        if lines.count(line.text) != 1:
            return None
        at = in_its_place(lines, [item.text for item in old], lines.index(line.text))
        if at is None:
            return None
        filed = {one.path for one in self._history.filings.at(blamed.before_path, old[at].text)}
        under = self._history.commit(blamed.commit) if blamed.commit else None
        for _ in range(_UPON):
            if under is None or len(under.parents) != 1 or under.oid in self._history.cut:
                return None
            under = self._history.commit(under.parents[0])
            if filed.intersection(under.records):
                return line_of(blamed.before, blamed.before_path, old[at])
        return None

    def _places(self, blamed: Blamed) -> Iterator[tuple[str, str]]:
        """Where the line may have been before: its file, then others that the commit changed."""
        if blamed.before:
            yield blamed.before, blamed.before_path
        if not blamed.commit:
            return
        for parent in self._history.commit(blamed.commit).parents:
            for path in changed_markdown(self._history.repo, parent, blamed.commit)[:_FILES]:
                if (parent, path) != (blamed.before, blamed.before_path):
                    yield parent, path

    def _written(self, line: TracedLine, commit: Commit | None) -> Origin:
        """A line that no record has and that was made from none."""
        made = commit is not None and commit.records and commit.untouched
        return self._origin(
            OriginKind.OURS if line.ours or (made and not line.item) else OriginKind.HAND
        )

    def _from(self, filed: Sequence[FiledOutcome]) -> Origin:
        kind = OriginKind.REWORDED if self._changes else OriginKind.FILED
        history = self._history
        folded = tuple(history.filings.folded(filed))
        moves = []
        while filed and filed[0].moved is not None:
            moves.append(filed[0])
            filed = [one.moved for one in filed if one.moved is not None]
        return replace(
            self._origin(kind),
            filed=tuple(filed),
            folded=folded,
            landing=history.landing_of(filed[0].path) if filed else None,
            moves=tuple(moves),
        )

    def _origin(self, kind: OriginKind) -> Origin:
        known = None if self._first is None or self._first.oid in self._history.cut else self._first
        return Origin(
            line=self._start,
            kind=kind,
            committed=self._committed,
            commit=known,
            changes=tuple(self._changes),
        )


def _source(file: str, after: str, before: str, text: str) -> Passage | None:
    """The item of ``before`` that a line of ``after`` was made from.

    Only what ``after`` does not have any more can have become something else.
    """
    new, old = items_of(file, after), items_of(file, before)
    lines = [item.text for item in new]
    if text not in lines:
        new, lines = [], [text]
    at = counterpart(lines, [item.text for item in old], lines.index(text))
    return None if at is None else old[at]


def _replaced(history: CommitHistory, found: Origin, depth: int) -> tuple[Origin, ...]:
    """The lines whose place this one took: as they were before the landing, else as a record has them."""
    filed = next((filed for filed in found.filed if filed.replaces), None)
    if filed is None:
        return ()
    # Of several lines, each is followed less far, so that together they are no more work.
    lines = filed.replaces[:depth]
    return tuple(_gone(history, found, filed, line, depth // len(lines)) for line in lines)


def _gone(
    history: CommitHistory, found: Origin, filed: FiledOutcome, line: tuple[str, str], depth: int
) -> Origin:
    file, text = line
    if found.landing is not None:
        for parent in found.landing.parents:
            before = history.text(parent, file)
            items = find(file, before, text) if before is not None else []
            if items:
                return trace(history, line_of(parent, file, items[0]), depth=max(0, depth - 1))
    earlier = [one for one in history.filings.at(file, text) if one.path != filed.path]
    there = TracedLine(commit="", file=file, text=text, first=0, last=0)
    if not earlier:
        return Origin(line=there, kind=OriginKind.UNKNOWN)
    rows = tuple(one for one in earlier if one.path == earlier[-1].path)
    gone = Origin(
        line=there, kind=OriginKind.FILED, filed=rows, landing=history.landing_of(rows[0].path)
    )
    return replace(gone, replaced=_replaced(history, gone, depth - 1) if depth > 1 else ())

"""Checks that everything can be traced: lines to records or people, records to lines or commits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.memory.passages import find, line_key
from gitmem.trace.history import CommitHistory, blame
from gitmem.trace.line_fate import LineState, MemoryAtCommit

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitmem.git.repository import Repository
    from gitmem.memory.passages import Passage
    from gitmem.trace.history import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceGap:
    """A line (``number`` > 0), or a record's word on a flag, that cannot be traced.

    ``unknown``: a full history might tell.
    """

    file: str
    number: int
    text: str
    flag: str
    reason: str
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceReport:
    """How many lines and filed lines of a commit were traced, and which could not be."""

    commit: str
    lines: int
    filed: int
    gaps: tuple[TraceGap, ...]
    unknown: tuple[TraceGap, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no gap, and nothing that cannot be told."""
        return not self.gaps and not self.unknown


def check_trace(repo: Repository, *, folder: str) -> TraceReport:
    """Trace everything in the commit that is checked out; the work tree is not read."""
    commit = refs.resolve(repo, "HEAD")
    if not commit:
        return TraceReport(commit="", lines=0, filed=0, gaps=(), unknown=())
    memory = MemoryAtCommit(CommitHistory(repo, commit), folder)
    placed = [filed for filed in memory.history.filings.all if filed.outcome.line]
    lines = {file: [item for item in items if item.whole] for file, items in memory.items.items()}
    found = [*_lines(memory, lines), *_records(memory)]
    return TraceReport(
        commit=commit,
        lines=sum(len(items) for items in lines.values()),
        filed=len(placed),
        gaps=tuple(gap for gap in found if not gap.unknown),
        unknown=tuple(gap for gap in found if gap.unknown),
    )


def _lines(memory: MemoryAtCommit, lines: dict[str, list[Passage]]) -> Iterator[TraceGap]:
    """Yield lines that a commit of gitmem added and no record has; one blame for each file."""
    history = memory.history
    told = [
        text
        for one in history.filings.all
        for text in (one.outcome.line, *(text for _, text in one.replaces))
        if text
    ]
    filed = {line_key(text) for text in told}
    for file, items in lines.items():
        keys = _keys(memory.items[file])
        open_ = [item for item in items if not keys[item.first] & filed]
        if not open_:
            continue
        blamed = {row.number: row.commit for row in blame(history.repo, file, commit=history.tip)}
        history.load([*blamed.values()])
        for item in open_:
            commit = history.commit(blamed[item.first])
            if commit.oid in history.cut:
                reason = "no record has it, and the history before this clone's is not here"
            elif commit.records and commit.untouched and not _older(history, commit, file, item):
                reason = f"{commit.oid[:12]} is a review commit, and its record does not have this"
            else:
                continue
            yield TraceGap(
                file=file,
                number=item.first,
                text=item.text,
                flag="",
                reason=reason,
                unknown=commit.oid in history.cut,
            )


def _keys(items: Iterable[Passage]) -> dict[int, set[str]]:
    """How an item may stand in a record: whole, or its first line, to which a person added more."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for item in items:
        found[item.first].add(item.key)
    return found


def _older(history: CommitHistory, commit: Commit, file: str, item: Passage) -> bool:
    """Whether the line was there before: a last line that only got its line end is blamed, too."""
    texts = [history.text(parent, file) or "" for parent in commit.parents]
    return any(find(file, text, item.text) for text in texts)


def _records(memory: MemoryAtCommit) -> Iterator[TraceGap]:
    """Yield what records say and neither files nor history confirm."""
    filings = memory.history.filings
    for path in filings.unreadable:
        yield TraceGap(file=path, number=0, text="", flag="", reason="this record cannot be read")
    for filed in filings.all:
        if not filed.outcome.line:
            continue
        fate = memory.fate_of(filed)
        if fate.state not in {LineState.MISSING, LineState.UNKNOWN}:
            continue
        unknown = fate.state is LineState.UNKNOWN
        reason = f"{filed.drain} says that it was filed here; it is not there, and "
        reason += (
            "which commit took it out is not in this clone's history"
            if unknown
            else ("no commit took it out")
        )
        yield TraceGap(
            file=filed.outcome.file,
            number=0,
            text=filed.outcome.line,
            flag=filed.outcome.flag.id,
            reason=reason,
            unknown=unknown,
        )

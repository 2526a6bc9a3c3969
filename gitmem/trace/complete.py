"""The check that everything can be traced: lines to records or people, records to lines or commits."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.git import refs
from gitmem.memory.passages import find, line_key
from gitmem.trace.became import Now, Present
from gitmem.trace.blame import blame
from gitmem.trace.past import Past

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from gitmem.git.repository import Repository
    from gitmem.memory.passages import Passage
    from gitmem.trace.history import Commit


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """Something that cannot be traced: a line (``number`` > 0), or what a record says of a flag.

    ``unknown``: a full history might tell.
    """

    file: str
    number: int
    text: str
    flag: str
    reason: str
    unknown: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Traced:
    """How many lines and record lines were looked at in a commit, and what could not be traced."""

    commit: str
    lines: int
    filed: int
    gaps: tuple[Gap, ...]
    unknown: tuple[Gap, ...]

    @property
    def ok(self) -> bool:
        """Whether there is no gap, and nothing that cannot be told."""
        return not self.gaps and not self.unknown


def traced(repo: Repository, *, folder: str) -> Traced:
    """Traces all of the commit that is checked out; the work tree is not looked at."""
    commit = refs.resolve(repo, "HEAD")
    if not commit:
        return Traced(commit="", lines=0, filed=0, gaps=(), unknown=())
    present = Present(Past(repo, commit), folder)
    placed = [filed for filed in present.past.filings.all if filed.outcome.line]
    lines = {file: [item for item in items if item.whole] for file, items in present.items.items()}
    found = [*_lines(present, lines), *_records(present)]
    return Traced(
        commit=commit,
        lines=sum(len(items) for items in lines.values()),
        filed=len(placed),
        gaps=tuple(gap for gap in found if not gap.unknown),
        unknown=tuple(gap for gap in found if gap.unknown),
    )


def _lines(present: Present, lines: dict[str, list[Passage]]) -> Iterator[Gap]:
    """Lines that a commit of gitmem's brought and no record has; one blame for each file."""
    past = present.past
    told = [text for one in past.filings.all for text in (one.outcome.line, one.replaces) if text]
    filed = {line_key(text) for text in told}
    for file, items in lines.items():
        keys = _keys(present.items[file])
        open_ = [item for item in items if not keys[item.first] & filed]
        if not open_:
            continue
        blamed = {row.number: row.commit for row in blame(past.repo, file, commit=past.commit)}
        past.look([*blamed.values()])
        for item in open_:
            commit = past.seen(blamed[item.first])
            if commit.oid in past.cut:
                reason = "no record has it, and the history before this clone's is not here"
            elif commit.records and commit.untouched and not _older(past, commit, file, item):
                reason = f"{commit.oid[:12]} is a review commit, and its record does not have this"
            else:
                continue
            yield Gap(
                file=file,
                number=item.first,
                text=item.text,
                flag="",
                reason=reason,
                unknown=commit.oid in past.cut,
            )


def _keys(items: Iterable[Passage]) -> dict[int, set[str]]:
    """How an item may stand in a record: whole, or its first line, to which a person added more."""
    found: defaultdict[int, set[str]] = defaultdict(set)
    for item in items:
        found[item.first].add(item.key)
    return found


def _older(past: Past, commit: Commit, file: str, item: Passage) -> bool:
    """Whether the line was there before: a last line that only got its line end is blamed, too."""
    texts = [past.text(parent, file) or "" for parent in commit.parents]
    return any(find(file, text, item.text) for text in texts)


def _records(present: Present) -> Iterator[Gap]:
    """What records say that neither the files nor the history bear out."""
    filings = present.past.filings
    for path in filings.unreadable:
        yield Gap(file=path, number=0, text="", flag="", reason="this record cannot be read")
    for filed in filings.all:
        if not filed.outcome.line:
            continue
        became = present.became(filed)
        if became.now not in {Now.MISSING, Now.UNKNOWN}:
            continue
        unknown = became.now is Now.UNKNOWN
        reason = f"{filed.drain} says that it was filed here; it is not there, and "
        reason += (
            "which commit took it out is not in this clone's history"
            if unknown
            else ("no commit took it out")
        )
        yield Gap(
            file=filed.outcome.file,
            number=0,
            text=filed.outcome.line,
            flag=filed.outcome.flag.id,
            reason=reason,
            unknown=unknown,
        )

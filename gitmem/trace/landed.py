"""What landed in memory, in the order in which it landed: each line, its flags, and the commit that brought it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.records import record_files, target
from gitmem.records.drain_record import Fate, closed_at
from gitmem.trace.filings import Filings
from gitmem.trace.history import DATE, PLAIN, shallow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.records.target import Target
    from gitmem.trace.filings import FiledOutcome

_FIELDS = 4  # of a landing, before its records


@dataclass(frozen=True, slots=True, kw_only=True)
class Landing:
    """The commit that brought a record to the target: who wrote it, who made it, and when (UTC)."""

    oid: str
    author: str
    committer: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LandedLine:
    """A line that a drain filed, as the record has it, and the flags that it is made of.

    ``landing`` is None where this clone's history does not reach so far back; then ``at`` is the time
    of the close.
    """

    fate: Fate
    file: str
    line: str
    drain: str
    flags: tuple[Flag, ...]
    at: str
    landing: Landing | None


def landed(repo: Repository, where: Target) -> list[LandedLine]:
    """Return every line that landed on the local target or its upstream, the earliest first.

    What a drain skipped is left out. A flag that was folded into another flag of its close belongs to
    that one's line; one that was folded into an earlier line brought none.
    """
    records, brought = _records(repo, where)
    # What is older than this clone's history comes first, by the time in its name.
    places = {path: number for number, path in enumerate(brought)}
    order = sorted(records, key=lambda path: places.get(path, -1))
    return [line for path in order for line in _lines(records[path], brought.get(path))]


def landings(repo: Repository, where: Target) -> dict[str, Landing | None]:
    """Return flag to what brought its latest record to the target; None where that is not known."""
    records, brought = _records(repo, where)
    return {
        filed.outcome.flag.id: brought.get(path)
        for path, record in records.items()
        for filed in record
    }


def _records(
    repo: Repository, where: Target
) -> tuple[dict[str, list[FiledOutcome]], dict[str, Landing]]:
    """Return the outcomes of each record on the target or its upstream, and what brought it there."""
    tip, diverged = target.leading_commit(repo, where)
    tips = [tip, where.local] if diverged else [tip] if tip else []
    texts = {
        path: text for one in tips for path, text in record_files.newest_texts(repo, one).items()
    }
    records: dict[str, list[FiledOutcome]] = {}
    for filed in Filings(texts).all:
        records.setdefault(filed.path, []).append(filed)
    return records, _brought(repo, tips) if records else {}


def _lines(record: Sequence[FiledOutcome], landing: Landing | None) -> list[LandedLine]:
    lines: dict[tuple[str, str], list[FiledOutcome]] = {}
    of_flag: dict[str, list[FiledOutcome]] = {}
    for filed in record:
        outcome = filed.outcome
        if outcome.line:
            same = lines.setdefault((outcome.file, outcome.line), [])
            same.append(filed)
            of_flag[outcome.flag.id] = same
    for filed in record:
        outcome = filed.outcome
        if outcome.fate is Fate.DUPLICATE and outcome.survivor in of_flag:
            of_flag[outcome.survivor].append(filed)
    return [
        LandedLine(
            fate=filed[0].outcome.fate,
            file=file,
            line=line,
            drain=filed[0].drain,
            flags=tuple({one.outcome.flag.id: one.outcome.flag for one in filed}.values()),
            at=landing.at if landing else closed_at(filed[0].path),
            landing=landing,
        )
        for (file, line), filed in lines.items()
    ]


def _brought(repo: Repository, tips: Sequence[str]) -> dict[str, Landing]:
    """Return record to the commit that brought it to the branch that ``tips`` are on, the earliest first.

    Of a merge that is the merge itself, so its author is who accepted the review. Records that were
    there where a shallow clone's history begins are left out.
    """
    said = repo.git(
        "log", *PLAIN, DATE, "--first-parent", "-m", "--name-only", "--diff-filter=A", "--no-renames",
        "--format=%x00%H%x00%an <%ae>%x00%cn <%ce>%x00%cd%x00", *tips, "--",
        *record_files.pathspecs(repo, *tips), env={"TZ": "UTC"},
    ).out.decode("utf-8", "replace")  # fmt: skip
    cut = shallow(repo)
    fields = said.split("\0")[1:]
    found: dict[str, Landing] = {}
    for at in range(0, len(fields) - _FIELDS, _FIELDS + 1):
        oid, author, committer, when, names = fields[at : at + _FIELDS + 1]
        if oid not in cut:
            landing = Landing(oid=oid, author=author, committer=committer, at=when)
            for name in names.split("\n"):
                if name:
                    found.setdefault(name, landing)  # the latest: it may have been taken back
    return dict(reversed(found.items()))

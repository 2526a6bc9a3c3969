"""Closes for an audit: the ledger's lines and the drain records, each close once."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from gitmem.boundaries.background import STARTED, Flight
from gitmem.clients import registry
from gitmem.core import quantities
from gitmem.proof.close_gaps import CloseAudit, audit, lost, of_record, unstarted
from gitmem.records import record_files, target
from gitmem.records.drain_record import read_header
from gitmem.session import boundary, ledger, session_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.drain_record import RecordedClose

_LEFT = "left it to another"


def read(
    repo: Repository,
    configured: str,
    lines: Sequence[Mapping[str, object]],
    since: int,
    *,
    by_itself: bool,
) -> list[CloseAudit]:
    """Every close since a moment, oldest first; ``by_itself``: every session's end is to start one."""
    made = _records(repo, configured)
    closes = [line for line in lines if line.get("event") == "close"]
    told = [
        audit(line, made.get(str(line.get("drain")))) for line in closes if line.get("did") != _LEFT
    ]
    named = {line.get("drain") for line in closes}
    told += [of_record(record) for drain, record in made.items() if drain not in named]
    told += lost(_unanswered(lines), under_way=Flight(repo.folder).under_way())
    if by_itself:
        told += unstarted(_without_start(lines))
    told = [one for one in told if (quantities.seconds(one.at) or 0) >= since]
    return sorted(told, key=lambda one: one.at)  # of one second: as the ledger has them


def _without_start(lines: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """The ends that started no close, after an earlier one did: so it was on by then."""
    ends = [line for line in lines if _is_end(str(line.get("client")), str(line.get("event")))]
    starts = [_started(end) for end in ends]
    first = starts.index(True) if True in starts else len(ends)
    return [end for end in ends[first:] if not _started(end)]


@cache
def _is_end(client: str, event: str) -> bool:
    """Whether a client calls the end of a session so."""
    adapter = registry.find(client)
    return adapter is not None and adapter.parse({}, event).kind == boundary.END


def _started(line: Mapping[str, object]) -> bool:
    return STARTED in str(line.get("did"))


def _unanswered(lines: Sequence[Mapping[str, object]]) -> list[Mapping[str, object]]:
    """The lines of sessions' ends that started a close of which nothing was heard."""
    open_ends: dict[str, Mapping[str, object]] = {}
    for line in lines:
        session = session_file.name(str(line.get("session") or ""))
        if _started(line):
            open_ends[session] = line
        elif line.get("event") == "close" and line.get("how") == ledger.DETACHED:
            open_ends.pop(session, None)
    return list(open_ends.values())


def _records(repo: Repository, configured: str) -> dict[str, RecordedClose]:
    """The headers of all drain records, landed or in review, by their drain."""
    try:
        deciding = [target.find(repo, configured).deciding]
    except target.CannotTell:
        deciding = []
    found: dict[str, RecordedClose] = {}

    def note(_: str, content: bytes) -> None:
        header = read_header(content.decode("utf-8", "replace"))
        if header:
            found[header.drain] = header

    for tip in [*deciding, *target.review_tips(repo)]:
        record_files.read_each(repo, record_files.at(repo, tip), note)
    return found

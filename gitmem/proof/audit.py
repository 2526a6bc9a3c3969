"""Audit: what transcripts show, what the ledger saw and what was flagged, side by side."""

from __future__ import annotations

import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from gitmem.boundaries.background import STARTED, under_way
from gitmem.boundaries.guards import HELD
from gitmem.clients import registry
from gitmem.clients.transcripts import COMMIT
from gitmem.core import quantities
from gitmem.git import local
from gitmem.git.process import ANY
from gitmem.git.repository import SETTINGS
from gitmem.proof.gaps import (
    CloseAudit,
    Evidence,
    HookRuns,
    audit_close,
    judge,
    lost,
    of_record,
    unstarted,
)
from gitmem.queue import contents
from gitmem.records import record_files, target
from gitmem.records.drain_record import read_header
from gitmem.session import boundary, ledger, session_file
from gitmem.session.session import fold

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
    from gitmem.clients.client import Client
    from gitmem.clients.transcripts import SeenBy
    from gitmem.git.repository import Repository
    from gitmem.proof.gaps import SessionAudit
    from gitmem.records.drain_record import RecordedClose

Lines = list[dict[str, object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedClient:
    """A client whose sessions are read, and the events that gitmem's hooks are installed for.

    ``seen_by`` says which of them see which boundary.
    """

    client: Client
    events: frozenset[str]
    seen_by: SeenBy


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditScope:
    """What to look at.

    Sessions heard of ``since`` a moment (seconds since 1970; 0: all) of the ``clients`` in the work
    trees ``tops``, as a person with this ``environ`` has them. ``target`` is the configured one;
    ``by_itself`` says that the end of a session starts a close.
    """

    since: int
    clients: tuple[WatchedClient, ...]
    environ: Mapping[str, str]
    tops: tuple[str, ...]
    target: str
    by_itself: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The audit. ``began`` is when the ledger begins, ``torn`` how many of its lines cannot be read."""

    began: int
    sessions: tuple[SessionAudit, ...]
    closes: tuple[CloseAudit, ...]
    torn: int

    @property
    def gaps(self) -> int:
        """How many there are."""
        of_sessions = sum(len(one.gaps) for one in self.sessions)
        return of_sessions + sum(len(one.gaps) for one in self.closes)


def work_trees(repo: Repository) -> tuple[str, ...]:
    """Return the roots of all work trees of the repository."""
    listed = repo.git("worktree", "list", "--porcelain", ok=ANY).text.splitlines()
    found = [line.removeprefix("worktree ") for line in listed if line.startswith("worktree ")]
    return tuple(dict.fromkeys([repo.top, *found]))


def read(repo: Repository, scope: AuditScope, now: float) -> Report:
    """Read everything and judge it. Raises OSError, and Unreadable for a damaged queue."""
    lines, torn = ledger.entries(repo.folder)
    began = _began(repo, lines) or int(now)
    told: dict[str, SessionTranscript] = {}
    watching: dict[str, WatchedClient] = {}
    for watched in scope.clients:
        sessions_of = watched.client.conversations(
            scope.environ, scope.tops, max(scope.since, began)
        )
        told |= sessions_of
        watching |= dict.fromkeys(sessions_of, watched)
    fired = _fired(lines)
    flagged = _flagged(repo)
    known = [session for session in dict.fromkeys([*fired, *told]) if session]
    judged = [
        judge(
            _evidence(repo, session, fired.get(session, HookRuns()), told.get(session), flagged),
            watched=watching[session].events if session in watching else frozenset(),
            seen_by=watching[session].seen_by if session in watching else {},
            since=began,
            now=int(now),
        )
        for session in known
    ]
    heard = sorted(
        (one for one in judged if one.last >= scope.since), key=lambda one: (one.at, one.last)
    )
    return Report(
        began=began,
        sessions=tuple(heard),
        closes=tuple(_closes(repo, scope.target, lines, scope.since, by_itself=scope.by_itself)),
        torn=torn,
    )


def _began(repo: Repository, lines: Lines) -> int:
    """Since when hooks should have fired: the wiring of this work tree, or what the ledger still knows.

    A ledger that was put aside does not know its beginning; 0 where there is neither.
    """
    times = [at for at in map(_at, lines) if at]
    if not ledger.put_aside(repo.folder):
        times += [int(at) for at in [local.changed(f"{repo.top}/{SETTINGS}")] if at]
    return min(times, default=0)


def _evidence(
    repo: Repository,
    session: str,
    fired: HookRuns,
    told: SessionTranscript | None,
    flagged: Mapping[str, int],
) -> Evidence:
    marks = session_file.told(repo.folder, session)
    shown = [one.detail for one in told.boundaries if one.kind == COMMIT] if told else []
    return Evidence(
        session=session,
        fired=fired,
        conversation=told,
        marks=[word for line in marks for word in line.split(" ")] if marks else None,
        commits=_commits(repo, shown),
        flags=flagged.get(session, 0),
        pending=tuple(
            name
            for name in fold("\n".join(marks)).pending
            if name != boundary.TURN and name not in boundary.ASIDE
        ),
    )


def _commits(repo: Repository, names: Iterable[str]) -> frozenset[str]:
    """Which of these names of commits, shortened by a client, are in this repository."""
    wanted = [name for name in dict.fromkeys(names) if name and not name.strip("0123456789abcdef")]
    if not wanted:
        return frozenset()
    stdin = "".join(f"{name}^{{commit}}\n" for name in wanted).encode()
    done = repo.git("cat-file", "--batch-check=%(objecttype)", stdin=stdin, ok=ANY)
    kinds = done.text.splitlines()
    return frozenset(name for name, kind in zip(wanted, kinds, strict=False) if kind == "commit")


def _fired(lines: Sequence[Mapping[str, object]]) -> dict[str, HookRuns]:
    """The hooks of each session; a line about a close or a sync is none."""
    by_session: dict[str, Lines] = {}
    for line in lines:
        if line.get("event") not in ("close", "sync"):
            by_session.setdefault(str(line.get("session") or ""), []).append(dict(line))
    return {session: _of_session(mine) for session, mine in by_session.items()}


def _of_session(lines: Lines) -> HookRuns:
    return HookRuns(
        client=str(lines[0].get("client") or ""),
        hooks=tuple(
            (_at(line), str(line.get("event")), str(line.get("call") or line.get("turn") or ""))
            for line in lines
        ),
        nudges=tuple(_when(line) for line in lines if "nudged" in str(line.get("did"))),
        holds=sum(str(line.get("did")).startswith(HELD) for line in lines),
        showings=tuple(_when(line) for line in lines if line.get("shown")),
        errors=tuple(f"{line.get('event')}: {line['error']}" for line in lines if "error" in line),
        marks=tuple((_at(line), name) for line in lines for name in _marked(line)),
    )


def _when(line: Mapping[str, object]) -> tuple[int, str]:
    return _at(line), str(line.get("event"))


def _marked(line: Mapping[str, object]) -> list[str]:
    """The boundaries that a hook marked; an older gitmem wrote down what it said of them only."""
    decided = line.get("decided")
    if isinstance(decided, list):
        marks = [str(entry).split(" ") for entry in decided]
        return [words[1] for words in marks if words[0] == "mark" and words[1:]]
    did, _, _ = str(line.get("did")).partition(", ")
    return did.removeprefix("marked ").split(" and ") if did.startswith("marked ") else []


def _flagged(repo: Repository) -> dict[str, int]:
    """How many flags each session made: queued, in the journal, or landed and pruned."""
    counts: dict[str, int] = {}
    for flag in contents.read_queue(repo).flags.values():
        if flag.session:
            counts[flag.session] = counts.get(flag.session, 0) + 1
    return counts


def _at(line: Mapping[str, object]) -> int:
    return quantities.seconds(str(line.get("at", ""))) or 0


def since(text: str, now: float) -> int | None:
    """Return a moment written as ``2026-11-20``, ``2026-11-20T10:00:00Z``, ``7d``, ``12h`` or ``2w``; None for another."""
    units = {"h": 3600, "d": 86_400, "w": 7 * 86_400}
    number, unit = text[:-1], text[-1:]
    if unit in units and number.isascii() and number.isdigit() and len(number) < 6:  # noqa: PLR2004
        return int(now) - int(number) * units[unit]
    for shape in ("%Y-%m-%d", "%Y-%m-%dT%H:%M:%SZ"):
        try:
            time.strptime(text, shape)
        except ValueError:
            continue
        return quantities.seconds(text if "T" in text else f"{text}T00:00:00Z")
    return None


_LEFT = "left it to another"


def _closes(
    repo: Repository,
    configured: str,
    lines: Sequence[Mapping[str, object]],
    since: int,
    *,
    by_itself: bool,
) -> list[CloseAudit]:
    """Every close since a moment, oldest first; ``by_itself``: every session's end starts one."""
    made = _recorded(repo, configured)
    closes = [line for line in lines if line.get("event") == "close"]
    told = [
        audit_close(line, made.get(str(line.get("drain"))))
        for line in closes
        if line.get("did") != _LEFT
    ]
    named = {line.get("drain") for line in closes}
    told += [of_record(record) for drain, record in made.items() if drain not in named]
    told += lost(_unanswered(lines), under_way=under_way(repo.folder))
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
    """The lines of sessions' ends that started a close that was never heard of."""
    open_ends: dict[str, Mapping[str, object]] = {}
    for line in lines:
        session = session_file.name(str(line.get("session") or ""))
        if _started(line):
            open_ends[session] = line
        elif line.get("event") == "close" and line.get("how") == ledger.DETACHED:
            open_ends.pop(session, None)
    return list(open_ends.values())


def _recorded(repo: Repository, configured: str) -> dict[str, RecordedClose]:
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

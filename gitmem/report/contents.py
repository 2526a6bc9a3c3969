"""What the page says, as plain values: sessions, loops, memory, closes and lines to look at."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gitmem.core import quantities
from gitmem.loops import flag_history, loops
from gitmem.proof import arrival, audit, stats
from gitmem.recall.idle import DAYS
from gitmem.records import snapshot
from gitmem.trace import stale

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.loops.loops import LoopReport
    from gitmem.proof.arrival import Arrival
    from gitmem.proof.audit import AuditScope
    from gitmem.proof.gaps import SessionAudit
    from gitmem.recall.line import LandedLine
    from gitmem.records.drain_record import RecordedClose

Fields = dict[str, Any]
_SECONDS = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What to read: the configured target, the folder of memory, what an audit looks at, and the time.

    ``price`` reckons dollars from tokens in and out, for closes whose price was not known then.
    """

    configured: str
    folder: str
    scope: AuditScope
    now: float
    price: Callable[[int, int], float] | None = None


def gather(repo: Repository, asked: Asked) -> Fields:
    """Return what the page says. Writes nothing.

    Raises CannotTell, OSError, and TooLarge and Unreadable for what cannot be read.
    """
    seen = snapshot.take(repo, asked.configured)
    history = flag_history.read(repo, seen)
    states = {flag.id: state for state, flags in seen.state.by_state.items() for flag in flags}
    flags = [
        flag_fields(entry.flag, states.get(entry.flag.id) or seen.records.state(entry.flag.id))
        for entry in history.entries
    ]
    judged = audit.read(repo, asked.scope, asked.now)
    landed = stats.read(repo, asked.configured, price=asked.price)
    reaches = arrival.read(repo, asked.configured, asked.folder, asked.now)
    return {
        "at": _time(int(asked.now)),
        "target": landed.ref,
        "flags": flags,
        "states": _ids(flags, "state"),
        "kinds": _ids(flags, "kind"),
        "sessions": sessions(judged.sessions, flags),
        "loops": [_loop(one) for one in loops.loops_in(repo, seen, history, asked.folder)],
        "memory": _memory(reaches),
        "weeks": weeks(landed.closes),
        "unreadable": list(landed.unreadable),
        "stale": [
            {
                "file": one.file,
                "line": one.number,
                "text": one.text,
                "reason": f"{one.cites}: {one.reason}",
            }
            for one in stale.stale_in_commit(repo, folder=asked.folder)
        ],
        "not_shown": {"days": DAYS, "lines": [_line(line) for line in reaches.idle]},
    }


def flag_fields(flag: Flag, state: str) -> Fields:
    """Return a flag as the page has it."""
    return {
        "id": flag.id,
        "kind": flag.kind,
        "text": flag.text,
        "better": flag.better or "",
        "at": flag.at,
        "session": flag.session or "",
        "state": state or "undrained",
        "tainted": bool(flag.tainted),
    }


def _ids(flags: Sequence[Fields], field: str) -> dict[str, list[str]]:
    ids: dict[str, list[str]] = {}
    for flag in flags:
        ids.setdefault(str(flag[field]), []).append(flag["id"])
    return dict(sorted(ids.items(), key=lambda item: (-len(item[1]), item[0])))


def sessions(judged: Sequence[SessionAudit], flags: Sequence[Fields]) -> list[Fields]:
    """Return the sessions, the newest first, each with its boundaries, nudges and flags in order of time.

    Flags of no session come as one without a name.
    """
    by_session: dict[str, list[Fields]] = {}
    for flag in flags:
        by_session.setdefault(flag["session"], []).append(flag)
    known = {one.evidence.session: one for one in judged}
    rows = [
        _session(name, known.get(name), by_session.get(name, []))
        for name in dict.fromkeys([*known, *by_session])
    ]
    return sorted(rows, key=lambda one: str(one["at"]), reverse=True)


def _session(name: str, judged: SessionAudit | None, flags: Sequence[Fields]) -> Fields:
    fired = judged.evidence.fired if judged else None
    events: list[Fields] = [
        {"at": flag["at"], "what": "flag", "flag": flag["id"]} for flag in flags
    ]
    if fired:
        events += [{"at": _time(at), "what": "boundary", "name": why} for at, why in fired.marks]
        events += [{"at": _time(at), "what": "nudge", "name": ""} for at, _ in fired.nudges]
    events.sort(key=lambda event: str(event["at"]))
    began = _time(judged.at) if judged and judged.at else ""
    counts = Counter(str(event["what"]) for event in events)
    return {
        "session": name,
        "client": fired.client if fired else "",
        "at": min(
            [began, *[str(event["at"]) for event in events[:1]]], key=lambda at: (not at, at)
        ),
        "boundaries": counts["boundary"],
        "nudges": counts["nudge"],
        "flags": counts["flag"],
        "gaps": list(judged.gaps) if judged else [],
        "events": events,
    }


def _loop(one: LoopReport) -> Fields:
    loop = one.loop
    edit = loop.edit or loop.proposal
    return {
        "state": loop.state.value.replace("_", " "),
        "snags": [_entry(entry.flag) for entry in loop.opened],
        "fix": {
            "file": loop.file or one.climb.file,
            "rung": one.climb.rung.value,
            "commit": edit.commit if edit else "",
        },
        "again": [_entry(entry.flag) for entry in loop.again],
    }


def _entry(flag: Flag) -> Fields:
    return {"id": flag.id, "at": flag.at, "text": flag.text, "better": flag.better or ""}


def _memory(reaches: Arrival) -> Fields:
    imports, folder = reaches.imports, reaches.folder
    shown: dict[str, list[Fields]] = {}
    for one in reaches.most:
        told = {**_line(one.line), "shown": one.shown.count}
        shown.setdefault(one.line.file, []).append(told)
    names = [(f"{folder}/{name}", "") for name in imports.names]
    names += [(f"{folder}/{name}", left.reason) for name, left in sorted(imports.left.items())]
    known = {file for file, _ in names}
    names += [(file, "not a topic") for file in sorted(shown.keys() - known)]
    return {
        "bytes": imports.size,
        "budget": imports.budget,
        "lines": reaches.lines,
        "lines_loaded": reaches.loaded,
        "showings": reaches.showings,
        "topics": [
            {"file": file, "loaded": not why, "why": why, "shown": shown.get(file, [])}
            for file, why in names
        ],
    }


def _line(line: LandedLine) -> Fields:
    return {"file": line.file, "line": line.number, "text": line.text, "ids": list(line.flags)}


def weeks(closes: Sequence[RecordedClose]) -> list[Fields]:
    """Return the closes by ISO week, the newest first, each week with its sums.

    A close whose time cannot be read is in the week without a name.
    """
    grouped: dict[str, list[RecordedClose]] = {}
    for close in closes:
        grouped.setdefault(_week(close.at), []).append(close)
    rows = []
    for week, those in sorted(grouped.items(), reverse=True):
        whole = stats.totals(those)
        rows.append(
            {
                "week": week,
                "engines": sorted({close.run.engine for close in those}),
                "flags": whole.flags,
                "tokens": whole.tokens,
                "dollars": whole.dollars,
                "unpriced": whole.unpriced,
                "drains": [close.drain for close in those],
            }
        )
    return rows


def _week(at: str) -> str:
    seconds = quantities.seconds(at)
    if seconds is None:
        return ""
    year, week, _ = datetime.fromtimestamp(seconds, UTC).isocalendar()
    return f"{year}-W{week:02}"


def _time(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime(_SECONDS)

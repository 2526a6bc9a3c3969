"""`gitmem audit`: compare what should have run with what ran."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.shipped import watched_clients
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.clients.transcripts import (
    AGENT,
    BACKGROUND,
    COMMIT,
    COMPACTION,
    POLLED,
    SAID,
    TASK,
    TURN,
)
from gitmem.core.errors import UsageError
from gitmem.core.failures import CheckFailed
from gitmem.proof import audit as engine
from gitmem.proof.gaps import moment

if TYPE_CHECKING:
    from gitmem.proof.audit import Report
    from gitmem.proof.gaps import CloseAudit, SessionAudit

_SESSIONS = (
    *("session", "began", "commits", "sub-agents", "compactions", "turns"),
    *("hooks", "nudges", "flags", ""),
)
_CLOSES = ("close", "how", "configured", "ran", "at once", "flags", "")
_MINUTE = len("2026-11-20 10:00")


def audit(
    since: Annotated[
        str, typer.Option("--since", help="Only what happened since then: 2026-11-20, 7d or 12h.")
    ] = "",
    json: Json = False,
) -> None:
    r"""Compare what should have run with what ran; exit 1 on a gap.

    For each session: the boundaries in the client's transcript, the hooks in the ledger, and the
    flags. For each close: what was configured and what ran. Times are UTC.

    \b
    Examples: gitmem audit --since 7d
              gitmem audit --since 2026-11-20 --json
    """
    place, now = surroundings.here(), time.time()
    moment_of = engine.since(since, now) if since else 0
    if moment_of is None:
        raise UsageError(
            f"--since: {since!r} is not a time", hint="use a form such as 2026-11-20, 7d, 12h or 2w"
        )
    tops = engine.work_trees(place.repo)
    scope = engine.AuditScope(
        since=moment_of,
        clients=watched_clients(),
        environ=surroundings.ENVIRON,
        tops=tops,
        target=place.configured,
        by_itself=place.own_yes("autoClose"),
    )
    report = engine.read(place.repo, scope, now)
    if json:
        render.as_json(_answer(report))
    else:
        _print(report)
    if report.gaps:
        raise typer.Exit(CheckFailed.exit_code)


def _answer(report: Report) -> dict[str, object]:
    return {
        "ledger_from": moment(report.began) if report.began else None,
        "sessions": [_session(one) for one in report.sessions],
        "closes": [asdict(one) for one in report.closes],
        "not_understood": _not_understood(report),
        "torn_ledger_lines": report.torn,
        "gaps": report.gaps,
    }


def _session(one: SessionAudit) -> dict[str, object]:
    evidence, told = one.evidence, one.evidence.conversation
    shown = None
    if told is not None:
        kinds = (COMMIT, AGENT, BACKGROUND, POLLED, TASK, COMPACTION, TURN, SAID)
        shown = {
            **{kind: one.shown(kind) for kind in kinds},
            "nudges": told.nudges,
            "showings": told.showings,
            "versions": sorted(told.versions),
        }
    return {
        "session": evidence.session,
        "client": evidence.fired.client or None,
        "began": moment(one.at),
        "transcript": shown,
        "hooks": evidence.fired.events,
        "nudges": len(evidence.fired.nudges),
        "showings": len(evidence.fired.showings),
        "holds": evidence.fired.holds,
        "errors": list(evidence.fired.errors),
        "flags": evidence.flags,
        "gaps": list(one.gaps),
        "notes": list(one.notes),
    }


def _not_understood(report: Report) -> list[dict[str, object]]:
    """Return the unknown rows of transcripts: each kind, how many, and the first one."""
    kinds: dict[str, dict[str, object]] = {}
    for one in report.sessions:
        told = one.evidence.conversation
        for kind, rows in told.unknown.items() if told else ():
            known = kinds.setdefault(kind, {"kind": kind, "count": 0, "sample": rows.sample})
            known["count"] = int(str(known["count"])) + rows.count
        if told and told.damaged:
            known = kinds.setdefault("no JSON", {"kind": "no JSON", "count": 0, "sample": ""})
            known["count"] = int(str(known["count"])) + told.damaged
    return list(kinds.values())


def _print(report: Report) -> None:
    if not report.sessions and not report.closes:
        render.say("nothing to audit: no hook has run here, and there was no close")
        return
    if report.sessions:
        rows = [_row(one) for one in report.sessions]
        render.table([_SESSIONS, *rows], right=range(2, len(_SESSIONS) - 1), wide=True)
    if report.closes:
        render.say()
        render.table([_CLOSES, *map(_close_row, report.closes)], right=(4, 5), wide=True)
    render.say()
    for line in _words(report):
        render.say(line)


def _row(one: SessionAudit) -> tuple[str, ...]:
    told = one.evidence.conversation
    agents = sum(map(one.shown, (AGENT, BACKGROUND, POLLED)))
    counts = (one.shown(COMMIT), agents, one.shown(COMPACTION), one.shown(TURN))
    return (
        one.evidence.session[:8],
        moment(one.at)[:_MINUTE],
        *(str(count) if told else "-" for count in counts),
        str(len(one.evidence.fired.hooks)),
        str(len(one.evidence.fired.nudges)),
        str(one.evidence.flags),
        _verdict(one.gaps),
    )


def _close_row(one: CloseAudit) -> tuple[str, ...]:
    asked = " ".join(word for word in (one.configured, one.configured_model) if word)
    ran = " ".join(word for word in (one.engine, one.model) if word)
    return (
        one.at[:_MINUTE].replace("T", " "),
        one.how or "not in this ledger",
        asked or "-",
        ran or "-",
        f"{one.width} of {one.allowed}" if one.questions else "-",
        str(one.flags),
        _verdict(one.gaps),
    )


def _verdict(gaps: tuple[str, ...]) -> str:
    return render.count(len(gaps), "gap") if gaps else "ok"


def _words(report: Report) -> list[str]:
    """Return every gap and note as a sentence, what was not understood, and the total."""
    named = [(f"session {one.evidence.session[:8]}", one) for one in report.sessions]
    lines: list[str] = []
    for name, one in named:
        lines += [f"gap: {name}: {gap}" for gap in one.gaps]
        lines += [f"note: {name}: {note}" for note in one.notes]
    for close in report.closes:
        name = f"close of {close.at[:_MINUTE].replace('T', ' ')}"
        lines += [f"gap: {name}: {gap}" for gap in close.gaps]
        lines += [f"note: {name}: {note}" for note in close.notes]
    for rows in _not_understood(report):
        sample = f"; the first: {rows['sample']}" if rows["sample"] else ""
        lines.append(f"not understood: {rows['count']} x {rows['kind']} in transcripts{sample}")
    if report.torn:
        lines.append(f"not understood: {render.count(report.torn, 'torn line')} in the ledger")
    clean = "no gap: as far as can be seen, what should have run did run"
    lines.append(f"{render.count(report.gaps, 'gap')}" if report.gaps else clean)
    return lines

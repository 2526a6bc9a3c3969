"""The answers of `gitmem check --trace` and `--stale`, for a person and for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.cli import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.trace.stale import StaleLine
    from gitmem.trace.trace_check import TraceGap, TraceReport

SHOWN = 40  # findings listed one by one; the rest are counted


def trace_answer(report: TraceReport) -> dict[str, object]:
    """Return what was traced, for a program."""
    return {
        "commit": report.commit or None,
        "lines": report.lines,
        "records": report.filed,
        "gaps": [_gap(gap) for gap in report.gaps],
        "unknown": [_gap(gap) for gap in report.unknown],
    }


def stale_answer(stale: Sequence[StaleLine]) -> list[dict[str, object]]:
    """Return what does not resolve, for a program."""
    return [
        {
            "file": one.file,
            "line": one.number,
            "text": one.text,
            "cites": one.cites,
            "kind": one.kind.value,
            "reason": one.reason,
        }
        for one in stale
    ]


def say_trace(report: TraceReport) -> None:
    """Print what was traced, for a person."""
    for title, gaps in (("cannot be traced", report.gaps), ("cannot be told", report.unknown)):
        if gaps:
            render.say(f"{len(gaps)} {title}:")
            for gap in gaps[:SHOWN]:
                place = f"{gap.file}:{gap.number}" if gap.number else gap.file
                flag = f" (flag {gap.flag})" if gap.flag else ""
                render.say(f"  {place}{flag}  {gap.text}")
                render.say(f"    {gap.reason}")
            _more(len(gaps))
    if report.unknown:
        render.say("this clone is shallow; to fetch the full history: git fetch --unshallow")
    if report.ok:
        lines = render.count(report.lines, "line")
        filed = render.count(report.filed, "filed line")
        render.say(f"ok: {lines} traced; {filed} in place, or changed by a commit that is known")


def say_stale(stale: Sequence[StaleLine]) -> None:
    """Print what does not resolve, for a person."""
    if not stale:
        render.say("ok: everything that memory cites of this repository exists")
        return
    number = render.count(len(stale), "citation")
    render.say(f"{number} of memory {'does' if len(stale) == 1 else 'do'} not resolve; you decide:")
    for one in stale[:SHOWN]:
        render.say("  " + one.told)
    _more(len(stale))


def _gap(gap: TraceGap) -> dict[str, object]:
    return {
        "file": gap.file,
        "line": gap.number or None,
        "text": gap.text,
        "flag": gap.flag or None,
        "reason": gap.reason,
    }


def _more(number: int) -> None:
    if number > SHOWN:
        render.say(f"  and {number - SHOWN} more")

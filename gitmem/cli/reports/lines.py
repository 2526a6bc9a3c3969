"""The answers of `gitmem check --trace` and `--stale`: lists for a person, values for a program."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.cli import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.trace.stale import StaleLine
    from gitmem.trace.trace_check import TraceGap, TraceReport

SHOWN = 40  # findings listed one by one; the rest are counted


def trace_answer(found: TraceReport) -> dict[str, object]:
    """What was traced, for a program."""
    return {
        "commit": found.commit or None,
        "lines": found.lines,
        "records": found.filed,
        "gaps": [_gap(gap) for gap in found.gaps],
        "unknown": [_gap(gap) for gap in found.unknown],
    }


def stale_answer(found: Sequence[StaleLine]) -> list[dict[str, object]]:
    """What does not resolve, for a program."""
    return [
        {
            "file": one.file,
            "line": one.number,
            "text": one.text,
            "cites": one.cites,
            "kind": one.kind.value,
            "reason": one.reason,
        }
        for one in found
    ]


def say_trace(found: TraceReport) -> None:
    """What was traced, for a person."""
    for title, gaps in (("cannot be traced", found.gaps), ("cannot be told", found.unknown)):
        if gaps:
            render.say(f"{len(gaps)} {title}:")
            for gap in gaps[:SHOWN]:
                place = f"{gap.file}:{gap.number}" if gap.number else gap.file
                flag = f" (flag {gap.flag})" if gap.flag else ""
                render.say(f"  {place}{flag}  {gap.text}")
                render.say(f"    {gap.reason}")
            _more(len(gaps))
    if found.unknown:
        render.say("this clone is shallow; a full history would tell: git fetch --unshallow")
    if found.ok:
        lines = render.count(found.lines, "line")
        filed = render.count(found.filed, "filed line")
        render.say(f"ok: {lines} traced; {filed} in place, or changed by a commit that is known")


def say_stale(found: Sequence[StaleLine]) -> None:
    """What does not resolve, for a person."""
    if not found:
        render.say("ok: whatever memory cites of this repository is there")
        return
    number = render.count(len(found), "citation")
    render.say(f"{number} of memory {'does' if len(found) == 1 else 'do'} not resolve; you decide:")
    for one in found[:SHOWN]:
        render.say("  " + one.told)
    _more(len(found))


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

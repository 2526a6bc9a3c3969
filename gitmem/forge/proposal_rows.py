"""Rows of the text of a request: one Markdown list item each, with nothing of others obeyed (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.core.flag import Flag
    from gitmem.records.drain_record import Outcome

_CITED = 20  # lines with citations that are listed


def span(text: str) -> str:
    """Text of others as a Markdown code span: one line, each character shown and none obeyed."""
    plain = visible(text).replace("\n", " ").replace("\r", " ")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if plain.startswith("`") or plain.endswith("`") or not plain.strip() else ""
    return f"{fence}{gap}{plain}{gap}{fence}"


def placed(outcomes: Iterable[Outcome]) -> list[str]:
    """One row for each line, with every flag it came from."""
    lines: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        lines.setdefault((outcome.line, outcome.survivor), []).append(outcome)
    return [_row(group) for group in lines.values()]


def _row(group: Sequence[Outcome]) -> str:
    first = group[0]
    rows = [f"- {span(first.line)}"]
    if first.survivor:
        rows.append(f"  - in place of {span(first.survivor)}")
    for outcome in group:
        rows.append(f"  - {_origin(outcome)}")
        if not outcome.verbatim:
            rows.append(f"    - said {span(outcome.flag.text)}{_better(outcome)}")
    rows += [f"  - {span(why)}" for why in dict.fromkeys(one.reason for one in group) if why]
    return "\n".join(rows)


def _origin(outcome: Outcome) -> str:
    flag = outcome.flag
    marks = [_named(flag)]
    marks.append("verbatim" if outcome.verbatim else "**reworded**")
    if outcome.again:
        marks.append(f"again, after {span(outcome.again)}")
    if flag.tainted:
        marks.append("**tainted**")
    return ", ".join(marks)


def _named(flag: Flag) -> str:
    author = flag.by.partition("<")[0].strip() or "nobody"
    marks = [f"`{flag.id}`", span(flag.kind), span(author)]
    if flag.session:
        marks.append(f"session {span(flag.session[:8])}")
    return ", ".join(marks)


def folded(outcome: Outcome) -> str:
    """A flag that has no line of its own, and what says the same."""
    row = f"- {span(outcome.flag.text)}\n  - {_origin(outcome)}"
    return f"{row}\n  - same as {span(outcome.survivor)}"


def skipped(outcome: Outcome) -> str:
    """A flag that was left out, and why."""
    said = f"- {span(outcome.flag.text)}{_better(outcome)}"
    return f"{said}\n  - {_origin(outcome)}\n  - {span(outcome.reason)}"


def _better(outcome: Outcome) -> str:
    return f", better {span(outcome.flag.better)}" if outcome.flag.better else ""


def forgotten(outcome: Outcome) -> str:
    """A flag that is forgotten, told without its words: a request outlives them."""
    row = f"- {_named(outcome.flag)}"
    return f"{row}\n  - {span(outcome.reason)}" if outcome.reason else row


def restored(outcome: Outcome) -> str:
    """A line that comes back, with its flag and its file."""
    return f"- {span(outcome.line)}\n  - {_origin(outcome)}, in {span(outcome.file)}"


def cited(told: Sequence[str]) -> list[str]:
    """What cites something that is not there, 20 of it at most."""
    rows = [f"- {span(one)}" for one in told[:_CITED]]
    more = len(told) - _CITED
    return [*rows, f"\nand {more} more: `gitmem check --stale` says which"] if more > 0 else rows

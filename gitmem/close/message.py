"""The review commit's message: every line with where it comes from, and what was left."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.drain.gate import by_reason
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import TRAILER, Fate
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.drain.gate import QueuedFlag
    from gitmem.records.drain_record import Outcome, Run

_STALE = 20  # lines with citations that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParts:
    """What a review commit was made of: the drain's name, the tree, what ran and what it came to.

    ``stale`` has a sentence on each line of memory that cites what is not there, ``style`` is the
    repository's for such commits.
    """

    drain: str
    tree: str
    run: Run
    outcomes: Sequence[Outcome]
    left: Sequence[QueuedFlag]
    recurred: Sequence[str] = ()
    stale: Sequence[str] = ()
    style: CommitStyle = PLAIN


def message(made: MessageParts) -> str:
    """Subject, one paragraph per file, what was folded or skipped, what stays, and the trailers.

    Text that others wrote cannot hide here or pass for a trailer: each is one visible line.
    """
    outcomes, run = made.outcomes, made.run
    how = f"Engine: {run.engine}" + (f", model {visible(run.model)}." if run.model else ".")
    if run.engine == "verbatim":
        how += " Every line is the flag as written; nothing was judged."
    parts = [how]
    parts += _paragraph("Came back", [f"- {visible(told)}" for told in made.recurred])
    placed = [outcome for outcome in outcomes if outcome.file]
    for file in sorted({outcome.file for outcome in placed}):
        rows = [row for outcome in placed if outcome.file == file for row in _placed(outcome)]
        parts.append("\n".join([file, *rows]))
    folded = [outcome for outcome in outcomes if outcome.fate is Fate.DUPLICATE]
    parts += _paragraph("Folded into what is there already", [_folded(item) for item in folded])
    skipped = [outcome for outcome in outcomes if outcome.fate is Fate.SKIPPED]
    parts += _paragraph("Skipped", [_skipped(item) for item in skipped])
    left = [f"- {', '.join(ids)}: {visible(why)}" for why, ids in by_reason(made.left).items()]
    parts += _paragraph("Left in the queue", left)
    cited = [f"- {visible(told)}" for told in made.stale[:_STALE]]
    if len(made.stale) > _STALE:
        cited.append(f"- and {len(made.stale) - _STALE} more: gitmem check --stale")
    parts += _paragraph("Cites what is not there (nothing was changed; a person decides)", cited)
    body = made.style.wrapped("\n\n".join(parts))
    trailers = f"Gitmem-Drain: {made.drain}\n{TRAILER}: {made.tree}"
    return f"{made.style.head(_what(outcomes))}\n\n{body}\n\n{trailers}\n"


def _what(outcomes: Sequence[Outcome]) -> str:
    skipped = sum(outcome.fate is Fate.SKIPPED for outcome in outcomes)
    filed = len(outcomes) - skipped
    said = [f"file {filed} flag" + ("" if filed == 1 else "s")] if filed or not skipped else []
    return ", ".join([*said, *([f"skip {skipped}"] if skipped else [])])


def _paragraph(title: str, rows: Sequence[str]) -> list[str]:
    return ["\n".join([f"{title}:", *rows])] if rows else []


def _placed(outcome: Outcome) -> list[str]:
    flag = outcome.flag
    marks = [flag.id, flag.kind, *([visible(flag.by)] if flag.by else [])]
    if flag.session:
        marks.append(f"session {visible(flag.session[:8])}")
    marks.append("verbatim" if outcome.verbatim else "reworded")
    if outcome.again:
        marks.append(f"again, after {outcome.again}")
    if flag.tainted:
        marks.append("tainted")
    rows = [f"- {outcome.line}", f"  ({', '.join(marks)})"]
    return [*rows, f"  {visible(outcome.reason)}"] if outcome.reason else rows


def _folded(outcome: Outcome) -> str:
    told = f"- {outcome.flag.id}: {visible(outcome.flag.text)}"
    return f"{told}\n  (same as {visible(outcome.survivor)})"


def _skipped(outcome: Outcome) -> str:
    better = f"\n  better: {visible(outcome.flag.better)}" if outcome.flag.better else ""
    told = f"- {outcome.flag.id}: {visible(outcome.flag.text)}{better}"
    return f"{told}\n  ({visible(outcome.reason)})"

"""The review commit's message: every line with its origin, and what stays queued (pure)."""

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
    from gitmem.records.drain_record import LineChange, Outcome, Run

_STALE = 20  # lines with citations that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParts:
    """What the message tells: the drain's name, the tree, what ran, and what became of the flags.

    ``stale`` has a sentence for each line of memory that cites what the repository does not have.
    ``changes`` are items that are settled and lines that moved. ``style`` is the repository's own for such commits.
    """

    drain: str
    tree: str
    run: Run
    outcomes: Sequence[Outcome]
    left: Sequence[QueuedFlag]
    recurred: Sequence[str] = ()
    stale: Sequence[str] = ()
    changes: Sequence[LineChange] = ()
    style: CommitStyle = PLAIN


def message(parts: MessageParts) -> str:
    """Return the subject, a paragraph for each file, what was folded, skipped or left, and the trailers.

    Text that others wrote cannot hide here or pass for a trailer: each is one visible line.
    """
    outcomes, run = parts.outcomes, parts.run
    how = f"Engine: {run.engine}" + (f", model {visible(run.model)}." if run.model else ".")
    if run.engine == "verbatim":
        how += " Every line is the flag as written; nothing was judged."
    paragraphs = [how]
    paragraphs += _paragraph("Came back", [f"- {visible(told)}" for told in parts.recurred])
    filed_outcomes = [outcome for outcome in outcomes if outcome.file]
    for file in sorted({outcome.file for outcome in filed_outcomes}):
        rows = [
            row for outcome in filed_outcomes if outcome.file == file for row in _filed(outcome)
        ]
        paragraphs.append("\n".join([file, *rows]))
    folded = [outcome for outcome in outcomes if outcome.fate is Fate.DUPLICATE]
    paragraphs += _paragraph(
        "Folded into what is there already", [_folded(item) for item in folded]
    )
    tainted = {outcome.flag.id for outcome in outcomes if outcome.flag.tainted}
    changed = [f"- {visible(one.line)}\n  ({one.told(tainted)})" for one in parts.changes]
    paragraphs += _paragraph("Settled or moved", changed)
    skipped = [outcome for outcome in outcomes if outcome.fate is Fate.SKIPPED]
    paragraphs += _paragraph("Skipped", [_skipped(item) for item in skipped])
    left = [f"- {', '.join(ids)}: {visible(why)}" for why, ids in by_reason(parts.left).items()]
    paragraphs += _paragraph("Left in the queue", left)
    cited = [f"- {visible(told)}" for told in parts.stale[:_STALE]]
    if len(parts.stale) > _STALE:
        cited.append(f"- and {len(parts.stale) - _STALE} more: gitmem check --stale")
    paragraphs += _paragraph(
        "Cites what is not there (nothing was changed; a person decides)", cited
    )
    body = parts.style.wrapped("\n\n".join(paragraphs))
    trailers = f"Gitmem-Drain: {parts.drain}\n{TRAILER}: {parts.tree}"
    return f"{parts.style.head(_what(outcomes))}\n\n{body}\n\n{trailers}\n"


def _what(outcomes: Sequence[Outcome]) -> str:
    skipped = sum(outcome.fate is Fate.SKIPPED for outcome in outcomes)
    filed = len(outcomes) - skipped
    verbs = [f"file {filed} flag" + ("" if filed == 1 else "s")] if filed or not skipped else []
    return ", ".join([*verbs, *([f"skip {skipped}"] if skipped else [])])


def _paragraph(title: str, rows: Sequence[str]) -> list[str]:
    return ["\n".join([f"{title}:", *rows])] if rows else []


def _filed(outcome: Outcome) -> list[str]:
    flag = outcome.flag
    marks = [flag.id, flag.kind, *([visible(flag.by)] if flag.by else [])]
    if flag.session:
        marks.append(f"session {visible(flag.session[:8])}")
    if outcome.worded_by:
        marks.append(f"reworded by {visible(outcome.worded_by)}")
    else:
        marks.append("verbatim" if outcome.verbatim else "reworded")
    if flag.body:
        marks.append("with a body")
    if outcome.again:
        marks.append(f"again, after {outcome.again}")
    if flag.tainted:
        marks.append("tainted")
    rows = [f"- {outcome.line}", f"  ({', '.join(marks)})"]
    if outcome.also:
        rows += [f"  in the place of {file}: {visible(text)}" for file, text in outcome.replaced]
    return [*rows, f"  {visible(outcome.reason)}"] if outcome.reason else rows


def _folded(outcome: Outcome) -> str:
    row = f"- {outcome.flag.id}: {visible(outcome.flag.text)}"
    return f"{row}\n  (same as {visible(outcome.survivor)})"


def _skipped(outcome: Outcome) -> str:
    better = f"\n  better: {visible(outcome.flag.better)}" if outcome.flag.better else ""
    row = f"- {outcome.flag.id}: {visible(outcome.flag.text)}{better}"
    return f"{row}\n  ({visible(outcome.reason)})"

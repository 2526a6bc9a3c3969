"""The review commit's message: every line with its origin, or of many lines a summary by topic (pure)."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.quantities import count
from gitmem.drain.gate import by_reason
from gitmem.memory.topics import and_parts, by_topic
from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import TRAILER, Fate, record_path
from gitmem.safety.text import cut, visible

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.drain.gate import QueuedFlag
    from gitmem.records.drain_record import LineChange, Outcome, Run

_STALE = 20  # lines with citations that are listed
# Of a summary: together they keep it to some 40 lines.
_FILES = 12
_REASONS = 4
_TOLD = 3
_REASON = 100  # characters of one


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageParts:
    """What the message tells: what ran, and what became of the flags.

    ``stale`` has a sentence for each line of memory that cites what the repository does not have.
    ``changes`` are items that are settled and lines that moved. ``style`` is the repository's own for such commits.
    """

    run: Run
    outcomes: Sequence[Outcome]
    left: Sequence[QueuedFlag]
    recurred: Sequence[str] = ()
    stale: Sequence[str] = ()
    changes: Sequence[LineChange] = ()
    style: CommitStyle = PLAIN


def message(parts: MessageParts, drain: str, tree: str) -> str:
    """Return the subject, a paragraph for each file, what was folded, skipped or left, and the trailers.

    The trailers name the drain and the tree.
    Where that is longer than `LONGEST` lines, it counts the lines of each file and the reasons, and
    names the drain record, which has every flag.
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
    body = parts.style.fitted(paragraphs, lambda: [how, *_counted(parts, drain)])
    trailers = f"Gitmem-Drain: {drain}\n{TRAILER}: {tree}"
    return f"{parts.style.head(_what(outcomes))}\n\n{body}\n\n{trailers}\n"


def _counted(parts: MessageParts, drain: str) -> list[str]:
    """Return the summary's paragraphs: figures, and what a reviewer must not miss."""
    filed = [one for one in parts.outcomes if one.file]
    topics = by_topic(one.file for one in filed)
    of = {file: topic for topic, files in topics.items() for file in files}
    here: dict[str, list[Outcome]] = {}
    for one in filed:
        here.setdefault(of[one.file], []).append(one)
    biggest = sorted(here, key=lambda topic: (-len(here[topic]), topic))
    files = [f"- {and_parts(topics[topic])}: {_figures(here[topic])}" for topic in biggest[:_FILES]]
    if biggest[_FILES:]:
        rest = [one for topic in biggest[_FILES:] for one in here[topic]]
        files.append(f"- {count(len(biggest) - _FILES, 'more file')}: {_figures(rest)}")
    skipped: dict[str, list[str]] = {}
    for one in parts.outcomes:
        if one.fate is Fate.SKIPPED:
            skipped.setdefault(one.reason, []).append(one.flag.id)
    folded = sum(one.fate is Fate.DUPLICATE for one in parts.outcomes)
    changes = Counter(one.what.value for one in parts.changes)
    recurred = [f"- {cut(visible(told), _REASON)}" for told in parts.recurred[:_TOLD]]
    if parts.recurred[_TOLD:]:
        recurred.append(f"- and {len(parts.recurred) - _TOLD} more: gitmem loops")
    more = [
        f"Folded into what is there already: {count(folded, 'flag')}" if folded else "",
        *(f"{change.capitalize()}: {count(number, 'line')}" for change, number in changes.items()),
        f"Cites what is not there: {count(len(parts.stale), 'line')} (gitmem check --stale)"
        if parts.stale
        else "",
    ]
    figures = "\n".join(filter(None, more))
    return [
        *_paragraph("Came back", recurred),
        *_paragraph("Flags by file", files),
        *_paragraph("Skipped", _reasons(skipped)),
        *_paragraph("Left in the queue", _reasons(by_reason(parts.left))),
        *([figures] if figures else []),
        f"Each flag, with its line, author and reason, is in the record that this commit adds:\n{record_path(drain)}",
    ]


def _figures(outcomes: Sequence[Outcome]) -> str:
    """Return how many flags and, in parentheses, how many of them are reworded, tainted or long."""
    marks = {
        "reworded": sum(bool(one.line) and not one.verbatim for one in outcomes),
        "with a body": sum(bool(one.flag.body) for one in outcomes),
        "tainted": sum(one.flag.tainted for one in outcomes),
    }
    told = ", ".join(f"{number} {mark}" for mark, number in marks.items() if number)
    return count(len(outcomes), "flag") + (f" ({told})" if told else "")


def _reasons(ids: Mapping[str, Sequence[str]]) -> list[str]:
    """Return a row for each of the most frequent reasons: the flag's id, or how many flags."""
    often = sorted(ids, key=lambda why: -len(ids[why]))
    rows = []
    for why in often[:_REASONS]:
        who = ids[why][0] if len(ids[why]) == 1 else count(len(ids[why]), "flag")
        rows.append(f"- {who}: {cut(visible(why), _REASON)}")
    rest = sum(len(ids[why]) for why in often[_REASONS:])
    return [*rows, f"- {count(rest, 'more flag')}, for other reasons"] if rest else rows


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

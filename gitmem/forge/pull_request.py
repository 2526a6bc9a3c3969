"""The texts of a review's pull request: title, body and one-line description (pure).

Everything that people or models wrote stands in code spans. There a forge shows characters only, and
follows no mention, link, image, command or closing keyword.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from string import Template
from typing import TYPE_CHECKING

from gitmem.records.commit_style import PLAIN, CommitStyle
from gitmem.records.drain_record import Fate
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.gate import QueuedFlag
    from gitmem.records.drain_record import LineChange, Outcome


#: GitHub takes 65,536 characters; what a template adds around the rows is well below the difference.
LONGEST = 60_000
_ROWS = 52_000  # of it for lines, folded and skipped; the rest for what was left
_FORGOTTEN = "Forgotten: what only these flags brought is taken out"
_RESTORED = "In their own words again, because of that"
_FOLDED = "Folded into what is there already"
_STALE = "Cites what is not there (nothing was changed; a person decides)"
_DESCRIPTION = 500  # characters of a push option
_CITED = 20  # lines with citations that are listed


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviewFacts:
    """The facts behind the texts: every outcome in review, what this close left, target and judges.

    ``forgotten`` are the outcomes of flags that the review removes, ``restored`` those of flags whose
    own words come back because of that. ``instructing`` are the ids of tainted flags that become
    instructions. ``recurred`` and ``stale`` are sentences about each loop that came back and each
    line that cites something missing. ``changes`` are the items settled, and the lines moved.
    """

    outcomes: Sequence[Outcome]
    left: Sequence[QueuedFlag]
    target: str
    engine: str = ""
    model: str = ""
    instructing: frozenset[str] = frozenset()
    forgotten: Sequence[Outcome] = ()
    restored: Sequence[Outcome] = ()
    recurred: Sequence[str] = ()
    stale: Sequence[str] = ()
    changes: Sequence[LineChange] = ()


def title(facts: ReviewFacts, style: CommitStyle = PLAIN) -> str:
    """Return the title, the same for the same flags; a squash makes it the commit's subject."""
    skipped = sum(outcome.fate is Fate.SKIPPED for outcome in facts.outcomes)
    filed = len(facts.outcomes) - skipped
    forgotten = len(facts.forgotten)
    parts = [
        f"file {_count(filed, 'flag')}" if filed else "",
        f"skip {skipped}" if skipped else "",
        f"forget {_count(forgotten, 'flag')}" if forgotten else "",
    ]
    return style.head(", ".join(part for part in parts if part) or "file 0 flags")


def description(facts: ReviewFacts) -> str:
    """Return one line for a push option: no line break, and no text of others."""
    tainted = sum(1 for outcome in facts.outcomes if outcome.flag.tainted)
    files = {one.file for one in (*facts.outcomes, *facts.restored) if one.file}
    judged = f"{_count(len(facts.outcomes), 'flag')} judged by {_plain(facts.engine)}"
    parts = [
        judged if facts.outcomes or not facts.forgotten else "",
        f"{_count(len(facts.forgotten), 'flag')} forgotten" if facts.forgotten else "",
        f"{tainted} tainted" if tainted else "",
        f"{len(facts.left)} left in the queue" if facts.left else "",
        _count(len(files), "file") if files else "",
    ]
    said = ", ".join(part for part in parts if part)
    return f"{said}. Each line with its flag, author and origin is in the drain record."[
        :_DESCRIPTION
    ]


def body(template: str, facts: ReviewFacts) -> str:
    """Return the text from the template, at most 60,000 characters; it says what was cut."""
    duplicates = [one for one in facts.outcomes if one.fate is Fate.DUPLICATE]
    left_out = [one for one in facts.outcomes if one.fate is Fate.SKIPPED]
    room = _Rows(_ROWS)
    values = {
        "summary": _summary(facts),
        "judged": _judged(facts),
        "warning": _warning(facts),
        "recurred": _section("Came back", room.take([f"- {span(one)}" for one in facts.recurred])),
        "lines": room.take(_by_file(facts)).strip(),
        "forgotten": _section(_FORGOTTEN, room.take([forgotten(one) for one in facts.forgotten])),
        "restored": _section(_RESTORED, room.take([restored(one) for one in facts.restored])),
        "folded": _section(_FOLDED, room.take([folded(one) for one in duplicates])),
        "changed": _section("Settled or moved", room.take(_changed(facts))),
        "skipped": _section("Skipped", room.take([skipped(one) for one in left_out])),
    }
    rest = _Rows(LONGEST - _ROWS - len(template) - 1_000)
    values["left"] = _section(
        "Left in the queue",
        rest.take([f"- `{one.id}`: {span(one.reason)}" for one in facts.left]),
    )
    values["stale"] = _section(_STALE, rest.take(cited(facts.stale)))
    text = Template(template).substitute(values, target=facts.target)
    return re.sub(r"\n{3,}", "\n\n", text)


def _by_file(facts: ReviewFacts) -> list[str]:
    filed = [outcome for outcome in facts.outcomes if outcome.file]
    lines: list[str] = []
    for file in sorted({outcome.file for outcome in filed}):
        here = [outcome for outcome in filed if outcome.file == file]
        lines += [f"\n### {span(file)}\n", *placed(here)]
    return lines


def _changed(facts: ReviewFacts) -> list[str]:
    tainted = {one.flag.id for one in facts.outcomes if one.flag.tainted}
    return [f"- {span(one.line)}\n  - {span(one.told(tainted))}" for one in facts.changes]


class _Rows:
    """Takes rows while there is room, and says how many it left out."""

    def __init__(self, room: int) -> None:
        self._room = room

    def take(self, rows: Sequence[str]) -> str:
        taken: list[str] = []
        for row in rows:
            if len(row) + 1 > self._room:
                break
            self._room -= len(row) + 1
            taken.append(row)
        more = sum(row.startswith("- ") for row in rows[len(taken) :])
        if more:
            taken.append(f"\nand {more} more: the drain records, in .gitmem/drains, have them.")
        return "\n".join(taken)


def _summary(facts: ReviewFacts) -> str:
    forgets = _count(len(facts.forgotten), "flag")
    if not facts.outcomes and facts.forgotten:
        return f"{forgets} to forget"
    said = f"{_count(len(facts.outcomes), 'flag')} from the queue of this repository"
    return f"{said}, and {forgets} to forget" if facts.forgotten else said


def _judged(facts: ReviewFacts) -> str:
    if not facts.outcomes:
        return ""
    if facts.engine == "verbatim":
        return " Every line is the flag as written; nothing was judged."
    model = f", model {span(facts.model)}" if facts.model else ""
    return f" Judged by {span(facts.engine)}{model}, and checked line by line against the flags."


def _warning(facts: ReviewFacts) -> str:
    tainted = [one.flag.id for one in facts.outcomes if one.flag.tainted]
    if not tainted:
        return ""
    said = (
        f"**Look twice: {_count(len(tainted), 'flag')} tainted.** Untrusted text had entered the "
        "session they were made in."
    )
    if facts.instructing:
        ids = ", ".join(f"`{key}`" for key in sorted(facts.instructing))
        said += f" Of these become instructions for agents: {ids}."
    return said


def _section(heading: str, rows: str) -> str:
    return f"### {heading}\n\n{rows}" if rows else ""


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _plain(text: str) -> str:
    return "".join(letter for letter in text if letter.isascii() and letter.isprintable())


def span(text: str) -> str:
    """Return text of others as a Markdown code span: one line that shows every character."""
    plain = visible(text).replace("\n", " ").replace("\r", " ")
    longest = max((len(run) for run in re.findall(r"`+", plain)), default=0)
    fence = "`" * (longest + 1)
    gap = " " if plain.startswith("`") or plain.endswith("`") or not plain.strip() else ""
    return f"{fence}{gap}{plain}{gap}{fence}"


def placed(outcomes: Iterable[Outcome]) -> list[str]:
    """Return one row for each line, with every flag it came from."""
    lines: dict[tuple[str, str], list[Outcome]] = {}
    for outcome in outcomes:
        lines.setdefault((outcome.line, outcome.survivor), []).append(outcome)
    return [_row(group) for group in lines.values()]


def _row(group: Sequence[Outcome]) -> str:
    first = group[0]
    rows = [f"- {span(first.line)}"]
    rows += [f"  - in place of {span(text)}" for _, text in first.replaced]
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
    author = flag.by.partition("<")[0].strip() or "unknown"
    marks = [f"`{flag.id}`", span(flag.kind), span(author)]
    if flag.session:
        marks.append(f"session {span(flag.session[:8])}")
    return ", ".join(marks)


def folded(outcome: Outcome) -> str:
    """Return the row of a flag without a line of its own, and what says the same."""
    row = f"- {span(outcome.flag.text)}\n  - {_origin(outcome)}"
    return f"{row}\n  - same as {span(outcome.survivor)}"


def skipped(outcome: Outcome) -> str:
    """Return the row of a skipped flag, and why."""
    said = f"- {span(outcome.flag.text)}{_better(outcome)}"
    return f"{said}\n  - {_origin(outcome)}\n  - {span(outcome.reason)}"


def _better(outcome: Outcome) -> str:
    return f", better {span(outcome.flag.better)}" if outcome.flag.better else ""


def forgotten(outcome: Outcome) -> str:
    """Return the row of a forgotten flag, without its words: a pull request outlives them."""
    row = f"- {_named(outcome.flag)}"
    return f"{row}\n  - {span(outcome.reason)}" if outcome.reason else row


def restored(outcome: Outcome) -> str:
    """Return the row of a restored line, with its flag and file."""
    return f"- {span(outcome.line)}\n  - {_origin(outcome)}, in {span(outcome.file)}"


def cited(told: Sequence[str]) -> list[str]:
    """Return at most 20 rows of lines that cite something missing."""
    rows = [f"- {span(one)}" for one in told[:_CITED]]
    more = len(told) - _CITED
    return [*rows, f"\nand {more} more: `gitmem check --stale` says which"] if more > 0 else rows

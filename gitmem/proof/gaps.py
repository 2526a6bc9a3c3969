"""Where the written and the executed part ways: in sessions and in closes (pure).

The caller reads transcripts, ledger, session files and flags. A gap is what should have happened and did
not; a note is what a person may want to know.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from gitmem.boundaries.policy import BETWEEN
from gitmem.clients.transcripts import BATCH, COMMIT, PROMPT, unseen
from gitmem.core.jsonline import figure
from gitmem.core.quantities import count
from gitmem.session import boundary

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitmem.clients.abilities import SessionTranscript
    from gitmem.clients.transcripts import SeenBy, ShownBoundary
    from gitmem.records.drain_record import RecordedClose

#: What a person said for one close only: it goes before the settings, which is not a gap.
_SAID = ("--engine", "GITMEM_ENGINE")

#: Seconds within which a hook, or the row of its words, may still be on its way.
_LAG = 60
_HELD = "held"  # the line of a session's file that marks a hold begins with it


@dataclass(frozen=True, slots=True, kw_only=True)
class HookRuns:
    """The ledger's lines of one session, in order: when, at which event, and of which call or prompt.

    ``holds`` is how many calls a guard held, ``showings`` when lines of memory were shown; ``marks`` are
    the boundaries that were marked, each with its time.
    """

    client: str = ""
    hooks: tuple[tuple[int, str, str], ...] = ()
    nudges: tuple[tuple[int, str], ...] = ()
    showings: tuple[tuple[int, str], ...] = ()
    errors: tuple[str, ...] = ()
    marks: tuple[tuple[int, str], ...] = ()
    holds: int = 0

    @property
    def events(self) -> Mapping[str, int]:
        """How many hooks fired at each event."""
        return dict(Counter(event for _, event, _ in self.hooks))


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """All that is known of one session.

    ``conversation`` is None where no transcript was found, ``marks`` the words of its session file
    (None: there is none any more), ``commits`` the commits it shows that are in this repository,
    ``pending`` the boundaries that are marked in that file and that no nudge or flag followed.
    """

    session: str
    fired: HookRuns
    conversation: SessionTranscript | None
    marks: Collection[str] | None
    commits: Collection[str]
    flags: int
    pending: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionAudit:
    """One session held against what should have happened in it."""

    evidence: Evidence
    gaps: tuple[str, ...]
    notes: tuple[str, ...] = ()

    @property
    def at(self) -> int:
        """When the session began, in seconds since 1970."""
        told, hooks = self.evidence.conversation, self.evidence.fired.hooks
        times = [told.began] if told and told.began else []
        return min([*times, *[at for at, _, _ in hooks[:1]]], default=0)

    @property
    def last(self) -> int:
        """When the session was last heard of."""
        told, hooks = self.evidence.conversation, self.evidence.fired.hooks
        return max([told.ended if told else 0, *[at for at, _, _ in hooks[-1:]]])

    def shown(self, kind: str) -> int:
        """How many boundaries of a kind the transcript shows."""
        told = self.evidence.conversation
        return sum(one.kind == kind for one in told.boundaries) if told else 0


def judge(
    evidence: Evidence, *, watched: frozenset[str], seen_by: SeenBy, since: int, now: int
) -> SessionAudit:
    """Hold a session against the hooks that should have seen it.

    ``watched`` are the events that gitmem's hooks are installed for, ``seen_by`` says which of them
    see which boundary (in the order of weight), ``since`` when the ledger begins:
    nothing is known of what was before.
    """
    gaps = [
        *_unseen(evidence, watched, seen_by, since=since, now=now),
        *_unmarked(evidence, seen_by, since, now),
        *_unasked(evidence, now),
    ]
    fired = evidence.fired
    if fired.errors:
        gaps.append(
            f"{count(len(fired.errors), 'hook')} failed, the last one at {fired.errors[-1]}"
        )
    told = evidence.conversation
    unkept = told.unkept if told is not None else frozenset()
    due = sum(at <= now - _LAG and event not in unkept for at, event in fired.nudges)
    if told is not None and told.nudges < due:
        gaps.append(f"{count(due, 'nudge')} said by hooks, {told.nudges} in the transcript")
    shown = sum(at <= now - _LAG and event not in unkept for at, event in fired.showings)
    if told is not None and told.showings < shown:
        number = count(shown, "showing")
        gaps.append(f"{number} of memory by hooks, {told.showings} in the transcript")
    marked = sum(word == _HELD for word in evidence.marks or ())
    if evidence.marks is not None and marked < fired.holds:
        said = f"{count(fired.holds, 'call')} held by a guard, {marked} marked"
        gaps.append(f"{said}: a call may have been held twice")
    notes = []
    if fired.holds:
        notes.append(f"{count(fired.holds, 'call')} held once by a guard")
    if fired.nudges and not evidence.flags:
        notes.append(f"{count(len(fired.nudges), 'nudge')} and not one flag")
    return SessionAudit(evidence=evidence, gaps=tuple(gaps), notes=tuple(notes))


def _unseen(
    evidence: Evidence, watched: frozenset[str], seen_by: SeenBy, *, since: int, now: int
) -> list[str]:
    told = evidence.conversation
    if told is None:
        return []
    due = [
        one
        for one in told.boundaries
        if watched.intersection(seen_by[one.kind][0]) and since <= one.at <= now - _LAG
    ]
    missed = unseen(due, evidence.fired.hooks, seen_by)
    if not missed:
        return []
    if not evidence.fired.hooks:
        return [f"no hook fired in it, and its transcript shows {_listed(missed, seen_by)}"]
    return [f"{_listed(missed, seen_by)} that no hook saw"]


def _unmarked(evidence: Evidence, seen_by: SeenBy, since: int, now: int) -> list[str]:
    """Commits during which hooks fired that did not take them for one."""
    told, marks = evidence.conversation, evidence.marks
    if told is None or marks is None or not evidence.fired.hooks:
        return []
    due = [one for one in told.boundaries if one.kind == COMMIT and since <= one.at <= now - _LAG]
    missed = {id(one) for one in unseen(due, evidence.fired.hooks, seen_by)}
    known = sorted(marks)
    return [
        f"the commit {one.detail} was made in it, and the hook that fired did not mark it"
        for one in due
        if one.detail in evidence.commits
        and id(one) not in missed
        and not any(
            mark.startswith(one.detail) for mark in known[bisect_left(known, one.detail) :][:1]
        )
    ]


def _unasked(evidence: Evidence, now: int) -> list[str]:
    """Boundaries that were marked, and that no nudge followed though the model was spoken to since.

    One that waits for some distance to the last nudge is due only after so many requests.
    """
    told, pending = evidence.conversation, evidence.pending
    # What waits are the last marks of the session: those before them were asked about, or flagged after.
    waiting = [one for one in evidence.fired.marks if one[1] in pending][-len(pending) :]
    if told is None or not pending or not waiting:
        return []
    asked = [
        one.at for one in told.boundaries if one.kind in (BATCH, PROMPT) and one.at <= now - _LAG
    ]
    due = []
    for at, name in waiting:
        later = [one for one in asked if at + _LAG < one]
        if len(later) > (0 if name in boundary.AT_ONCE else BETWEEN):
            due.append((name, later[0]))
    if not due:
        return []
    names = ", ".join(dict.fromkeys(name for name, _ in due))
    said = f"{count(len(due), 'mark')} ({names}) that no nudge followed"
    return [f"{said}, though the model was asked again at {moment(due[0][1])}"]


def _listed(boundaries: Sequence[ShownBoundary], seen_by: SeenBy) -> str:
    """Such as ``2 commits (the first at 2026-11-20 10:00:05), 1 compaction (at …)``."""
    parts = []
    for kind in seen_by:  # in the order of weight: a commit before the batch it was made in
        of_kind = [one for one in boundaries if one.kind == kind]
        if not of_kind:
            continue
        first = "" if len(of_kind) == 1 else "the first "
        parts.append(f"{count(len(of_kind), kind)} ({first}at {moment(of_kind[0].at)})")
    return ", ".join(parts)


def moment(at: int) -> str:
    """A time in UTC for a person, such as ``2026-11-20 10:00:05``; ``?`` for none."""
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%d %H:%M:%S}" if at else "?"


@dataclass(frozen=True, slots=True, kw_only=True)
class CloseAudit:
    """One close: what was configured, what ran, and where the two differ.

    ``how`` is ``detached``, ``inline`` or empty (a record without a line in this ledger: made by another
    clone, or before the ledger began). ``width`` is the most questions under way at once, ``allowed``
    how many might have been.
    """

    at: str
    how: str
    session: str
    configured: str
    configured_model: str
    engine: str
    model: str
    width: int
    allowed: int
    questions: int
    flags: int
    drain: str
    gaps: tuple[str, ...]
    notes: tuple[str, ...]


def audit_close(line: Mapping[str, object], record: RecordedClose | None) -> CloseAudit:
    """Return a close that the ledger tells of, with its drain record if there is one."""
    gaps = _failed(line)
    notes: list[str] = []
    engine, configured = _word(line, "engine"), _word(line, "configured")
    if engine and configured and engine != configured:
        words = f"{configured} is configured and {engine} ran ({_word(line, 'why')})"
        (notes if _word(line, "why") in _SAID else gaps).append(words)
    gaps += _model(_word(line, "asked"), _word(line, "model"))
    wanted = _word(line, "configured_model")
    if engine == configured and wanted and _word(line, "asked") not in ("", wanted):
        notes.append(f"the model {wanted} is configured and {_word(line, 'asked')} was asked")
    gaps += _width(line)
    gaps += _against(line, record) if record else []
    return CloseAudit(
        at=_word(line, "at"),
        how=_word(line, "how"),
        session=_word(line, "session"),
        configured=configured,
        configured_model=wanted,
        engine=engine,
        model=_word(line, "model"),
        width=_count(line, "in_flight"),
        allowed=_count(line, "workers"),
        questions=_count(line, "questions"),
        flags=_count(line, "flags"),
        drain=_word(line, "drain"),
        gaps=tuple(gaps),
        notes=tuple(notes),
    )


def of_record(record: RecordedClose) -> CloseAudit:
    """Return a close that only its drain record tells of."""
    run = record.run
    width = {"workers": run.workers, "in_flight": run.in_flight, "questions": run.questions}
    return CloseAudit(
        at=record.at,
        how="",
        session="",
        configured="",
        configured_model="",
        engine=run.engine,
        model=run.model,
        width=run.in_flight,
        allowed=run.workers,
        questions=run.questions,
        flags=record.flags,
        drain=record.drain,
        gaps=(*_model(run.asked, run.model), *_width(width)),
        notes=(),
    )


def unstarted(ends: Sequence[Mapping[str, object]]) -> list[CloseAudit]:
    """Return the ends of sessions that should have started a close."""
    return [
        _unheard(end, ("closing by itself is on, and this end started none",), ()) for end in ends
    ]


def lost(starts: Sequence[Mapping[str, object]], *, under_way: bool) -> list[CloseAudit]:
    """Return closes that a session's end started and that left no outcome; one may be at work."""
    word = "started, and still at work" if under_way else "started, and never heard of again"
    gaps, notes = ((), (word,)) if under_way else ((word,), ())
    return [_unheard(start, gaps, notes) for start in starts]


def _unheard(
    line: Mapping[str, object], gaps: tuple[str, ...], notes: tuple[str, ...]
) -> CloseAudit:
    """A close without an outcome: of what ran nothing is known."""
    return CloseAudit(
        at=_word(line, "at"),
        how="detached",
        session=_word(line, "session"),
        configured="",
        configured_model="",
        engine="",
        model="",
        width=0,
        allowed=0,
        questions=0,
        flags=0,
        drain="",
        gaps=gaps,
        notes=notes,
    )


def _failed(line: Mapping[str, object]) -> list[str]:
    return [f"it failed: {line['error']}"] if "error" in line else []


def _model(asked: str, answered: str) -> list[str]:
    """An answer by a model of another name; ``haiku`` may be ``claude-haiku-5-5-20261001``."""
    others = [name for name in answered.split(", ") if name and asked not in name]
    return [f"{asked} was asked and {', '.join(others)} answered"] if asked and others else []


def _width(line: Mapping[str, object]) -> list[str]:
    allowed, questions = _count(line, "workers"), _count(line, "questions")
    if allowed < 2 or questions < 2 or _count(line, "in_flight") != 1:  # noqa: PLR2004 - side by side
        return []
    return [f"{allowed} questions at once were allowed, and {questions} ran one after the other"]


def _against(line: Mapping[str, object], record: RecordedClose) -> list[str]:
    run = record.run
    pairs = (
        ("engine", _word(line, "engine"), run.engine),
        ("model", _word(line, "model"), run.model),
        ("workers", _count(line, "workers"), run.workers),
        ("flags", _count(line, "flags"), record.flags),
    )
    return [
        f"its record says {name} {theirs or 'none'}, the ledger {ours or 'none'}"
        for name, ours, theirs in pairs
        if ours != theirs
    ]


def _word(line: Mapping[str, object], name: str) -> str:
    value = line.get(name)
    return value if isinstance(value, str) else ""


def _count(line: Mapping[str, object], name: str) -> int:
    return int(figure(line.get(name)))

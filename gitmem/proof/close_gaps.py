"""Where the written and the executed part ways: closes (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.jsonline import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.records.drain_record import RecordedClose

#: What a person said for one close only: it goes before the settings, which is not a gap.
_SAID = ("--engine", "GITMEM_ENGINE")


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

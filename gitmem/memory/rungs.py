"""How strong a fix is: note, rule, skill, guard; and the next, stronger one of a loop that came back (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gitmem.core.errors import Refused
from gitmem.safety.paths import Target, writable


class Rung(StrEnum):
    """How strong a fix is, weakest first."""

    NOTE = "note"
    RULE = "rule"
    SKILL = "skill"
    GUARD = "guard"


_LADDER = tuple(Rung)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Where the fix of a loop that came back goes: file, rung, and why that one, for a reviewer.

    ``tools`` and ``match`` are those of a guard, ``root`` is the flag that opened the loop;
    ``higher``: the rung is a stronger one than that of the edit in force.
    """

    file: str
    rung: Rung
    remark: str
    tools: tuple[str, ...] = ()
    match: str = ""
    root: str = ""
    higher: bool = False


def rung_of(file: str, folder: str) -> Rung:
    """How strong a line in this file is."""
    try:
        target = writable(file, folder=folder)
    except Refused:
        return Rung.NOTE
    rungs = {Target.SKILL: Rung.SKILL, Target.GUARDS: Rung.GUARD}
    rungs |= {Target.INSTRUCTIONS: Rung.RULE, Target.SCOPED: Rung.RULE}
    return rungs.get(target, Rung.NOTE)


def above(rung: Rung) -> tuple[Rung, ...]:
    """The stronger rungs, weakest first."""
    return _LADDER[_LADDER.index(rung) + 1 :]

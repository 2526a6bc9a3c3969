"""Lines that a model wrote, judged as a close judges them: faithful ones refused, false ones accepted."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from evals.rates import Rate
from gitmem.core.flag import make
from gitmem.drain.faithful import faithful
from gitmem.drain.plan import Op, Operation, Request, Work
from gitmem.memory.tree import MemoryLine

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag

FOLDER = Path(__file__).parent
HANDS = {"hand_a": "A", "hand_b": "B", "hand_c": "C"}
HELD_OUT = frozenset({"hand_c"})  # its cases are never printed, so that no one tunes on them
_REFUSED, _ACCEPTED = 0.15, 0.02  # targets: faithful lines refused, false ones accepted
_FILE = "memory/facts.md"
_ID = "aaaaaaaaaaa{}"
_LETTERS = "abcdefghijklmnop"


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What a model was given, what it wrote, and whether that is faithful."""

    flags: tuple[Flag, ...]
    replaced: tuple[str, ...]
    text: str
    faithful: bool
    kind: str
    op: Op


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by hand and kind, and the cases that are judged wrongly, one a line."""
    rates: dict[str, Rate] = {}
    misses: list[str] = []
    for name, hand in HANDS.items():
        judged = [(case, accepted(case)) for case in cases(name)]
        wrong = [case for case, passed in judged if passed is not case.faithful]
        rates |= _rates(hand, [case for case, _ in judged], wrong)
        if name not in HELD_OUT:
            misses += [_told(case) for case in wrong]
    return rates, misses


def cases(name: str) -> list[Case]:
    """Return the cases of a hand; none when it has not written yet."""
    file = FOLDER / f"{name}.jsonl"
    rows = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    return [_case(json.loads(row)) for row in rows]


def accepted(case: Case) -> bool:
    """Tell whether a close writes the line as the model worded it, in the place of what it replaces."""
    snags = all(flag.kind == "snag" for flag in case.flags)
    pending = all(flag.kind == "pending" for flag in case.flags)
    work = Work.RULES if snags else Work.PENDING if pending else Work.MEMORY
    request = Request(
        work=work,
        flags=case.flags,
        files=(_FILE,),
        existing=tuple(MemoryLine(file=_FILE, text=line) for line in case.replaced),
    )
    operation = Operation(
        op=case.op,
        flags=tuple(flag.id for flag in case.flags),
        file=_FILE,
        text=case.text,
        replaced=request.existing,
    )
    written = faithful(request, [operation])
    return any((one.text, one.replaced) == (case.text, operation.replaced) for one in written)


def _case(row: Mapping[str, object]) -> Case:
    flags, replaced, text, kind = row["flags"], row["replaced"], row["text"], row["kind"]
    if not (isinstance(flags, list) and isinstance(replaced, list)):
        msg = f"flags and replaced are lists: {row}"
        raise TypeError(msg)
    usual = Op.SUPERSEDE if replaced else Op.MERGE if len(flags) > 1 else Op.KEEP
    return Case(
        flags=tuple(_flag(flag, at) for at, flag in enumerate(flags)),
        replaced=tuple(map(str, replaced)),
        text=str(text),
        faithful=row["faithful"] is True,
        kind=str(kind),
        op=Op(str(row.get("op", usual))),
    )


def _flag(row: Mapping[str, str], at: int) -> Flag:
    fields: dict[str, object] = {
        "id": _ID.format(_LETTERS[at]),
        "kind": row["kind"],
        "text": row["text"],
        "at": f"{row.get('day', '2026-01-02')}T03:04:05Z",
        "by": "Test Person <person@example.com>",
    }
    if "better" in row:
        fields["better"] = row["better"]
    return make(fields)


def _rates(hand: str, every: Sequence[Case], wrong: Sequence[Case]) -> dict[str, Rate]:
    rates: dict[str, Rate] = {}
    for is_faithful, label, target in (
        (True, "faithful refused", _REFUSED),
        (False, "false accepted", _ACCEPTED),
    ):
        mine = [case for case in every if case.faithful is is_faithful]
        missed = [case for case in wrong if case.faithful is is_faithful]
        if mine:
            rates[f"{hand} {label}"] = _rate(missed, mine, target)
        for kind in sorted({case.kind for case in mine}):
            some, of = ([c for c in among if c.kind == kind] for among in (missed, mine))
            rates[f"{hand} {label}: {kind}"] = _rate(some, of, None)
    return rates


def _rate(some: Sequence[Case], of: Sequence[Case], target: float | None) -> Rate:
    return Rate(count=len(some), total=len(of), target=target, low_is_good=True)


def _told(case: Case) -> str:
    said = " + ".join(f'"{flag.text}"' for flag in case.flags)
    gone = f" for {list(case.replaced)}" if case.replaced else ""
    judged = "refused" if case.faithful else "accepted"
    return f'grounding: {judged} ({case.kind}): "{case.text}" from {said}{gone}'

"""Which labelled lines a close shows beside their flags, and what its questions weigh."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from evals.rates import Rate
from evals.shown import plain_choice
from evals.shown.project import Pair, close_of, pairs, projects
from gitmem.drain.handover import ExternalModel, NoStoredAnswers
from gitmem.drain.model_engine import ModelEngine
from gitmem.drain.plan import Work
from gitmem.drain.prompting import make_question

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.drain.plan import Plan, Request

_TARGETS = {100: None, 1_000: 0.97, 6_000: 0.90}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Closes:
    """What the closes of all projects show: pairs, whether each was seen, bytes and flags asked."""

    seen: dict[Pair, bool]
    size: int
    flags: int


def run() -> tuple[dict[str, Rate], list[str]]:
    """Return the rates by name; and the bytes of the questions, then the pairs missed, one a line."""
    rates: dict[str, Rate] = {}
    told: list[str] = []
    for size, target in _TARGETS.items():
        ours, plain = _closes(size, _questions), _closes(size, _plain)
        name = f"{size:,} lines"
        rates |= {
            f"{name}: shown": _rate(ours, target=target),
            f"{name}: shown, held out": _rate(ours, held=True, target=target),
            f"{name}: plain": _rate(plain),
            f"{name}: plain, held out": _rate(plain, held=True),
        }
        told.append(
            f"{name}: {ours.size / ours.flags:,.0f} bytes a flag, plain {plain.size / plain.flags:,.0f},"
            f" {ours.size / plain.size:.2f} times"
        )
        told += [
            f"{name}: not shown: {pair.kind} {pair.flag[:90]!r} wants {pair.line!r}"
            for pair, seen in ours.seen.items()
            if not seen and not pair.held
        ]
    rates |= _kinds(max(_TARGETS))
    return rates, told


def _kinds(size: int) -> dict[str, Rate]:
    """The largest size by kind of pair, both halves."""
    seen = _closes(size, _questions).seen
    return {
        f"{size:,} lines: {kind}": Rate(
            count=sum(found for pair, found in seen.items() if pair.kind == kind),
            total=sum(pair.kind == kind for pair in seen),
        )
        for kind in dict.fromkeys(pair.kind for pair in pairs())
    }


def _rate(closes: _Closes, *, held: bool = False, target: float | None = None) -> Rate:
    found = [seen for pair, seen in closes.seen.items() if pair.held is held]
    return Rate(count=sum(found), total=len(found), target=target)


def _closes(size: int, ask: Callable[[Plan], Sequence[Request]]) -> _Closes:
    seen: dict[Pair, bool] = {}
    weight = flags = 0
    for project in projects():
        close = close_of(project, size)
        for request in ask(close.plan):
            weight += len(make_question(request, "").text.encode())
            flags += len(request.flags)
            for flag in request.flags:
                if flag.id in close.pairs:
                    pair = close.pairs[flag.id]
                    seen[pair] = shows(request, pair)
    return _Closes(seen=seen, size=weight, flags=flags)


def shows(request: Request, pair: Pair) -> bool:
    """Whether the question has the line where the answer can do with it what it should."""
    lines = {"settles": request.pending_lines, "instruction": request.fixed_lines}
    return pair.line in {line.text for line in lines.get(pair.kind, request.existing)}


def _questions(plan: Plan) -> Sequence[Request]:
    orders = dict.fromkeys(Work, "")
    engine = ModelEngine(ExternalModel(), orders, mark=str, until=0.0, answers=NoStoredAnswers())
    return engine.asking(engine.prepared(plan))


def _plain(plan: Plan) -> Sequence[Request]:
    return plain_choice.narrow(plan).requests

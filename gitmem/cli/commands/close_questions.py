"""What the questions of a `gitmem close --dry-run` would cost, and the questions themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.bootstrap.engines import UNASKED, own_price
from gitmem.cli import render
from gitmem.models import usage
from gitmem.models.usage import duration

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.engines import EngineChoice
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.drain.plan import Plan

_SMALLEST = 0.0001  # dollars; the report of a close has as many digits


@dataclass(frozen=True, slots=True, kw_only=True)
class Questions:
    """What would be asked: each question as it would be sent, and what all of them take, about.

    ``dollars`` is None without a known price, ``priced`` where the price comes from, as `Usage` has it.
    ``seconds`` is 0 where the server's pace is not known; ``here``: on this machine, which sends no bill.
    """

    sent: tuple[Mapping[str, object], ...]
    flags: int
    tokens_in: int
    tokens_out: int
    dollars: float | None
    priced: str
    model: str
    seconds: float = 0.0
    pace: float = 0.0
    here: bool = False


def read(place: Workplace, chosen: EngineChoice, plan: Plan) -> Questions | None:
    """Return the questions of a plan; None for an engine that asks none. No model is called."""
    engine, model = chosen.engine, chosen.model
    if model is None:
        return None
    from gitmem.drain.model_engine import ModelEngine  # it loads the judge

    if not isinstance(engine, ModelEngine):
        return None
    asking = engine.asking(plan)
    own = {model.model: price} if (price := own_price(place)) else {}
    known = usage.price_of(model.model, own=own)
    sizes = engine.sizes(plan)
    part = known.batch if known and chosen.batching else 1.0
    return Questions(
        sent=tuple(model.sent(engine.prompt(request)) for request in asking),
        flags=sum(len(request.flags) for request in asking),
        tokens_in=sum(size for size, _ in sizes),
        tokens_out=sum(size for _, size in sizes),
        dollars=part * sum(known.dollars(*size) for size in sizes) if known else None,
        priced=usage.basis(model.model, own=own) if known else "",
        model=model.model,
        seconds=engine.seconds(plan),
        pace=engine.pace,
        here=model.here,
    )


def answer(found: Questions, *, show: bool) -> dict[str, object]:
    """Return them for a program, and with ``show`` each question as it would be sent."""
    would: dict[str, object] = {
        "questions": len(found.sent),
        "flags": found.flags,
        "tokens_in": found.tokens_in,
        "tokens_out": found.tokens_out,
        "dollars": found.dollars,
        "priced": found.priced or None,
        "seconds": round(found.seconds, 1) or None,
    }
    return {"would_ask": would, **({"questions": [*found.sent]} if show else {})}


def say(found: Questions, *, show: bool) -> None:
    """Print the questions, one JSON value each and exactly as sent but for the random word, and their price."""
    if show:
        for one in found.sent:
            render.as_json(one)
    if not found.sent:
        return
    sizes = f"{found.tokens_in:,} tokens to send, {found.tokens_out:,} to receive"
    render.say(
        f"estimate: {render.count(len(found.sent), 'question')}, about {sizes}{_cost(found)}"
    )
    if not show:
        render.say("hint: --show-questions prints what would be sent")


def _cost(found: Questions) -> str:
    """Return what it costs: dollars, or time on a server of one's own, or that it is not known."""
    parts = []
    if found.dollars is not None:
        least = f"about ${found.dollars:.4f}" if found.dollars >= _SMALLEST else "less than $0.0001"
        own = "by your gitmem.price" if found.priced == "own" else f"prices of {found.priced}"
        parts.append(f"{least} ({own}, nothing cached)")
    elif not found.here:
        hint = "git config gitmem.price IN/OUT sets it, in dollars for a million tokens"
        parts.append(f"no price known for {found.model} ({hint})")
    if found.seconds:
        parts.append(f"about {duration(found.seconds)} at {found.pace:.1f} tokens a second")
    elif found.here:
        parts.append(
            "time not known without --model NAME"  # a dry run does not ask the server for it
            if found.model == UNASKED
            else "time not known before this server has answered once"
        )
    return "".join(f"; {part}" for part in parts)

"""`gitmem stats`: what the recorded closes ran and cost, and what of memory reaches sessions."""

from __future__ import annotations

import time
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import own_price, rates
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json, NoPager
from gitmem.cli.reports import arrival as arrivals
from gitmem.cli.terminal.paged import Paged
from gitmem.proof import arrival
from gitmem.proof import stats as figures

if TYPE_CHECKING:
    from gitmem.proof.stats import Inline, Landed, Totals
    from gitmem.records.drain_record import RecordedClose, Run

_HEAD = (
    *("when", "engine", "model", "flags", "questions/calls", "in flight", "tokens", "dollars"),
    *("wall", "slowest", "sum"),
)
_NUMBERS = range(3, len(_HEAD))
_MINUTE = len("2026-11-20T10:00")


def stats(
    number: Annotated[
        int | None,
        typer.Option("-n", "--number", metavar="N", min=1, help="Show only the last N closes."),
    ] = None,
    inline_model: Annotated[
        str, typer.Option("--inline-model", help="The session's own model, for the estimate.")
    ] = "claude-opus-5-5",
    inline_context: Annotated[
        int,
        typer.Option(
            "--inline-context", metavar="N", min=0, help="Tokens in the session's context."
        ),
    ] = 100_000,
    inline_price: Annotated[
        str,
        typer.Option(
            "--inline-price", help="That model's price: dollars per million tokens, in/out."
        ),
    ] = "",
    no_pager: NoPager = False,
    json: Json = False,
) -> None:
    r"""Show what each close ran and cost, and what of memory arrives.

    Lists landed closes, newest last, and estimates what the same work would cost inside a session.

    The estimate: turns x context x price of cached tokens + tokens in x price in + tokens out x
    price out. The session takes at best one turn for each question, at worst one for each flag, and
    every turn reads its whole context again, from the prompt cache. Tokens are those that the closes
    took; another model counts them differently. The later cost of flags that stay in the session's
    context is left out.

    The part "arrival": what every session loads of memory and what that costs it, the lines that hooks
    of this clone showed, the snags that came back after their line was shown, and the lines that no hook
    showed in 30 days.

    \b
    Examples: gitmem stats -n 10
              gitmem stats --inline-context 50000 --json
    """
    place = surroundings.here()
    price = own_price(place)
    landed = figures.read(place.repo, place.configured, price=price.dollars if price else None)
    closes = landed.closes[-number:] if number else landed.closes
    whole = figures.totals(closes)
    estimate = figures.inline(closes, rates(inline_model, inline_price), inline_context)
    reaches = arrival.read(place.repo, place.configured, place.settings.folder, time.time())
    if json:
        render.as_json(
            {
                "target": landed.ref,
                "closes": [_close(close) for close in closes],
                "totals": asdict(whole),
                "inline": _inline(estimate) if estimate else None,
                "unreadable": list(landed.unreadable),
                "arrival": arrivals.answer(reaches),
            }
        )
        return
    with Paged(place.repo, "stats", wanted=not no_pager):
        _print(landed, closes, whole, estimate)
        if reaches.lines or reaches.showings:
            render.say()
            arrivals.say(reaches)


def _close(close: RecordedClose) -> dict[str, object]:
    run = asdict(close.run)
    usage = run.pop("usage")
    del usage["spans"]  # a record does not keep them
    run |= {**usage, "tokens": close.tokens}
    names = ("model", "asked", "priced")
    return {
        "drain": close.drain,
        "at": close.at,
        "flags": close.flags,
        **run,
        **{name: run[name] or None for name in names},
    }


def _inline(estimate: Inline) -> dict[str, object]:
    return {**asdict(estimate), "dollars": estimate.dollars, "arithmetic": _arithmetic(estimate)}


def _print(
    landed: Landed, closes: tuple[RecordedClose, ...], whole: Totals, estimate: Inline | None
) -> None:
    render.notes([f"a record that cannot be read: {path}" for path in landed.unreadable])
    if not closes:
        render.say(f"no close has landed on {landed.ref} yet")
        return
    render.table([_HEAD, *map(_row, closes), _sums(whole)], right=_NUMBERS, wide=True)
    if whole.cache_read or whole.cache_write:
        render.say(
            f"the prompt cache gave {whole.cache_read:,} of {whole.tokens_in:,} tokens in, and took "
            f"{whole.cache_write:,}: {_saved(whole.saved)} without it"
        )
    if whole.batched:
        render.say(
            f"message batches answered {whole.batched:,} of {whole.tokens:,} tokens: "
            f"{_saved(whole.batch_saved)} without them"
        )
    if whole.unpriced:
        number = render.count(whole.unpriced, "close")
        render.say(f"the price of {number} is not known; set it: git config gitmem.price 'in/out'")
    if estimate is None:
        return
    render.say()
    for line in _arithmetic(estimate):
        render.say(line)


def _row(close: RecordedClose) -> tuple[str, ...]:
    run = close.run
    asked = bool(run.usage.calls)
    return (
        close.at[:_MINUTE].replace("T", " "),
        run.engine,
        _model(close),
        str(close.flags),
        f"{run.questions}/{run.usage.calls}" if asked else "-",
        _in_flight(run) if asked else "-",
        f"{close.tokens:,}" if asked else "-",
        _dollars(run.usage.dollars) if asked else "-",
        f"{run.wall_s:.1f}s",
        f"{run.slowest_s:.1f}s",
        f"{run.sum_s:.1f}s",
    )


def _in_flight(run: Run) -> str:
    """Return how many calls were under way at once; of a batch, that it was one."""
    return (
        "batch" if run.usage.batched and not run.in_flight else f"{run.in_flight} of {run.workers}"
    )


def _model(close: RecordedClose) -> str:
    """Return the model that answered, and the one asked for if it differs."""
    run = close.run
    if not run.model or run.asked == run.model:
        return run.model or "-"
    return f"{run.model} (asked: {run.asked})"


def _sums(whole: Totals) -> tuple[str, ...]:
    return (
        render.count(whole.closes, "close"),
        "",
        "",
        str(whole.flags),
        f"{whole.questions}/{whole.calls}",
        "",
        f"{whole.tokens:,}",
        _dollars(whole.dollars),
        f"{whole.wall_s:.1f}s",
        "",
        f"{whole.sum_s:.1f}s",
    )


def _saved(dollars: float) -> str:
    """Return what prompt cache or batch came to, before the word `without`."""
    return f"{_dollars(abs(dollars))} {'more' if dollars < 0 else 'less'} than"


def _dollars(amount: float | None) -> str:
    return "?" if amount is None else f"${amount:.4f}"


def _arithmetic(estimate: Inline) -> list[str]:
    """Return the estimate, worked out line by line."""
    cost, (few, many) = estimate.rates, estimate.turns
    least, most = estimate.dollars
    turns = f"{few} to {many} turns" if few != many else render.count(few, "turn")
    what = f"the same done inline by {cost.model} in a context of {estimate.context:,} tokens"
    again = f"{turns} x {estimate.context:,} tokens x ${cost.cached:g}/M from the cache"
    text_in = f"{estimate.tokens_in:,} tokens x ${cost.tokens_in:g}/M = ${estimate.text_in:.4f}"
    text_out = f"{estimate.tokens_out:,} tokens x ${cost.tokens_out:g}/M = ${estimate.text_out:.4f}"
    return [
        f"{what}, an estimate ({cost.basis}):",
        f"  its context read again: {again} = {_range(*estimate.reread)}",
        f"  the questions: {text_in}",
        f"  the answers: {text_out}",
        f"  together: {_range(least, most)}; the closes cost {_dollars(estimate.paid)}",
        f"  one after the other: {estimate.seconds:.1f}s, at the speed of the closes' own model",
    ]


def _range(least: float, most: float) -> str:
    low, high = _dollars(least), _dollars(most)
    return low if low == high else f"{low} to {high}"

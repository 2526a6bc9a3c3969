"""What closes really cost, from the drain records, and what the same would have cost inline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.records import record_files, target
from gitmem.records.drain_record import FORGET, RecordedClose, read_header

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.git.repository import Repository

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Landed:
    """The closes whose record is on the ref that decides, oldest first.

    ``unreadable`` are the names of records without a header that can be read.
    """

    ref: str
    closes: tuple[RecordedClose, ...]
    unreadable: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Sums over closes; ``dollars`` are those that are known, ``unpriced`` counts the closes without."""

    closes: int
    flags: int
    questions: int
    calls: int
    retries: int
    tokens_in: int
    tokens_out: int
    tokens: int
    cache_read: int
    cache_write: int
    sent: int
    dollars: float
    saved: float
    batched: int
    batch_saved: float
    unpriced: int
    wall_s: float
    sum_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What the session's own model costs: US dollars for a million tokens in, out, from the cache.

    ``basis`` says where they come from.
    """

    model: str
    tokens_in: float
    tokens_out: float
    cached: float
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inline:
    """An estimate of the same closes done inside a session of ``context`` tokens, in US dollars.

    Every turn reads the context again: one for each question at best, one for each flag at worst.
    The flags' own text and the answers are the tokens that the closes really took.
    ``seconds`` are those of the same calls one after the other. ``paid`` is what the closes cost, None
    when the price of one is not known.
    """

    rates: Rates
    context: int
    turns: tuple[int, int]
    reread: tuple[float, float]
    tokens_in: int
    tokens_out: int
    text_in: float
    text_out: float
    seconds: float
    paid: float | None

    @property
    def dollars(self) -> tuple[float, float]:
        """At best and at worst."""
        return (
            self.reread[0] + self.text_in + self.text_out,
            self.reread[1] + self.text_in + self.text_out,
        )


def read(
    repo: Repository,
    configured: str,
    *,
    price: Callable[[int, int], float] | None = None,
) -> Landed:
    """All closes on record. Raises CannotTell, and Unreadable for a broken tree.

    ``price`` reckons dollars from tokens in and out, for closes whose price was not known then.
    """
    where = target.find(repo, configured)
    found: list[RecordedClose] = []
    unreadable: list[str] = []

    def note(path: str, content: bytes) -> None:
        close = read_header(content.decode("utf-8", "replace"))
        if close is None:
            unreadable.append(path)
        elif close.run.engine != FORGET:
            found.append(_priced(close, price))

    record_files.read_each(repo, dict(sorted(record_files.at(repo, where.deciding).items())), note)
    found.sort(key=lambda close: (close.at, close.drain))
    return Landed(ref=where.deciding_ref, closes=tuple(found), unreadable=tuple(unreadable))


def _priced(close: RecordedClose, price: Callable[[int, int], float] | None) -> RecordedClose:
    usage = close.run.usage
    if price is None or usage.dollars is not None or not usage.tokens:
        return close
    dollars = price(usage.tokens_in, usage.tokens_out)
    priced = replace(usage, dollars=dollars, priced="own")
    return replace(close, run=replace(close.run, usage=priced))


def totals(closes: Sequence[RecordedClose]) -> Totals:
    """The sums."""
    runs = [close.run for close in closes]
    usages = [run.usage for run in runs]
    return Totals(
        closes=len(closes),
        flags=sum(close.flags for close in closes),
        questions=sum(run.questions for run in runs),
        calls=sum(usage.calls for usage in usages),
        retries=sum(usage.retries for usage in usages),
        tokens_in=sum(usage.tokens_in for usage in usages),
        tokens_out=sum(usage.tokens_out for usage in usages),
        tokens=sum(close.tokens for close in closes),
        cache_read=sum(usage.cache_read for usage in usages),
        cache_write=sum(usage.cache_write for usage in usages),
        sent=sum(usage.sent for usage in usages),
        dollars=sum(usage.dollars for usage in usages if usage.dollars is not None),
        saved=sum(usage.saved for usage in usages),
        batched=sum(usage.batched for usage in usages),
        batch_saved=sum(usage.batch_saved for usage in usages),
        unpriced=sum(usage.dollars is None for usage in usages),
        wall_s=sum(run.wall_s for run in runs),
        sum_s=sum(run.sum_s for run in runs),
    )


def inline(closes: Sequence[RecordedClose], rates: Rates, context: int) -> Inline | None:
    """The estimate for the closes in which a model judged; None when there is none.

    dollars = turns x context x cached + tokens_in x in + tokens_out x out (rates per token).
    """
    judged = [close for close in closes if close.run.usage.calls and close.run.usage.tokens]
    if not judged:
        return None
    whole = totals(judged)
    turns = (whole.questions, max(whole.questions, whole.flags))
    again = context * rates.cached / _MILLION
    return Inline(
        rates=rates,
        context=context,
        turns=turns,
        reread=(turns[0] * again, turns[1] * again),
        tokens_in=whole.tokens_in,
        tokens_out=whole.tokens_out,
        text_in=whole.tokens_in * rates.tokens_in / _MILLION,
        text_out=whole.tokens_out * rates.tokens_out / _MILLION,
        seconds=whole.sum_s,
        paid=None if whole.unpriced else whole.dollars,
    )

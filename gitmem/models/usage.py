"""What questions to a model cost: calls, tokens and dollars as one value, and the prices of models (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import UsageError
from gitmem.core.jsonline import figure

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_MILLION = 1_000_000
# Tokens. Of an answer of fewer, the time says more about the question than about the model.
_TELLING = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Calls, tokens, bytes and US dollars of one request, one question or a whole close.

    ``retries`` is how many of the calls repeated a question. ``sent`` counts the bytes of all calls.
    ``dollars`` is None when the price is not known; ``priced`` says where the price comes from (the
    price table's date, `own`, `program`). ``cache_read`` and ``cache_write`` are those of ``tokens_in``
    that the vendor's prompt cache gave or took. ``saved`` is how many dollars less they cost than the
    same tokens without a cache (below 0 for what was written and not read). ``batched`` are those of the tokens, in
    and out, that a message batch answered, and ``batch_saved`` how many dollars less these cost than the same asked
    one by one. ``spans`` holds the begin and end of each call, in seconds of the monotonic clock; a drain record does
    not keep them.
    """

    calls: int = 0
    retries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cache_read: int = 0
    cache_write: int = 0
    sent: int = 0
    dollars: float | None = 0.0
    saved: float = 0.0
    batched: int = 0
    batch_saved: float = 0.0
    priced: str = ""
    spans: tuple[tuple[float, float], ...] = ()

    @property
    def tokens(self) -> int:
        """Tokens in and out together."""
        return self.tokens_in + self.tokens_out

    @property
    def most_at_once(self) -> int:
        """The greatest number of calls under way at one moment; the end of a call does not count."""
        edges = sorted(
            [(begin, 1) for begin, _ in self.spans] + [(end, -1) for _, end in self.spans]
        )
        most = now = 0
        for _, step in edges:  # at one moment -1 sorts before 1
            now += step
            most = max(most, now)
        return most

    @property
    def first_to_last(self) -> float:
        """Seconds from the first call's begin to the last call's end."""
        if not self.spans:
            return 0.0
        return max(end for _, end in self.spans) - min(begin for begin, _ in self.spans)

    @property
    def pace(self) -> float:
        """Tokens answered in a second, all calls together; 0 where they are too few to tell."""
        took = self.first_to_last
        return self.tokens_out / took if self.tokens_out >= _TELLING and took > 0 else 0.0


#: No call was made.
NOTHING = Usage()
#: Calls without a known price.
UNPRICED = Usage(dollars=None)


def together(parts: Sequence[Usage]) -> Usage:
    """Return the sum of several; its dollars are None when those of one part are."""
    known = [part.dollars for part in parts if part.dollars is not None]
    return Usage(
        calls=sum(part.calls for part in parts),
        retries=sum(part.retries for part in parts),
        tokens_in=sum(part.tokens_in for part in parts),
        tokens_out=sum(part.tokens_out for part in parts),
        cache_read=sum(part.cache_read for part in parts),
        cache_write=sum(part.cache_write for part in parts),
        sent=sum(part.sent for part in parts),
        dollars=sum(known) if len(known) == len(parts) else None,
        saved=sum(part.saved for part in parts),
        batched=sum(part.batched for part in parts),
        batch_saved=sum(part.batch_saved for part in parts),
        priced=", ".join(dict.fromkeys(part.priced for part in parts if part.priced)),
        spans=tuple(span for part in parts for span in part.spans),
    )


def token_counts(usage: object) -> tuple[int, int]:
    """Return tokens in and out from the `usage` of a message; an unsound number counts as 0."""
    fields = usage if isinstance(usage, dict) else {}
    read_in = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(sound(fields.get(name)) for name in read_in), sound(fields.get("output_tokens"))


def cache_counts(usage: object) -> tuple[int, int]:
    """Return the tokens that the prompt cache gave and took, from the `usage` of a message."""
    fields = usage if isinstance(usage, dict) else {}
    read, written = "cache_read_input_tokens", "cache_creation_input_tokens"
    return sound(fields.get(read)), sound(fields.get(written))


def chat_cache_read(usage: object) -> int:
    """Return the tokens that the prompt cache gave, from the `usage` of a chat completion."""
    fields = usage if isinstance(usage, dict) else {}
    details = fields.get("prompt_tokens_details")
    cached = sound(details.get("cached_tokens")) if isinstance(details, dict) else 0
    return min(cached, sound(fields.get("prompt_tokens")))


def chat_token_counts(usage: object) -> tuple[int, int]:
    """Return the same from the `usage` of a chat completion, where cached tokens are among the prompt's."""
    fields = usage if isinstance(usage, dict) else {}
    return sound(fields.get("prompt_tokens")), sound(fields.get("completion_tokens"))


def tokens(text: str) -> int:
    """Return how many tokens a text has at most, about: JSON and code have one for 3 bytes, prose for 4."""
    return len(text.encode("utf-8", "replace")) // 3


def sound(value: object) -> int:
    """Return a count of tokens that somebody else tells; 0 for an unsound one."""
    return int(figure(value)) if isinstance(value, int) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens in and out.

    A prompt of more than ``long`` tokens is charged ``long_in`` and ``long_out`` instead; 0 means one
    price for every length. ``cached`` is the price of tokens read from the vendor's prompt cache, or
    None when it is not known; then they are charged like any other. ``written`` is how many times the
    price of tokens in it costs to write one into that cache. ``batch`` is the part of a request's price that it
    costs in a message batch.
    """

    tokens_in: float
    tokens_out: float
    cached: float | None = None
    written: float = 1.0
    batch: float = 1.0
    long: int = 0
    long_in: float = 0.0
    long_out: float = 0.0

    def dollars(self, tokens_in: int, tokens_out: int) -> float:
        """Return what one request of this size costs without a cache."""
        if self.long and tokens_in > self.long:
            return (tokens_in * self.long_in + tokens_out * self.long_out) / _MILLION
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION

    def cache_saves(self, tokens_in: int, *, read: int, write: int) -> float:
        """Return how many dollars less one request costs with these of its ``tokens_in`` cached.

        A long prompt's cached tokens cost more in the proportion in which its others do.
        """
        dear = self.long_in if self.long and tokens_in > self.long else self.tokens_in
        share = 1.0 if self.cached is None or not self.tokens_in else self.cached / self.tokens_in
        return dear * (read * (1 - share) - write * (self.written - 1)) / _MILLION


#: The day the table below was read off its source.
AS_OF = "2026-11-20"
SOURCE = (
    "platform.claude.com: the models' overview and their migration guides; "
    "for gpt models the price table of litellm 1.110.2"
)
PRICES: Mapping[str, Price] = {
    "claude-haiku-5-5": Price(
        tokens_in=0.10,
        tokens_out=0.50,
        cached=0.01,
        written=1.25,
        batch=0.5,
        long=100_000,
        long_in=0.50,
        long_out=2.50,
    ),
    "claude-haiku-4-5": Price(
        tokens_in=1.00, tokens_out=5.00, cached=0.10, written=1.25, batch=0.5
    ),
    "claude-sonnet-5-5": Price(
        tokens_in=2.00, tokens_out=10.00, cached=0.10, written=1.25, batch=0.5
    ),
    "claude-opus-5-5": Price(
        tokens_in=4.00, tokens_out=20.00, cached=0.20, written=1.25, batch=0.5
    ),
    "gpt-6-luna": Price(tokens_in=0.10, tokens_out=0.50, cached=0.01),
    "gpt-6.1-terra": Price(tokens_in=1.00, tokens_out=5.00, cached=0.05),
}
#: The date that a model's full name ends with; the price is that of the name without it.
_DATED = re.compile(r"-20\d{6}$")


def charged(usage: Usage, model: str, *, own: Mapping[str, Price] | None = None) -> Usage:
    """Return the usage of one request with its dollars, what cache and batch saved, and the price's source.

    ``own`` are the person's prices; they go before the table. The dollars are None without a known price.
    """
    price = price_of(model, own=own)
    if price is None:
        return replace(usage, dollars=None, saved=0.0, batch_saved=0.0, priced="")
    whole = price.dollars(usage.tokens_in, usage.tokens_out)
    saved = price.cache_saves(usage.tokens_in, read=usage.cache_read, write=usage.cache_write)
    priced = basis(model, own=own) if usage.tokens else ""
    halved = (whole - saved) * (1 - price.batch) if usage.batched else 0.0
    dollars = whole - saved - halved
    return replace(usage, dollars=dollars, saved=saved, batch_saved=halved, priced=priced)


def price_of(model: str, *, own: Mapping[str, Price] | None = None) -> Price | None:
    """Return a model's price, also under its dated name; None when it is not known."""
    known = {**PRICES, **(own or {})}
    return known.get(model) or known.get(_DATED.sub("", model))


def basis(model: str, *, own: Mapping[str, Price] | None = None) -> str:
    """Return where a model's price comes from: `own`, the table's date, or empty when it is not known."""
    mine = own or {}
    if model in mine or (model not in PRICES and _DATED.sub("", model) in mine):
        return "own"
    return AS_OF if price_of(model) else ""


def read_price(text: str) -> Price:
    """Return a price as a person writes it: dollars for a million tokens in and out, like `0.10/0.50`.

    Raises UsageError for any other text.
    """
    parts = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*/\s*(\d+(?:\.\d+)?)\s*", text, re.ASCII)
    if parts is None:
        raise UsageError(
            f"{text[:40]!r} is not a price",
            hint="dollars for a million tokens in and out, like 0.10/0.50",
        )
    return Price(tokens_in=float(parts[1]), tokens_out=float(parts[2]))


def duration(seconds: float) -> str:
    """Return a span of time as a person says it."""
    if seconds < 1:
        return f"{seconds:.1f} s"
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"  # noqa: PLR2004 - reads well

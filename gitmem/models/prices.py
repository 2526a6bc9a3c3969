"""What models cost, so that a close can say what it spent (pure)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The day the table below was read off its source.
AS_OF = "2026-11-20"
SOURCE = "platform.claude.com: the models' overview and their migration guides"

_MILLION = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """US dollars for a million tokens in and out.

    A prompt of more than ``long`` tokens is charged ``long_in`` and ``long_out`` instead; 0 means one
    price for every length. ``cached`` is the price of tokens read from the vendor's prompt cache, or
    None when it is not known.
    """

    tokens_in: float
    tokens_out: float
    cached: float | None = None
    long: int = 0
    long_in: float = 0.0
    long_out: float = 0.0

    def dollars(self, tokens_in: int, tokens_out: int) -> float:
        """Return what one request of this size costs."""
        if self.long and tokens_in > self.long:
            return (tokens_in * self.long_in + tokens_out * self.long_out) / _MILLION
        return (tokens_in * self.tokens_in + tokens_out * self.tokens_out) / _MILLION


PRICES: Mapping[str, Price] = {
    "claude-haiku-5-5": Price(
        tokens_in=0.10, tokens_out=0.50, cached=0.01, long=100_000, long_in=0.50, long_out=2.50
    ),
    "claude-haiku-4-5": Price(tokens_in=1.00, tokens_out=5.00, cached=0.10),
    "claude-sonnet-5-5": Price(tokens_in=2.00, tokens_out=10.00, cached=0.10),
    "claude-opus-5-5": Price(tokens_in=4.00, tokens_out=20.00, cached=0.20),
}

#: The date that a model's full name ends with; the price is that of the name without it.
_DATED = re.compile(r"-20\d{6}$")


def dollars(
    model: str, tokens_in: int, tokens_out: int, *, own: Mapping[str, Price] | None = None
) -> float | None:
    """Return what one request costs, or None for a model without a known price.

    ``own`` are the person's prices; they go before the table.
    """
    price = price_of(model, own=own)
    return price.dollars(tokens_in, tokens_out) if price else None


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

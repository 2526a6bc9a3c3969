"""What questions to a model cost, as one value from a single request to a drain record (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.core.jsonline import figure

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Calls, tokens, bytes and US dollars of one request, one question or a whole close.

    ``retries`` is how many of the calls repeated a question. ``sent`` counts the bytes of all calls.
    ``dollars`` is None when the price is not known; ``priced`` says where the price comes from (the
    price table's date, `own`, `program`). ``spans`` holds the begin and end of each call, in seconds
    of the monotonic clock; a drain record does not keep them.
    """

    calls: int = 0
    retries: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    sent: int = 0
    dollars: float | None = 0.0
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
        sent=sum(part.sent for part in parts),
        dollars=sum(known) if len(known) == len(parts) else None,
        priced=", ".join(dict.fromkeys(part.priced for part in parts if part.priced)),
        spans=tuple(span for part in parts for span in part.spans),
    )


def token_counts(usage: object) -> tuple[int, int]:
    """Return tokens in and out from the `usage` of a message; an unsound number counts as 0."""
    fields = usage if isinstance(usage, dict) else {}
    read_in = ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    return sum(_sound(fields.get(name)) for name in read_in), _sound(fields.get("output_tokens"))


def _sound(value: object) -> int:
    return int(figure(value)) if isinstance(value, int) else 0

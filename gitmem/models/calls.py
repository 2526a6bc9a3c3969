"""When the calls of one question were under way, and how much they sent."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


class Calls:
    """Keeps begin and end of each call (seconds of a monotonic clock) and counts bytes sent."""

    def __init__(self) -> None:
        self.spans: list[tuple[float, float]] = []
        self.sent = 0
        self._begun = 0.0

    def began(self, now: float, body: Mapping[str, object]) -> None:
        """A call starts with this body; it is counted as it goes over the wire, as compact JSON."""
        self._begun = now
        text = json.dumps(body, ensure_ascii=False, separators=(",", ":"))
        self.sent += len(text.encode("utf-8", "replace"))

    def ended(self, now: float) -> None:
        """The call that began last is over."""
        self.spans.append((self._begun, now))

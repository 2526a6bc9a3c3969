"""A share of cases, and how sure it is (pure)."""

from __future__ import annotations

import math
from dataclasses import dataclass

_Z = 1.96  # standard deviations of a 95 % interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """``count`` of ``total`` cases. ``target`` is what the rate has to reach (None: it only stands beside).

    ``low_is_good`` is for rates of what must not happen. A rate that is ``required`` fails the run
    when its target is missed.
    """

    count: int
    total: int
    target: float | None = None
    low_is_good: bool = False
    required: bool = False

    @property
    def value(self) -> float:
        """The share; 0 without cases."""
        return self.count / self.total if self.total else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """The 95 % interval by Wilson's score method (E. B. Wilson, JASA 22, 1927)."""
        if not self.total:
            return 0.0, 1.0
        spread = _Z * _Z / self.total
        middle = (self.value + spread / 2) / (1 + spread)
        half = math.sqrt(self.value * (1 - self.value) * spread + spread * spread / 4)
        return max(0.0, middle - half / (1 + spread)), min(1.0, middle + half / (1 + spread))

    @property
    def reached(self) -> bool:
        """Whether the target is reached; True without one."""
        if self.target is None:
            return True
        return self.value <= self.target if self.low_is_good else self.value >= self.target

    def dropped(self, count: int, total: int) -> bool:
        """Return whether this rate is worse than an earlier one by more than the earlier one's interval."""
        low, high = Rate(count=count, total=total).interval
        return self.value > high if self.low_is_good else self.value < low

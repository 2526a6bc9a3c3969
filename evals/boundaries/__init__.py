"""Is a nudge worth answering, and does one come soon after each fact? (evals/boundaries/README.md)."""

from __future__ import annotations

from evals.boundaries.measure import run

__all__ = ["run"]

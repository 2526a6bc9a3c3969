"""What do closes make of weeks of flags? (evals/consolidation/README.md)."""

from __future__ import annotations

from evals.consolidation.measure import run

__all__ = ["run"]

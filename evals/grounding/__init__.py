"""How often the grounding gate is wrong, either way."""

from __future__ import annotations

from evals.grounding.measure import run

__all__ = ["run"]

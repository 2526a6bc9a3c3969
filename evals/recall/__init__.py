"""Does a landed line reach the model when it is needed, and only then? (evals/recall/README.md)."""

from __future__ import annotations

from evals.recall.measure import run

__all__ = ["run"]

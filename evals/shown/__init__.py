"""Shown: whether a close shows the line that a flag replaces, repeats or settles."""

from __future__ import annotations

from evals.shown.measure import run

__all__ = ["run"]

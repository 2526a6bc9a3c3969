"""Does the audit see hooks that are dead, and accuse no one else? (evals/audit/README.md)."""

from __future__ import annotations

from evals.audit.measure import run

__all__ = ["run"]

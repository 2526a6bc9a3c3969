"""A number with its noun, as a person reads it (pure; hot lane)."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """``1 flag``, ``2 flags``; the noun takes an s and nothing else."""
    return f"{number} {noun}" + ("" if number == 1 else "s")

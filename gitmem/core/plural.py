"""A number with its noun, as a person reads it (pure; hot lane)."""

from __future__ import annotations


def count(number: int, noun: str) -> str:
    """``1 flag``, ``2 flags``, ``2 batches``; the noun takes an s, after ch an es."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number} {noun}{ending}"

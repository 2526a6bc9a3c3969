"""Flags a person rejected: kept in this clone until their record has landed (docs/data-model.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.queue import decisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.repository import Repository

_FILE = "drops.jsonl"


def add(repo: Repository, fields: Mapping[str, object]) -> None:
    """Stores one decision durably: ``id``, ``reason``, ``by``, ``at``."""
    decisions.add(repo, _FILE, fields)


def reasons(repo: Repository) -> dict[str, str]:
    """Flag id to reason; the last decision about a flag counts, torn lines do not."""
    return decisions.read(repo, _FILE, "reason")

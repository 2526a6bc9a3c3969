"""Matches of two snags that a person took back: kept in this clone (docs/data-model.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.queue import decisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.repository import Repository

_FILE = "unmatched.jsonl"


def undo(repo: Repository, fields: Mapping[str, object]) -> None:
    """Stores one decision durably: ``id``, ``again`` (what it was matched to), ``by``, ``at``."""
    decisions.add(repo, _FILE, fields)


def undone(repo: Repository) -> dict[str, str]:
    """Flag id to the id that it is not a return of; torn lines do not count."""
    return decisions.read(repo, _FILE, "again")

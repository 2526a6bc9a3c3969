"""Matches of two snags that a person took back: kept in this clone (docs/data-model.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.domain.jsonline import dumps, loads
from gitmem.store import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.store.repository import Repository


def undo(repo: Repository, fields: Mapping[str, object]) -> None:
    """Stores one decision durably: ``id``, ``again`` (what it was matched to), ``by``, ``at``."""
    local.make_folder(repo.folder)
    line = f"\n{dumps({'v': 1, **fields})}\n".encode()
    local.append(_path(repo), line, durable=True)


def undone(repo: Repository) -> dict[str, str]:
    """Flag id to the id that it is not a return of; torn lines do not count."""
    found = {}
    for row in local.read(_path(repo)).decode(errors="replace").split("\n"):
        try:
            fields = loads(row)
        except ValueError:
            continue
        if isinstance(fields, dict) and isinstance(fields.get("id"), str):
            found[fields["id"]] = str(fields.get("again", ""))
    return found


def _path(repo: Repository) -> str:
    return repo.folder + "/unmatched.jsonl"

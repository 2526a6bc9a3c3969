"""What a person decided about flags, one file for each kind of decision, kept in this clone (docs/data-model.md)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.jsonline import dumps, loads
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.git.repository import Repository


def add(repo: Repository, file: str, fields: Mapping[str, object]) -> None:
    """Stores one decision durably in ``file`` of gitmem's own folder; ``id`` is the flag's."""
    local.make_folder(repo.folder)
    line = f"\n{dumps({'v': 1, **fields})}\n".encode()
    local.append(f"{repo.folder}/{file}", line, durable=True)


def read(repo: Repository, file: str, key: str) -> dict[str, str]:
    """Flag id to the field ``key``; the last decision about a flag counts, torn lines do not."""
    found = {}
    for row in local.read(f"{repo.folder}/{file}").decode(errors="replace").split("\n"):
        try:
            fields = loads(row)
        except ValueError:
            continue
        if isinstance(fields, dict) and isinstance(fields.get("id"), str):
            found[fields["id"]] = str(fields.get(key, ""))
    return found

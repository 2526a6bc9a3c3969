"""The project that recall is measured on: its memory, its queries, and a repository that holds it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from evals import repositories

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from gitmem.git.repository import Repository

FOLDER = "memory"
_DATA = Path(__file__).parent


class Kind(StrEnum):
    """What a query is, by the field that it has."""

    WORDS = "words"
    PATH = "path"
    COMMAND = "command"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """What an agent asks or does, and the lines that are about it (`topic:number`; empty: none is)."""

    kind: Kind
    text: str
    error: str = ""
    lines: frozenset[str]


def queries(name: str) -> list[Query]:
    """Return the queries of a file of this folder; of a file that is absent none."""
    file = _DATA / f"{name}.jsonl"
    if not file.exists():
        return []
    return [_query(row) for row in file.read_text(encoding="utf-8").splitlines() if row.strip()]


def files() -> dict[str, str]:
    """Return the files of the project's tree, repository path to text."""
    memory = {f"{FOLDER}/{path.name}": path for path in sorted((_DATA / "memory").glob("*.md"))}
    records = {f".gitmem/drains/{path.name}": path for path in sorted((_DATA / "drains").iterdir())}
    return {name: path.read_text(encoding="utf-8") for name, path in {**memory, **records}.items()}


def repository_with(tree: dict[str, str]) -> AbstractContextManager[tuple[Repository, str]]:
    """Return a throw-away repository whose one commit holds ``tree``, and that commit."""
    return repositories.repository_with(tree, name="Mateo", email="mateo@moorings.example")


def _query(row: str) -> Query:
    fields = json.loads(row)
    kind = next(kind for kind in Kind if kind in fields)
    return Query(
        kind=kind,
        text=fields[kind],
        error=fields.get("error", ""),
        lines=frozenset(fields["lines"]),
    )

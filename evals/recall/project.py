"""The project that recall is measured on: its memory, its queries, and a repository that holds it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.git import repository

if TYPE_CHECKING:
    from collections.abc import Iterator

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


@contextmanager
def repository_with(tree: dict[str, str]) -> Iterator[tuple[Repository, str]]:
    """Yield a throw-away repository whose one commit holds ``tree``, and that commit."""
    with tempfile.TemporaryDirectory() as name:
        top = Path(name).resolve() / "project"
        for path, text in tree.items():
            file = top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": name,
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": "Mateo" for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": "mateo@moorings.example" for who in ("AUTHOR", "COMMITTER")},
        }
        for arguments in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "memory"],
        ):
            subprocess.run(["git", *arguments], cwd=top, env=environ, check=True)
        tip = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=top, env=environ, check=True, capture_output=True, text=True,
        )  # fmt: skip
        yield repository.discover(str(top), environ), tip.stdout.strip()


def _query(row: str) -> Query:
    fields = json.loads(row)
    kind = next(kind for kind in Kind if kind in fields)
    return Query(
        kind=kind,
        text=fields[kind],
        error=fields.get("error", ""),
        lines=frozenset(fields["lines"]),
    )

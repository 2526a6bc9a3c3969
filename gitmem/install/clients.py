"""Which agent clients a work tree is wired for, and which a person uses."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.git import local
from gitmem.install.file_changes import LARGEST
from gitmem.models.command import located

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.clients.abilities import Wiring


def wired(root: Path, wirings: Mapping[str, Wiring]) -> list[str]:
    """Return the names of the clients that have gitmem's part in a file of theirs at the top of the work tree."""
    return [
        name for name, wiring in wirings.items() if not wiring.borrowed and _has_part(root, wiring)
    ]


def _has_part(root: Path, wiring: Wiring) -> bool:
    return any(
        file.mark in local.read_plain(str(root / file.path), LARGEST) for file in wiring.files
    )


def borrowing(root: Path, home: str, path: str, wirings: Mapping[str, Wiring]) -> list[str]:
    """Return the names of the clients that a person uses and that read a wired file of another client's."""
    return [
        name
        for name in used(root, home, path, wirings)
        if wirings[name].borrowed and _has_part(root, wirings[name])
    ]


def used(root: Path, home: str, path: str, wirings: Mapping[str, Wiring]) -> list[str]:
    """Return the names of the clients whose program or folder is there.

    ``home`` is the person's home (empty: unknown), ``path`` the value of PATH.
    """
    roots = [root, *([Path(home)] if home else [])]
    return [
        name
        for name, wiring in wirings.items()
        if (wiring.program and located(wiring.program, path))
        or any((start / folder).is_dir() for start in roots for folder in wiring.folders)
    ]

"""A note in a git directory by which an uninstall finds the way back: for each file, what is needed for it."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import TYPE_CHECKING, Any, TypeVar

from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

T = TypeVar("T")

_VERSION = 1


def recall(note: Path, entry: Callable[[Any], T]) -> dict[str, T]:
    """Return the entries of a note by the path of the file; empty when nothing is known or it cannot be read.

    ``entry`` makes one of the fields that `remember` was given.
    """
    try:
        found = json.loads(note.read_text(encoding="utf-8"))
        if found["v"] != _VERSION:
            return {}
        return {path: entry(fields) for path, fields in found["files"].items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def remember(note: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    """Write a note whole. Raises NeedsPerson when git's directory cannot be written."""
    temporary = beside(note)
    try:
        temporary.write_text(json.dumps({"v": _VERSION, "files": files}), encoding="utf-8")
        temporary.replace(note)
    except OSError as error:
        raise NeedsPerson(f"{note} cannot be written: {error.strerror}") from error


def beside(note: Path) -> Path:
    """Return the file that a killed `remember` leaves."""
    return note.with_name(f"{note.name}.new")


def digest(content: bytes) -> str:
    """Return what tells whether a file is as gitmem wrote it."""
    return sha256(content).hexdigest()

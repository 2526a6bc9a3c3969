"""The files that `init` and `uninstall` write, change or remove, a line each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.cli import render

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.install.file_changes import FileChange

WRITE, CHANGE = ("would write", "wrote"), ("would change", "changed")
_REMOVE = ("would remove", "removed")


def say(changes: Iterable[FileChange], verb: tuple[str, str], *, dry_run: bool) -> None:
    """Print what becomes of each file; ``verb`` (`WRITE`, `CHANGE`) is for one that is there afterwards."""
    for change in changes:
        would, did = _REMOVE if change.after is None else verb
        render.say(f"{would if dry_run else did} {change.path}")

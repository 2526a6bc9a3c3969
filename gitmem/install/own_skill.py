"""gitmem's own skill, `.claude/skills/gitmem-close/`: installed, kept up to date, never taken over.

It is gitmem's while its text is one that some version shipped; a text that a person changed is
theirs. `templates/skills/gitmem-close/shipped.sha256` has the digest of every version.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.install.file_changes import FileChange, change_text, read_text, real_path
from gitmem.memory.skills import SKILL

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path


def skill_changes(
    root: Path, text: str, versions: Collection[str]
) -> tuple[list[FileChange], list[str]]:
    """The change that installs or updates the skill (or none), and what to say about it.

    A place behind a symlink is left alone, unless the file is there, and a note says so.
    """
    try:
        path = real_path(root, SKILL)
    except Refused as refused:
        return [], [f"the skill gitmem-close was not installed: {refused.message}"]
    now = read_text(root, path)
    if now is not None and not is_ours(now, versions):
        return [], [f"{SKILL} was edited by a person, and stays as it is"]
    if now is not None and _plain(now) == _plain(text):
        return [], []
    return [change_text(path, now, text)], []


def without_skill(now: str, versions: Collection[str]) -> str | None:
    """The file's text after an uninstall: none when it is ours, else as it is."""
    return None if is_ours(now, versions) else now


def is_ours(text: str, versions: Collection[str]) -> bool:
    """Whether some version shipped this text; line ends do not count."""
    return sha256(_plain(text).encode()).hexdigest() in versions


def _plain(text: str) -> str:
    return text.replace("\r\n", "\n")

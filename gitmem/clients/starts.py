"""Folders below the top whose own client settings are gitmem's too."""

from __future__ import annotations

import os

from gitmem.clients.claude_code.settings import NAME, OURS
from gitmem.git import local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_LARGEST = 4 << 20  # bytes of a settings file


def wired(repo: Repository, here: str) -> list[str]:
    """The folders, relative to the top and sorted, with a settings file that holds our hooks.

    Found among what git tracks or would track, and in ``here`` (absolute), also where git ignores it.
    """
    listed = repo.git(
        "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", f"*/{NAME}"
    ).out
    paths = {os.fsdecode(name) for name in listed.split(b"\0") if name}
    inside = below(repo, here)
    if inside:
        paths.add(f"{inside}/{NAME}")
    return sorted(path.removesuffix(f"/{NAME}") for path in paths if _is_ours(f"{repo.top}/{path}"))


def below(repo: Repository, folder: str) -> str:
    """The folder relative to the top; empty for the top itself and for one that is not below it."""
    top, real = os.path.realpath(repo.top), os.path.realpath(folder)
    return os.path.relpath(real, top) if real.startswith(top + "/") else ""


def _is_ours(path: str) -> bool:
    return OURS.encode() in local.read_plain(path, _LARGEST)

"""What git ignores (gitignore(5))."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gitmem.store.repository import Repository


def ignored(repo: Repository, path: str) -> bool:
    """Whether git would ignore a path of the work tree that is not tracked."""
    done = repo.git("check-ignore", "-q", "--", path, ok=(0, 1))
    return done.code == 0

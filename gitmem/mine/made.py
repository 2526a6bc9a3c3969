"""Make the repository of the person's own memory: folders of the account alone, settings, one commit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git import mine, refs, repository
from gitmem.git.repository import Repository

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The branch that the person's own memory lives on.
TARGET = "main"
_ALONE = 0o700  # rwx for the account


def is_made(environ: Mapping[str, str]) -> bool:
    """Return whether the repository is there with its first commit. Raises as `gitmem.git.mine.is_there` does."""
    if not mine.is_there(mine.home()):
        return False
    repo = repository.discover(mine.place(), environ)
    return bool(refs.resolve(repo, f"refs/heads/{TARGET}"))


def make(environ: Mapping[str, str], files: Mapping[str, str]) -> Repository:
    """Make what is not there yet; return the repository. ``files`` maps path to text of the first commit.

    A second run finishes what a killed one began. Raises Refused for a place that is not the account's own, and
    NeedsPerson where a folder or the commit cannot be made.
    """
    place = Path(mine.place())
    mine.is_there(mine.home())
    try:
        place.parent.parent.mkdir(parents=True, exist_ok=True)
        for folder in (place.parent, place):
            folder.mkdir(mode=_ALONE, exist_ok=True)
        (place / ".git").mkdir(mode=_ALONE, exist_ok=True)
    except OSError as error:
        raise NeedsPerson(f"{error.filename} cannot be made: {error.strerror}") from error
    mine.is_there(mine.home())  # nothing was put there meanwhile
    top = str(place)
    new = Repository(top, f"{top}/.git", f"{top}/.git", environ)
    if not (place / ".git" / "HEAD").exists():
        # A template brings hooks: of a person's, or of a machine's.
        new.git("init", "--quiet", "--template=", f"--initial-branch={TARGET}", top)
    repo = repository.discover(top, environ)
    if refs.resolve(repo, f"refs/heads/{TARGET}"):
        return repo
    for path, text in files.items():
        file = place / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text, encoding="utf-8")
    repo.git("add", "--force", "--", *files)
    quiet = ("--quiet", "--no-verify", "--message=gitmem: start my own memory")
    repo.git("-c", f"core.hooksPath={os.devnull}", "commit", *quiet, "--", *files)
    return repo

"""Diffs and logs for a person, through GitPython (docs/adr/0003: the cold lane)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError
from gitmem.git.process import HARDENED

if TYPE_CHECKING:
    from gitmem.git.repository import Repository


class NoDiff(GitmemError):
    """git could not show the difference."""


def diff(repo: Repository, old: str, new: str) -> str:
    """The difference between two commits (old empty: from nothing), without drain records.

    As git's bytes are, without colour: to be shown it is escaped. No external diff program, no
    textconv: both are commands that a configuration can name.
    """
    import git

    start = old or repo.git("hash-object", "-t", "tree", "--stdin").text
    command = [
        "git",
        *HARDENED,
        *repo.options,
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--color=never",
        start,
        new,
        "--",
        ".",
        ":(exclude,top).gitmem/drains",
    ]
    try:
        shown = git.Git(repo.top).execute(command, env=repo.env, strip_newline_in_stdout=False)
    except git.GitCommandError as error:
        raise NoDiff(f"the difference cannot be shown: {error.stderr.strip()}") from error
    return str(shown)

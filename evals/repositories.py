"""Throw-away repositories: nothing of the machine in them, and with a date the same commits everywhere."""

from __future__ import annotations

import os
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.git import repository

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitmem.git.repository import Repository


@contextmanager
def repository_with(
    tree: Mapping[str, str], *, name: str, email: str, date: str = ""
) -> Iterator[tuple[Repository, str]]:
    """Yield a repository whose one commit, by ``name``, holds ``tree``; and that commit.

    ``date`` (empty: now) is that of each commit that is made in it.
    """
    with tempfile.TemporaryDirectory() as home:
        top = Path(home).resolve() / "project"
        for path, text in tree.items():
            file = top / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text, encoding="utf-8", newline="")
        environ = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": home,
            "LC_ALL": "C.UTF-8",
            "TZ": "UTC",
            "GIT_CONFIG_NOSYSTEM": "1",
            **{f"GIT_{who}_NAME": name for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_EMAIL": email for who in ("AUTHOR", "COMMITTER")},
            **{f"GIT_{who}_DATE": date for who in ("AUTHOR", "COMMITTER") if date},
        }
        for arguments in (
            ["init", "--quiet", "--initial-branch", "main"],
            ["add", "--all"],
            ["commit", "--quiet", "--message", "the project"],
        ):
            subprocess.run(["git", *arguments], cwd=top, env=environ, check=True)
        tip = subprocess.run(
            ["git", "rev-parse", "HEAD"],
            cwd=top, env=environ, check=True, capture_output=True, text=True,
        )  # fmt: skip
        yield repository.discover(str(top), environ), tip.stdout.strip()

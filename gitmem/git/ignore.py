"""What git ignores (gitignore(5)), and what it keeps as a link where this checkout has none."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.git.process import GitFailed

if TYPE_CHECKING:
    from gitmem.git.repository import Repository


def ignored(repo: Repository, path: str) -> bool:
    """Whether git would ignore a path of the work tree that is not tracked.

    Raises Refused for one behind a link or in a repository of its own: git does not tell there.
    """
    done = repo.git("check-ignore", "-q", "--", path, ok=(0, 1, 128))
    if done.code == 128 and ("symbolic link" in done.said or "in submodule" in done.said):  # noqa: PLR2004
        raise Refused(
            f"{path} is behind a link or in a submodule, where nothing is written",
            hint="for the memory folder set `memory:` in .gitmem/config.yaml to the folder itself; "
            "`.gitmem` has to be a folder of this repository",
        )
    if done.code > 1:
        raise GitFailed(["check-ignore"], done.code, done.said)
    return done.code == 0


def unmade_links(repo: Repository, *paths: str) -> dict[str, str]:
    """Which of the paths are links to git and ordinary files here, with what each link names.

    So a checkout has them where ``core.symlinks`` is false; the file then holds the link's text.
    """
    found = {}
    for row in repo.git("ls-files", "--stage", "-z", "--", *paths).out.split(b"\0"):
        head, _, path = row.decode("utf-8", "surrogateescape").partition("\t")
        mode, oid, *_ = [*head.split(" "), "", ""]
        if mode == "120000" and not os.path.islink(f"{repo.top}/{path}"):
            found[path] = repo.git("cat-file", "blob", oid).out.decode("utf-8", "surrogateescape")
    return found

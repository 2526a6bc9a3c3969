"""Whether this process runs below a `git push`, as a command of a pre-push hook does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.store import local

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.store.repository import Repository

#: gitmem's own pushes set this, to the git directory they push from; their hooks inherit it.
VARIABLE = "GITMEM_PUSHING"
_DEEPEST = 32  # processes between a hook's command and git: shells, package runners


def own(repo: Repository, environ: Mapping[str, str]) -> bool:
    """Whether a push that gitmem itself started from this repository runs this command."""
    return environ.get(VARIABLE, "") == os.path.realpath(repo.common)


def below_push() -> bool:
    """Whether an ancestor of this process is a `git push`; False where the system does not tell.

    Source: proc(5), `stat` and `cmdline`. Without /proc (macOS) the answer is False.
    """
    process = os.getppid()
    for _ in range(_DEEPEST):
        if process <= 1:
            return False
        try:
            words = local.read_there(f"/proc/{process}/cmdline").split(b"\0")
            told = local.read_there(f"/proc/{process}/stat")
        except OSError:
            return False
        if os.path.basename(words[0]) == b"git" and b"push" in words[1:]:
            return True
        process = int(told.rpartition(b")")[2].split()[1])
    return False

"""Whether this process runs below a `git push`, as a command of a pre-push hook does."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.git.repository import Repository

#: gitmem's own pushes set this, to the git directory they push from; their hooks inherit it.
VARIABLE = "GITMEM_PUSHING"
# Options of git itself whose value is a word of its own (git(1), OPTIONS).
_VALUED = frozenset(
    (b"-C", b"-c", b"--git-dir", b"--work-tree", b"--namespace", b"--super-prefix", b"--config-env",
     b"--attr-source")
)  # fmt: skip
_DEEPEST = 32  # processes between a hook's command and git: shells, package runners


def own(repo: Repository, environ: Mapping[str, str]) -> bool:
    """Whether a push that gitmem itself started from this repository runs this command."""
    return environ.get(VARIABLE, "") == os.path.realpath(repo.common)


def _command(words: Sequence[bytes]) -> bytes:
    """What git is told to do, past its own options: ``push`` may also be a word of a commit's message."""
    left = iter(words)
    for word in left:
        if word in _VALUED:
            next(left, b"")
        elif not word.startswith(b"-"):
            return word
    return b""


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
        if os.path.basename(words[0]) == b"git" and _command(words[1:]) == b"push":
            return True
        process = int(told.rpartition(b")")[2].split()[1])
    return False

"""The push whose pre-push hook runs this command, told by whatever runs the hook."""

from __future__ import annotations

import os
import select
import stat
from typing import TYPE_CHECKING

from gitmem.check.push import Push, from_hook, from_pre_commit
from gitmem.cli.surroundings import ENVIRON
from gitmem.git import pushing, refs, repository

if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_LONGEST = 1 << 20  # bytes of a hook's standard input: one line for each ref
_SILENCE = 2.0  # seconds; git writes its lines at once, and then closes its end


def here(repo: Repository) -> Push | None:
    """The push that is under way; None when no push runs this command.

    pre-commit tells in variables, git on the hook's standard input. Where a hook manager keeps that
    input to itself (lefthook, or a command before this one in the script), the branch that is
    checked out is taken for what is pushed.
    """
    if pushing.own(repo, ENVIRON):
        return Push(own=True)
    told = from_pre_commit(ENVIRON)
    if told:
        return told
    if not pushing.below_push():
        return None
    return from_hook(_piped().splitlines()) or _current(repo)


def _piped() -> str:
    """What the hook's standard input still holds; empty when it is no pipe."""
    try:
        if not stat.S_ISFIFO(os.fstat(0).st_mode):
            return ""
        held = b""
        while len(held) < _LONGEST and select.select([0], [], [], _SILENCE)[0]:
            part = os.read(0, 65536)
            if not part:
                break
            held += part
    except OSError:  # closed
        return ""
    return held.decode("utf-8", "replace")


def _current(repo: Repository) -> Push:
    branch = repository.head(repo)[0]
    names = frozenset({branch} if branch else ())
    sent = {branch: refs.resolve(repo, "HEAD")} if branch else {}
    return Push(branches=sent, names=names, known=bool(branch))

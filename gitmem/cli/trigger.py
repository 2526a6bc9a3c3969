"""What runs a check: the build, read from the build machine's variables, or the push whose hook it is."""

from __future__ import annotations

import os
import select
import stat
from typing import TYPE_CHECKING

from gitmem.check import scope
from gitmem.check.push import Push, from_hook, from_pre_commit
from gitmem.cli.surroundings import ENVIRON
from gitmem.git import network, refs, repository

if TYPE_CHECKING:
    from typing import Any

    from gitmem.check.scope import Build
    from gitmem.git.repository import Repository

_LARGEST = 8 << 20  # bytes of an event file; GitHub caps a payload at 25 MB, and few reach one
_LONGEST = 1 << 20  # bytes of a hook's standard input: one line for each ref
_SILENCE = 2.0  # seconds; git writes its lines at once, and then closes its end


def build() -> Build:
    """Return the build that this process belongs to."""
    return scope.build(ENVIRON, _payload())


def push(repo: Repository) -> Push | None:
    """Return the push that is under way; None when no push runs this command.

    pre-commit says it in variables, git on the hook's standard input. Where a hook manager keeps
    that input to itself (lefthook, or an earlier command in the script), the branch that is checked
    out counts as the one that is pushed.
    """
    if network.is_own_push(repo, ENVIRON):
        return Push(own=True)
    named = from_pre_commit(ENVIRON)
    if named:
        return named
    if not network.below_push():
        return None
    return from_hook(_piped().splitlines()) or _current(repo)


def _payload() -> Any:
    """Return the event's payload; None when there is none, or none that can be read."""
    path = ENVIRON.get("GITHUB_EVENT_PATH", "")
    if not path:
        return None
    try:
        import json

        with open(path, "rb") as file:
            return json.loads(file.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return None


def _piped() -> str:
    """Return the rest of the hook's standard input; empty when it is not a pipe."""
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

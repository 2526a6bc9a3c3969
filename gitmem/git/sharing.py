"""A repository that a group shares (`core.sharedRepository`): its group may use what gitmem makes.

A module of its own because the hot lane loads it only in such a repository.
"""

from __future__ import annotations

import os

_GROUP = 0o070


def share(common: str, folder: str) -> None:
    """Give the group the access to this process's new files that the git directory's mode gives it.

    That mode is git's own (git-config(1), core.sharedRepository). The group also gets what this user's
    gitmem made in ``folder`` before the repository was shared.
    """
    state = os.stat(common)
    group = state.st_mode & _GROUP
    os.umask(os.umask(0o077) & ~group)
    try:
        closed = group & ~os.stat(folder).st_mode
    except OSError:
        return  # there is none yet
    if closed:
        _open(folder, state)


def _open(folder: str, shared: os.stat_result) -> None:
    """Give this user's files below a folder the git directory's group and group bits."""
    for path, folders, files in os.walk(folder):
        for name in (".", *folders, *files):
            _open_one(os.path.join(path, name), shared)


def _open_one(path: str, shared: os.stat_result) -> None:
    try:
        state = os.lstat(path)
        if state.st_uid != os.geteuid() or os.path.islink(path):
            return
        if state.st_gid != shared.st_gid:
            os.chown(path, -1, shared.st_gid)
        own = state.st_mode & 0o7700
        setgid = shared.st_mode & 0o2000 if os.path.isdir(path) else 0
        os.chmod(
            path, own | (state.st_mode & 0o007) | ((own >> 3) & shared.st_mode & _GROUP) | setgid
        )
    except OSError:
        return  # gone meanwhile, or of a group that this user is not in: who needs it says so

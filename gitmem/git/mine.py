"""The place of the person's own memory: a repository below the account's home (hot lane).

The home is the one of the password database. `HOME` and every configuration can be a repository's doing inside an
agent client, so neither is asked. What is on the way has to be the account's own, and no link.
"""

from __future__ import annotations

import os
import pwd

from gitmem.core.errors import GitmemError, Refused
from gitmem.git.repository import MINE

_TYPE, _LINK, _FOLDER = 0o170000, 0o120000, 0o040000  # S_IFMT, S_IFLNK and S_IFDIR of stat(2)
_OTHERS, _GROUP = 0o002, 0o020  # S_IWOTH and S_IWGRP
_OURS = "gitmem"  # the first folder on the way that gitmem makes, for the account alone


class NotMade(GitmemError):
    """The person has no memory of their own yet."""

    exit_code = 3


def home() -> str:
    """Return the account's home. Raises Refused where the password database names none."""
    named = _named()
    found = os.path.realpath(named) if named.startswith("/") else ""
    if not found or not os.path.isdir(found):
        raise Refused(
            "the password database names no home for this account, so there is no place for your own memory",
            hint="`getent passwd` shows the entry; HOME does not count here",
        )
    return found


def may_be_there() -> bool:
    """Return whether something stands where the repository would; whether it may be used, `is_there` tells."""
    return os.path.exists(f"{_named()}/{MINE}/.git/HEAD")


def place() -> str:
    """Return where the repository is, whether it is there or not. Raises as `home` does."""
    return f"{home()}/{MINE}"


def top() -> str:
    """Return the work tree of the person's own memory.

    Raises NotMade where there is none, and Refused where the place is not the account's own.
    """
    start = home()
    if not is_there(start):
        raise NotMade(
            "your own memory is not made yet", hint="in your own terminal: gitmem init --mine"
        )
    return f"{start}/{MINE}"


def is_there(start: str) -> bool:
    """Return whether the repository is there, below the home ``start``.

    Raises Refused where a part of the way to it is a link, belongs to somebody else, or can be written by others.
    """
    way, own = start, False
    for name in ("", *MINE.split("/"), ".git"):
        own = own or name == _OURS
        way = f"{way}/{name}" if name else way
        try:
            found = os.lstat(way)
        except FileNotFoundError:
            return False
        flaw = _flaw(found, own=own)
        if flaw:
            raise Refused(
                f"{way} {flaw}, so your own memory is not read or written",
                hint="look who made it so; it has to be a folder that only you can write",
            )
    # Without it, git would look for a repository in the folders above.
    return os.path.isfile(f"{way}/HEAD")


def _named() -> str:
    """Return the home that the password database names; empty where it names none."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_dir
    except KeyError:
        return ""


def _flaw(found: os.stat_result, *, own: bool) -> str:
    """Return what is wrong with a folder; ``own``: it is one of gitmem's."""
    kind = found.st_mode & _TYPE
    if kind != _FOLDER:
        return "is a link" if kind == _LINK else "is not a folder"
    if found.st_uid != os.geteuid():
        return "belongs to another user"
    # A group of the person alone is usual for the folders above.
    return "can be written by others" if found.st_mode & (_OTHERS | (_GROUP if own else 0)) else ""

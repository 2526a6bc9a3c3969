"""Personal settings, `git config gitmem.*`: their values, and which file counts (hot lane).

Inside an agent client a repository's settings can lead git to a configuration in the repository
(`GIT_CONFIG_GLOBAL`, `HOME`, an included file). There only the clone's own configuration file counts,
known by device and inode and not by its path.
"""

from __future__ import annotations

import os

from gitmem.core import agent_clients as clients
from gitmem.core.errors import Refused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

_YES = ("true", "yes", "on")


class Setting:
    """``value`` is the value that counts (empty: none). ``elsewhere`` is the file whose value does not.

    ``unheard`` is that value: from a file in the work tree, or, inside a client, from any file but the
    clone's own.
    """

    __slots__ = ("_client", "_key", "elsewhere", "unheard", "value")

    def __init__(self, key: str, value: str, *, elsewhere: str, unheard: str, client: str) -> None:
        self._key = key
        self._client = client
        self.value = value
        self.elsewhere = elsewhere
        self.unheard = unheard

    def heard(self) -> str:
        """Return the value that counts. Raises Refused when there is only one that does not."""
        refused = self.refused()
        if refused is not None:
            raise refused
        return self.value

    def refused(self) -> Refused | None:
        """Return the error for a value that does not count; None where a value counts, or none is set."""
        if not self.elsewhere or self.value:
            return None
        local = f"git config --local {self._key} VALUE"
        if not self._client:
            return Refused(
                f"{self._key} comes from {self.elsewhere}, a file in the work tree",
                hint=f"set it in this clone: {local}",
            )
        return Refused(
            f"{self._key} comes from {self.elsewhere}, and this runs inside {self._client}, "
            "where a repository's settings can choose that file",
            hint=f"if the choice is yours, say it once in this clone, in your own terminal: {local}",
        )


def read(repo: Repository, key: str) -> Setting:
    """Return a setting by its full name (`gitmem.engine`), by one git process."""
    return judged(repo, key, rows(repo, key))


def judged(repo: Repository, key: str, found: Sequence[tuple[str, str]]) -> Setting:
    """Return a setting from file and value of each place that sets it, in git's order."""
    client = clients.inside(repo.environ)
    shared = [(file, value) for file, value in found if _in_work_tree(repo, file)]
    if client:
        mine = [
            value for file, value in found if _is_own(repo, file) and (file, value) not in shared
        ]
        others = [row for row in found if not _is_own(repo, row[0]) or row in shared]
    else:
        mine = [value for file, value in found[-1:] if (file, value) not in shared]
        others = [row for row in found[-1:] if row in shared]
    file, unheard = others[-1] if others else ("", "")
    value = mine[-1] if mine else ""
    return Setting(key, value, elsewhere=_shown(repo, file), unheard=unheard, client=client)


def elsewhere(repo: Repository, key: str) -> str:
    """Return the file that sets the key where the clone's own configuration does not; empty without one."""
    found = rows(repo, key)
    return (
        ""
        if not found or any(_is_own(repo, file) for file, _ in found)
        else _shown(repo, found[-1][0])
    )


def yes(value: str) -> bool:
    """Whether git reads the value as a true boolean."""
    number = value.lstrip("+-")
    return value.lower() in _YES or (number.isdecimal() and number.strip("0") != "")


def rows(repo: Repository, key: str) -> list[tuple[str, str]]:
    """Return file and value of each place that sets the key, in git's order."""
    from gitmem.git import process

    answer = process.run(
        ["config", "-z", "--show-origin", "--get-all", key],
        env=process.as_told(repo.environ),
        cwd=repo.top,
        ok=process.ANY,
        options=repo.options,
    )
    if answer.code:
        return []
    return pairs(repo, answer.out)


def pairs(repo: Repository, listing: bytes) -> list[tuple[str, str]]:
    """Return file and text of each row of `git config -z --show-origin`; empty file: the command line."""
    words = os.fsdecode(listing).split("\0")
    rows = []
    for origin, value in zip(words[::2], words[1::2], strict=False):
        kind, _, file = origin.partition(":")
        rows.append((os.path.join(repo.top, file) if kind == "file" else "", value))
    return rows


def own_files(repo: Repository) -> tuple[str, str]:
    """Return where the clone's own configuration is, and its linked work tree's, whether they are there or not."""
    return repo.common + "/config", repo.git_dir + "/config.worktree"


def _is_own(repo: Repository, file: str) -> bool:
    """Whether the file is the clone's own configuration, or its linked work tree's."""
    for own in own_files(repo):
        try:
            if os.path.samefile(file, own):
                return True
        except OSError:
            continue
    return False


def _in_work_tree(repo: Repository, file: str) -> bool:
    """Whether the file lies in the work tree, and not in the git directory; links are followed.

    Folders are compared by identity: the work tree may be reached by several paths.
    """
    if not file:
        return False
    # git ran in `top`, where a path such as `/proc/self/cwd` leads elsewhere than from here.
    for self in ("/proc/self/cwd/", "/proc/thread-self/cwd/"):
        if file.startswith(self):
            file = repo.top + "/" + file[len(self) :]
    folder = os.path.dirname(os.path.realpath(file))
    while True:
        if _same(folder, repo.git_dir) or _same(folder, repo.common):
            return False
        if _same(folder, repo.top):
            return True
        if os.path.dirname(folder) == folder:
            return False
        folder = os.path.dirname(folder)


def _same(one: str, other: str) -> bool:
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False


def _shown(repo: Repository, file: str) -> str:
    """Return a file as a person names it: relative to the work tree."""
    below = repo.top + "/"
    return file.removeprefix(below)

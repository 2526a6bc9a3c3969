"""A value of the shared settings without a YAML reader (hot lane).

Apart from `gitmem.records.target`, because a silent boot needs the memory folder and no more. The cold
lane reads and validates the settings as YAML (`gitmem.bootstrap.settings`).
"""

from __future__ import annotations

from gitmem.git import local
from gitmem.git.repository import SETTINGS, SETTINGS_LONGEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository


def in_work_tree(repo: Repository) -> bytes:
    """Return the work tree's settings file; empty without one, and for a link to one."""
    return local.read_plain(f"{repo.top}/{SETTINGS}", SETTINGS_LONGEST)


def memory_folder(repo: Repository) -> str:
    """Return the `memory:` of the work tree's settings; the default when unset."""
    folder = value(in_work_tree(repo), b"memory:")
    return folder.strip("/") if folder and ".." not in folder else "memory"


def value(settings: bytes, key: bytes) -> str:
    """Return the value of a key on a line of its own; empty without one. ``key`` ends with a colon."""
    for line in settings.splitlines():
        if line.startswith(key):
            text = line[len(key) :].split(b" #", 1)[0].strip().strip(b"'\"")
            return "" if text in (b"null", b"~") else text.decode("utf-8", "replace")
    return ""

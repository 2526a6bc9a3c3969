"""A session that starts below the top of the repository: give it the memory the client leaves out (hot lane).

Claude Code 2.1.328 reads the instruction file at the top from every folder below, and does not follow
its import there: the index lies outside of the folder the session started in (`tests/client`).
"""

from __future__ import annotations

import os

from gitmem.git import local
from gitmem.records import target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

# The client puts words of more than 10,000 characters into a file and shows a beginning of 2 kB.
_LONGEST = 8_000


def index(repo: Repository, project: str) -> str:
    """What to tell the model at a boot; empty where the client loads the index itself.

    ``project`` is the folder the session started in.
    """
    top, start = os.path.realpath(repo.top), os.path.realpath(project)
    if not project or not start.startswith(top + "/"):
        return ""
    path = f"{repo.top}/{target.memory_folder(repo)}/MEMORY.md"
    content = local.read_plain(path, _LONGEST).decode("utf-8", "replace")
    if not content:
        return ""
    name = os.path.relpath(path, start)
    where = (
        f"This session started in {os.path.relpath(start, top)}, below the top of the repository"
    )
    if len(content) > _LONGEST:
        return f"gitmem: {where}. The index of the repository's memory was not loaded: read {name}"
    return (
        f"gitmem: {where}, so the index of the repository's memory was not loaded. It is {name}; "
        f"names in it are relative to that folder:\n{content}"
    )

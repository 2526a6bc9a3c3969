"""The guards of the target's tree.

Guards come from the tree of the target branch, never from the work tree: what is there has been
reviewed or committed by a person on that branch, and neither an agent's edit nor a branch that was
checked out to look at it changes what is said (docs/adr/0010). Reading a tree needs git, so the
sound guards are kept beside what they depended on (`gitmem.boundaries.guards`) for the hook that runs before
every tool call.
"""

from __future__ import annotations

import os

from gitmem.core.errors import GitmemError
from gitmem.git import objects
from gitmem.memory import guard_file
from gitmem.memory.guard import FILE, LARGEST, Guard
from gitmem.records import target

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.memory.guard_file import GuardFile


def refs(repo: Repository) -> list[str]:
    """Return the refs that decide which guards are in force: HEAD where there is no target."""
    try:
        found = target.find(repo, target.configured_name(repo))
    except GitmemError:
        return ["HEAD"]
    return [name for name in (found.ref, found.upstream_ref) if name]


def rows(repo: Repository) -> str:
    """Return the guards in force, one a line as `gitmem.boundaries.guards` reads them; empty without a target."""
    try:
        where = target.find(repo, target.configured_name(repo))
        return "\n".join(map(_row, landed(repo, where.local or where.upstream).guards))
    except GitmemError:
        return ""  # no target, no guards; `check` and `status` say what is the matter


def landed(repo: Repository, commit: str) -> GuardFile:
    """Return the guards in a commit's tree (empty: no commit), and the lines that are not guards."""
    content = objects.read_beginning(repo, commit, FILE, LARGEST) if commit else b""
    return guard_file.read_guards(content.decode("utf-8", "replace"))


def in_work_tree(repo: Repository) -> GuardFile:
    """Return what `landed` does for the work tree's file, which counts once it is committed to the target."""
    path = f"{repo.top}/{FILE}"
    content = b""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    return guard_file.read_guards(content.decode("utf-8", "replace"))


def _row(guard: Guard) -> str:
    """Return one guard, each field without tabs, which `gitmem.memory.guard_file` ensures."""
    piece = max(guard.match.split("*"), key=len)
    tools, flags = "|".join(guard.tools), " ".join(guard.flags)
    return f"{piece}\t{tools}\t{guard.match}\t{guard.mode}\t{flags}\t{guard.lesson}"

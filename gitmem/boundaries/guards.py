"""The guards of the target's tree, kept ready for the hook that runs before every tool call (hot lane).

Guards come from the tree of the target branch, never from the work tree: what is there has been
reviewed or committed by a person on that branch, and neither an agent's edit nor a branch that was
checked out to look at it changes what is said (docs/adr/0010). Reading a tree needs git, so the
sound guards are kept in ``gitmem/guards`` beside what they depended on; while none of that has
changed, one small file is all that is read.
"""

from __future__ import annotations

import os

from gitmem.git import local
from gitmem.memory.guard import FILE, LARGEST, Guard, matches

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.memory.guard_file import Found

_VERSION = b"gitmem-guards 2"
_END = b"\n\n"


def ready(repo: Repository) -> str | None:
    """The rows of the guards in force; None when they have to be read anew (`refresh`)."""
    kept = local.read(_path(repo))
    head, end, rows = kept.partition(_END)
    version, _, rest = head.partition(b"\n")
    names = rest.partition(b"\n")[0].decode("utf-8", "surrogateescape").split(" ")
    if not end or version != _VERSION or head != _look(repo, names):
        return None
    return rows.decode("utf-8", "replace")


def refresh(repo: Repository) -> str:
    """Reads the guards from the target's tree and keeps them; their rows."""
    from gitmem.core.errors import GitmemError
    from gitmem.records import target

    rows = ""
    names = ["HEAD"]
    head = _look(repo, names)
    try:
        where = target.find(repo, target.configured_name(repo))
        names = [name for name in (where.ref, where.upstream_ref) if name]
        head = _look(repo, names)
        rows = "\n".join(
            [_row(guard) for guard in found(repo, where.local or where.upstream).guards]
        )
    except GitmemError:
        rows = ""  # no target, no guards; `check` and `status` say what is the matter
    local.make_folder(repo.folder)
    lock = local.Lock(_path(repo) + ".lock")
    if lock.attempt():
        local.write_whole(_path(repo), head + _END + rows.encode("utf-8", "replace"))
        lock.release()
    return rows


def found(repo: Repository, commit: str) -> Found:
    """The guards in a commit's tree (empty: no commit), and what of the file is none."""
    from gitmem.git import objects
    from gitmem.memory import guard_file

    content = objects.beginning(repo, commit, FILE, LARGEST) if commit else b""
    return guard_file.read(content.decode("utf-8", "replace"))


def beside(repo: Repository) -> Found:
    """The same of the work tree's file, which counts once it is committed to the target."""
    from gitmem.memory import guard_file

    path = f"{repo.top}/{FILE}"
    content = b""
    if os.path.isfile(path):
        with open(path, "rb") as file:
            content = file.read(LARGEST + 1)
    return guard_file.read(content.decode("utf-8", "replace"))


def fitting(rows: str, tool: str, about: str) -> list[Guard]:
    """The guards that fit a call, from the rows that `ready` and `refresh` give.

    Nearly all rows fail at the first test, the longest piece of their pattern: a hook has no time
    for more.
    """
    found = []
    for row in rows.split("\n"):
        piece, _, rest = row.partition("\t")
        if piece in about and rest:
            tools, match, ask, flags, lesson = rest.split("\t")
            names = tools.split("|")
            if tool in names and matches(match, about):
                found.append(Guard(names, match, lesson, flags=flags.split(), ask=bool(ask)))
    return found


def _row(guard: Guard) -> str:
    """One guard, each field without tabs, as `gitmem.memory.guard_file` has seen to."""
    piece = max(guard.match.split("*"), key=len)
    ask = "ask" if guard.ask else ""
    tools, flags = "|".join(guard.tools), " ".join(guard.flags)
    return f"{piece}\t{tools}\t{guard.match}\t{ask}\t{flags}\t{guard.lesson}"


def _look(repo: Repository, names: Sequence[str]) -> bytes:
    """All that the guards depend on, as bytes to compare; the second line holds ``names``."""
    lines = [_VERSION, " ".join(names).encode("utf-8", "surrogateescape")]
    files = [repo.git_dir + "/HEAD", repo.common + "/refs/remotes/origin/HEAD"]
    files += [f"{repo.common}/{name}" for name in names]
    lines += [local.read(file).strip() or b"-" for file in files]
    stamped = ("/packed-refs", "/config", "/reftable/tables.list")
    lines += [_stamp(repo.common + name) for name in stamped]
    lines.append(_stamp(repo.top + "/.gitmem/config.yaml"))
    return b"\n".join(lines)


def _path(repo: Repository) -> str:
    return repo.folder + "/guards"


def _stamp(path: str) -> bytes:
    try:
        state = os.stat(path)
    except OSError:
        return b"-"
    return b"%d %d %d" % (state.st_mtime_ns, state.st_size, state.st_ino)

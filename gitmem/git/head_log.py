"""The latest commits of a work tree, from its HEAD log (hot lane).

The log shows every spelling of `git commit` and no failed one; a look at the command does not.
"""

from __future__ import annotations

import os

from gitmem.git import local, repository

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository

_TAIL = 8192  # bytes; some forty entries, more than one tool call makes


def commits_since(repo: Repository, moment: float) -> list[str]:
    """Return the commits made in this work tree since ``moment`` (seconds, wall clock)."""
    try:
        descriptor = os.open(repo.git_dir + "/logs/HEAD", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return _without_log(repo, moment)
    try:
        state = os.fstat(descriptor)
        if state.st_mtime < moment:
            return []
        tail = os.pread(descriptor, _TAIL, max(0, state.st_size - _TAIL))
    finally:
        os.close(descriptor)
    return [oid for line in tail.splitlines() for oid in _commit(line, moment)]


def replayed(repo: Repository) -> list[str]:
    """Return the latest commits that a rebase, a cherry-pick or a merge brought, from HEAD's log."""
    try:
        tail = local.read_tail(repo.git_dir + "/logs/HEAD", _TAIL)
    except OSError:
        return []
    rows = [line.partition(b"\t") for line in tail.splitlines()]
    return [
        meta.split(b" ")[1].decode("ascii", "replace")
        for meta, _, what in rows
        if meta.count(b" ") > 1 and what and not what.startswith((b"commit", b"reset", b"checkout"))
    ]


def _commit(line: bytes, moment: float) -> list[str]:
    r"""Return the new commit of a log line ``<old> <new> <who> <seconds> <zone>\t<what>``."""
    meta, _, what = line.partition(b"\t")
    words = meta.split(b" ")
    if not what.startswith(b"commit") or len(words) < 5 or not words[-2].isdigit():  # noqa: PLR2004
        return []
    oid = words[1].decode("ascii", "replace")
    # The log keeps whole seconds.
    return [oid] if int(words[-2]) >= int(moment) and repository.is_oid(oid) else []


def _without_log(repo: Repository, moment: float) -> list[str]:
    """Return the commits where HEAD has no log file: another ref format, logs switched off, or no commit."""
    if os.path.isdir(repo.common + "/reftable"):
        return _from_git(repo, moment)
    branch, head = repository.head(repo)
    try:
        changed = os.stat(
            f"{repo.common}/refs/heads/{branch}" if branch else repo.git_dir + "/HEAD"
        )
    except OSError:
        return []
    if not head or changed.st_mtime < moment:
        return []
    made = repo.git("log", "-1", "--format=%ct", head, ok=(0, 128)).text
    return [head] if made.isdecimal() and int(made) >= int(moment) else []


def _from_git(repo: Repository, moment: float) -> list[str]:
    done = repo.git(
        "log", "-g", "-n", "20", "--date=unix", "--format=%H %gd\t%gs", "HEAD", ok=(0, 128)
    )
    commits = []
    for line in done.text.splitlines():
        name, _, what = line.partition("\t")
        oid, _, selector = name.partition(" ")
        seconds = selector.rpartition("{")[2].rstrip("}")
        if what.startswith("commit") and seconds.isdigit() and int(seconds) >= int(moment):
            commits.append(oid)
    return commits

"""`gitmem statusline`: what waits in one line, for the line below a client's prompt (hot lane).

A client runs it after every message, so the counts are kept beside the state of all that they depend on.
Claude Code hands it a JSON object on standard input; its folder is in ``workspace.current_dir``
(code.claude.com, "Status line configuration").
"""

from __future__ import annotations

import os
import time

from gitmem.cli import folder, streams
from gitmem.cli.arguments import parse
from gitmem.core.errors import GitmemError, UsageError
from gitmem.core.jsonline import loads
from gitmem.git import local, repository
from gitmem.git.repository import REVIEW

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository

_NAME = "statusline"
_LARGEST = 1 << 16  # bytes of the kept state


def run(argv: Sequence[str]) -> int:
    """Print the line, nothing where nothing waits; return the exit code.

    What cannot be told is not told here: a status line that fails is shown as an error after every message.
    """
    try:
        extra = parse(argv[0], argv[1:]).positionals
    except UsageError:
        extra = ["an option"]
    if extra:
        streams.err("gitmem: gitmem statusline takes no argument")
        return UsageError.exit_code
    try:
        line = _line(_folder() or folder.working())
    except (GitmemError, OSError):
        return 0
    if line:
        streams.out(line)
    return 0


def said(to_file: int, in_review: int, spooled: int = 0) -> str:
    """Return what is printed; empty where nothing waits."""
    parts = [f"{to_file} to file"] if to_file else []
    parts += [f"{in_review} in review"] if in_review else []
    parts += [f"{spooled} in the spool"] if spooled else []
    return " · ".join(parts)


def _folder() -> str:
    """Return the folder that the client names on standard input; empty where it names none."""
    if os.isatty(0):
        return ""
    try:
        told = loads(streams.read().decode("utf-8", "replace"))
    except (ValueError, OSError):
        return ""
    workspace = told.get("workspace") if isinstance(told, dict) else None
    named = workspace.get("current_dir") if isinstance(workspace, dict) else None
    return named if isinstance(named, str) and os.path.isdir(named) else ""


def _line(cwd: str) -> str:
    repo = repository.discover(cwd, os.environ)
    path = f"{repo.folder}/{_NAME}"
    kept = local.read_plain(path, _LARGEST)
    state, _, line = kept.rpartition(b"\n")
    names = state.partition(b"\n")[0].decode("utf-8", "surrogateescape").split(" ")
    if state and state == _state(repo, names):
        return line.decode("utf-8", "replace")
    if not os.path.isdir(repo.folder):
        return ""  # nothing was ever flagged in this clone
    return _asked(repo, path)


def _state(repo: Repository, names: Sequence[str]) -> bytes:
    """All that the counts depend on, as bytes to compare; empty where refs are no files (reftable)."""
    from gitmem.boundaries import boot

    seen = boot.look(repo, names)
    if not seen:
        return b""
    return seen + b"\n" + local.state_of(f"{repo.common}/refs/gitmem/here")


def _asked(repo: Repository, path: str) -> str:
    # Only where something changed is loaded what reads the queue.
    from gitmem.boundaries import boot
    from gitmem.records import snapshot, target

    configured = target.configured_name(repo)
    seen = _state(repo, [*boot.deciding_refs(target.find(repo, configured)), REVIEW])
    state = snapshot.take(repo, configured).state
    to_file = len(state.undrained) + len(state.unreadable)
    line = said(to_file, len(state.in_review), _spooled(repo))
    if seen:
        lock = local.Lock(path + ".lock")
        if lock.attempt():
            try:
                local.write_whole(path, seen + b"\n" + line.encode())
            finally:
                lock.release()
    return line


def _spooled(repo: Repository) -> int:
    from gitmem.queue import spool

    try:
        return spool.count(repo.folder, time.time()) if spool.come(repo.folder) else 0
    except OSError:
        return 0  # a spool that cannot be looked at is told at the next session's start

"""What `gitmem init` found, kept so that `gitmem uninstall` gives back the very bytes.

One file in the work tree's own git directory (never shared, never committed). It counts for a file
as long as that is exactly what init wrote; after any other edit our entries are taken out of the
file as it is.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.install.file_changes import FileChange

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

_NAME = "gitmem-init.json"
# What gitmem's part of each kind of file holds: a file that had one before was not untouched.
MARKS = (
    b"gitmem hook ",
    b"gitmem:begin",
    b"Written by gitmem",
    b"Shared settings of gitmem",
    b"name: gitmem-close",
    b'"gitmem"',
    b"[mcp_servers.gitmem]",
)
_VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBefore:
    """What stood in a file before init (None: there was none), and the digest of what init wrote."""

    before: bytes | None
    wrote: str

    def gives_back(self, change: FileChange) -> FileChange:
        """Return the change of an uninstall: back to the bytes found if the file was not edited since."""
        if change.before is None or _digest(change.before) != self.wrote:
            return change
        return FileChange(path=change.path, before=change.before, after=self.before)


def remember(git_dir: str, changes: Iterable[FileChange], switches: Collection[bytes] = ()) -> None:
    """Add what an init is about to change to what earlier ones found.

    Called before the changes are made. ``switches`` are what switches a client's own memory. Raises NeedsPerson when git's directory cannot be written.
    """
    known = dict(recall(git_dir))
    for change in changes:
        earlier = known.pop(change.path, None)
        before = change.before
        if earlier and before is not None and _digest(before) == earlier.wrote:
            before = earlier.before
        if change.after is not None and not _ours(before, change.after, switches):
            known[change.path] = FileBefore(before=before, wrote=_digest(change.after))
    _save(git_dir, known)


def _ours(before: bytes | None, after: bytes, switches: Collection[bytes]) -> bool:
    """Whether gitmem's part stood in the file already, so that these bytes are not to come back."""
    if before is None:
        return not any(mark in after for mark in (*MARKS, *switches))
    undone = any(switch in before and switch not in after for switch in switches)
    return undone or any(mark in before for mark in MARKS)


def recall(git_dir: str) -> Mapping[str, FileBefore]:
    """Return what init found, by path; empty when nothing is known or the file cannot be read."""
    try:
        found = json.loads(Path(git_dir, _NAME).read_text(encoding="utf-8"))
        if found["v"] != _VERSION:
            return {}
        return {
            path: FileBefore(before=_bytes(entry["before"]), wrote=entry["wrote"])
            for path, entry in found["files"].items()
        }
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def forget(git_dir: str) -> None:
    """Remove the note, after an uninstall."""
    for name in (_NAME, _NAME + ".new"):
        Path(git_dir, name).unlink(missing_ok=True)


def _save(git_dir: str, known: Mapping[str, FileBefore]) -> None:
    files = {
        path: {"before": _text(found.before), "wrote": found.wrote} for path, found in known.items()
    }
    file = Path(git_dir, _NAME)
    temporary = file.with_name(_NAME + ".new")
    try:
        temporary.write_text(json.dumps({"v": _VERSION, "files": files}), encoding="utf-8")
        temporary.replace(file)
    except OSError as error:
        raise NeedsPerson(f"{file} cannot be written: {error.strerror}") from error


def _text(content: bytes | None) -> str | None:
    """Bytes stand in the file as Latin-1 text, which has a sign for each."""
    return None if content is None else content.decode("latin-1")


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else text.encode("latin-1")


def _digest(content: bytes) -> str:
    return sha256(content).hexdigest()

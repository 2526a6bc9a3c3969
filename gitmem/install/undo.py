"""What `gitmem init` found, kept so that `gitmem uninstall` gives back the very bytes.

One file in the work tree's own git directory (never shared, never committed). It counts for a file
as long as that is exactly what init wrote; after any other edit our entries are taken out of the
file as it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.install import way_back
from gitmem.install.file_changes import FileChange
from gitmem.install.way_back import digest

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


@dataclass(frozen=True, slots=True, kw_only=True)
class FileBefore:
    """What stood in a file before init (None: there was none), and the digest of what init wrote."""

    before: bytes | None
    wrote: str

    def gives_back(self, change: FileChange) -> FileChange:
        """Return the change of an uninstall: back to the bytes found if the file was not edited since."""
        if change.before is None or digest(change.before) != self.wrote:
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
        if earlier and before is not None and digest(before) == earlier.wrote:
            before = earlier.before
        if change.after is not None and not _ours(before, change.after, switches):
            known[change.path] = FileBefore(before=before, wrote=digest(change.after))
    _save(git_dir, known)


def _ours(before: bytes | None, after: bytes, switches: Collection[bytes]) -> bool:
    """Whether gitmem's part stood in the file already, so that these bytes are not to come back."""
    if before is None:
        return not any(mark in after for mark in (*MARKS, *switches))
    undone = any(switch in before and switch not in after for switch in switches)
    return undone or any(mark in before for mark in MARKS)


def recall(git_dir: str) -> Mapping[str, FileBefore]:
    """Return what init found, by path; empty when nothing is known or the file cannot be read."""
    return way_back.recall(Path(git_dir, _NAME), _found)


def _found(fields: Mapping[str, Any]) -> FileBefore:
    before = fields["before"]
    return FileBefore(
        before=None if before is None else before.encode("latin-1"), wrote=fields["wrote"]
    )


def forget(git_dir: str) -> None:
    """Remove the note, after an uninstall."""
    note = Path(git_dir, _NAME)
    for file in (note, way_back.beside(note)):
        file.unlink(missing_ok=True)


def _save(git_dir: str, known: Mapping[str, FileBefore]) -> None:
    """Write the note; bytes stand in it as Latin-1 text, which has a sign for each."""
    files = {
        path: {
            "before": None if found.before is None else found.before.decode("latin-1"),
            "wrote": found.wrote,
        }
        for path, found in known.items()
    }
    way_back.remember(Path(git_dir, _NAME), files)

"""The files that an import reads: plain ones, bounded, and no link that leads elsewhere."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.git import local
from gitmem.importing.items import LARGEST_FILE, LARGEST_SOURCE, MOST_FILES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gitmem.importing.items import SourceContents

_MARKDOWN = (".md", ".mdc", ".markdown")
_LINK = "it is a link, and none is followed"
# Folders of others' code, and what a tool keeps for itself.
_PASSED = frozenset({".git", ".venv", "dist", "node_modules", "target", "vendor", "venv"})


class Reader:
    """Reads the files of one source and notes on it what cannot be read.

    Below the folder ``top`` (empty: nowhere) no link on the way to a file is followed, because the author of a
    work tree may lead one to what is private elsewhere.
    """

    def __init__(self, contents: SourceContents, top: str = "") -> None:
        self._contents = contents
        self._top = top
        self._files = 0
        self._bytes = 0

    def text(self, path: str, shown: str) -> str | None:
        """Return the text of a file; None where it is not there, or is left out for a reason that is noted.

        ``shown`` names it to a person.
        """
        if not os.path.lexists(path):
            return None
        reason = ""
        data = b""
        if self._files >= MOST_FILES or self._bytes >= LARGEST_SOURCE:
            reason = (
                f"only {MOST_FILES:,} files and {LARGEST_SOURCE >> 20} MiB are read of a source"
            )
        elif self._linked(path):
            reason = _LINK
        elif not os.path.isfile(path):
            reason = "it is no plain file"
        else:
            data = local.read_plain(path, LARGEST_FILE)
            if not data and os.path.getsize(path):
                reason = "it cannot be read"
        if len(data) > LARGEST_FILE:
            reason = f"it is larger than {LARGEST_FILE >> 20} MiB"
        self._files += 1
        self._bytes += len(data)
        if not reason:
            try:
                return data.decode("utf-8-sig")
            except UnicodeDecodeError:
                reason = "it is not UTF-8 text"
        self._contents.leave(shown, reason)
        return None

    def markdown_below(self, folder: str, shown: str) -> Iterator[str]:
        """Yield the paths of the Markdown files in a folder and below, sorted, relative to it.

        A folder that is a link is noted and not followed; ``shown`` names the first one to a person.
        """
        if self._linked(folder) and os.path.isdir(folder):
            self._leave_link(shown)
            return
        for here, folders, names in os.walk(folder, followlinks=False):
            folders[:] = sorted(name for name in folders if name not in _PASSED)
            for name in folders:
                if os.path.islink(os.path.join(here, name)):
                    below = os.path.relpath(os.path.join(here, name), folder)
                    self._leave_link(os.path.normpath(os.path.join(shown, below)))
            for name in sorted(names):
                if name.lower().endswith(_MARKDOWN):
                    yield os.path.relpath(os.path.join(here, name), folder)

    def _linked(self, path: str) -> bool:
        """Whether a path is a link, or leads through one below the top."""
        while not os.path.islink(path):
            path = os.path.dirname(path)
            if not (self._top and path.startswith(self._top + "/")):
                return False
        return True

    def _leave_link(self, shown: str) -> None:
        self._contents.there = True
        self._contents.leave(shown, _LINK)

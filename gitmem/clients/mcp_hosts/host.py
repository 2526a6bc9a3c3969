"""A host of the Model Context Protocol, and what a file of servers must offer (pure)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from gitmem.clients.abilities import WiredFile

if TYPE_CHECKING:
    from collections.abc import Sequence

#: The entry's name in every host, and the words that start the server.
NAME = "gitmem"
COMMAND = ("gitmem", "mcp")
_PROGRAMS = ("gitmem", "git-mem", "gitmem-cli")


class ServerFile(Protocol):
    """The file in which a host keeps its servers.

    Its methods raise NeedsPerson for a text that the host could not read.
    """

    @property
    def path(self) -> str:
        """The file's path from the top of the work tree."""

    @property
    def mark(self) -> bytes:
        """What every text with gitmem's entry has."""

    def wire(self, text: str | None) -> str:
        """Return the text with gitmem's entry (None: there is no file); one that is there stays as it is.

        Raises NeedsPerson when another server has the name.
        """

    def unwire(self, text: str) -> str | None:
        """Return the text without gitmem's entry; None when nothing is left."""

    def words(self, text: str) -> tuple[str, ...]:
        """Return the command of gitmem's entry and its arguments; empty without one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class McpHost:
    """One host.

    ``name`` is the word in `gitmem init --mcp NAME`, ``title`` what a person calls it. ``tested`` says
    that a test runs the real program with the entry. ``asks`` is what the host wants of a person before
    it starts the server, ``home`` that the file is in a person's home.
    """

    name: str
    title: str
    file: ServerFile
    tested: bool = False
    asks: str = ""
    home: bool = False

    @property
    def place(self) -> str:
        """The file's path as a person reads it."""
        return f"~/{self.file.path}" if self.home else self.file.path

    @property
    def wired(self) -> WiredFile:
        """The file with the entry, as `gitmem init` writes it."""
        return WiredFile(
            path=self.file.path, wire=self.file.wire, unwire=self.file.unwire, mark=self.file.mark
        )


def starts_gitmem(words: Sequence[str]) -> bool:
    """Return whether a command starts this server, by whatever way: a full path, or a program that runs it."""
    for at, word in enumerate(words):
        program = word.replace("\\", "/").rpartition("/")[2].partition("==")[0]
        if program.removesuffix(".exe") in _PROGRAMS:
            return "mcp" in words[at + 1 :]
    return False

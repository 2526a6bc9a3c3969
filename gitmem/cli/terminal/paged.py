"""What is printed on a terminal goes to the person's pager once it is complete.

A module of its own because the warm way loads it, and the pager with its libraries only on a terminal.
"""

from __future__ import annotations

import sys

from gitmem.cli import render

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository


class Paged:
    """A context manager: on a terminal, what is printed within it is shown by the person's pager at the end.

    ``wanted`` is false for an answer to a program and with --no-pager. What an error left is printed.
    """

    __slots__ = ("_command", "_repo", "_wanted")

    def __init__(self, repo: Repository, command: str, *, wanted: bool) -> None:
        self._repo = repo
        self._command = command
        self._wanted = wanted and sys.stdout.isatty()

    def __enter__(self) -> None:
        if self._wanted:
            render.hold()

    def __exit__(self, kind: object, *_: object) -> None:
        if not self._wanted:
            return
        text = render.held()
        if kind is not None:
            render.write(text)
            return
        from gitmem.cli.terminal import pager  # only a terminal has one

        pager.show(text, self._repo, self._command)

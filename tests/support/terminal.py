"""A command on a real terminal: a person types, and the screen is read."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time
from collections.abc import Mapping, Sequence
from typing import Self

from tests.support.sandbox import GITMEM, PATIENCE, Sandbox, changed_environment, heed_interrupts

_ROWS = 24


class Terminal:
    """A gitmem command on a pseudo terminal; use it in a ``with`` statement.

    Without ``typed`` its standard input is empty, and only what it prints is on the terminal.
    """

    def __init__(
        self,
        sandbox: Sandbox,
        *args: str,
        columns: int = 80,
        typed: bool = True,
        env: Mapping[str, str | None] | None = None,
    ) -> None:
        self._near, far = pty.openpty()
        fcntl.ioctl(far, termios.TIOCSWINSZ, struct.pack("HHHH", _ROWS, columns, 0, 0))
        self.shown = ""
        self._read = 0
        self._raw = b""
        self._child = subprocess.Popen(
            [GITMEM, *args],
            cwd=sandbox.path,
            env=changed_environment(
                {"COLUMNS": str(columns), "NO_COLOR": "1", "TERM": "dumb", **(env or {})}
            ),
            stdin=far if typed else subprocess.DEVNULL,
            stdout=far,
            stderr=far,
            start_new_session=True,
            preexec_fn=_control,  # noqa: PLW1509 - one thread
        )
        os.close(far)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._child.poll() is None:
            self._child.kill()
            self._child.wait()
        os.close(self._near)

    def until(self, *words: str) -> str:
        """Waits until the screen has one of these words after those of the last call; what came."""
        end = time.monotonic() + PATIENCE
        begun = self._read
        while not (found := [word for word in words if word in self.shown[begun:]]):
            assert self._more(end), f"{words!r} never came:\n{self.shown}"
        self._read = min(self.shown.index(word, begun) + len(word) for word in found)
        return self.shown[begun : self._read]

    def type(self, text: str) -> None:
        """Types a line."""
        os.write(self._near, text.encode() + b"\n")

    def press(self, key: bytes) -> None:
        """Presses one key, such as Ctrl-C."""
        os.write(self._near, key)

    def end(self) -> int:
        """Reads to the end; the exit code."""
        end = time.monotonic() + PATIENCE
        while self._more(end):
            pass
        return self._child.wait(PATIENCE)

    def _more(self, end: float) -> bool:
        ready, _, _ = select.select([self._near], [], [], max(0.0, end - time.monotonic()))
        try:
            part = os.read(self._near, 65536) if ready else b""
        except OSError:  # Linux says so when the last writer has closed
            part = b""
        self._raw += part
        self.shown = self._raw.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(part)


def answered(
    sandbox: Sandbox, answers: Sequence[str], *args: str, **more: str | None
) -> tuple[int, str]:
    """`gitmem review -p` with an answer to each question; exit code and screen."""
    with Terminal(sandbox, "review", "-p", *args, env=more) as screen:
        for answer in answers:
            screen.until("?] ", "why not? ")
            screen.type(answer)
        return screen.end(), screen.shown


def _control() -> None:
    """Make the terminal the one that Ctrl-C is sent through."""
    heed_interrupts()
    fcntl.ioctl(1, termios.TIOCSCTTY, 0)

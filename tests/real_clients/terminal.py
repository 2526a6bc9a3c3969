"""A terminal without a person: tmux keeps the screen, the test reads it and presses the keys."""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from tests.support.sandbox import PATIENCE


class Terminal:
    """A context manager: one terminal, gone afterwards with all that runs in it.

    ``socket`` is the path to be of the tmux server's socket, so that it is no other server's.
    """

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._tmux("kill-server", check=False)

    def _tmux(self, *arguments: str, check: bool = True) -> str:
        done = subprocess.run(
            ["tmux", "-S", str(self._socket), "-f", os.devnull, *arguments],
            capture_output=True,
            check=check,
            encoding="utf-8",
            timeout=PATIENCE,
        )
        return done.stdout

    def start(self, folder: Path, environment: Mapping[str, str], *command: str) -> None:
        """Start a command in a screen of 200 columns."""
        # Not with tmux's own -e: it takes the PATH from its caller.
        given = ["env", *[f"{name}={value}" for name, value in environment.items()], *command]
        size = ["-x", "200", "-y", "50"]
        self._tmux("new-session", "-d", *size, "-c", str(folder), shlex.join(given))

    def keys(self, *keys: str) -> None:
        """Press keys, by the names tmux has for them."""
        self._tmux("send-keys", *keys)

    def shows(self, words: str) -> str:
        """The screen as soon as it shows the words; fails with it if it does not."""
        until = time.monotonic() + PATIENCE / 3
        screen = ""
        while words not in screen:
            assert time.monotonic() < until, f"no {words!r} on the screen:\n{screen}"
            time.sleep(0.1)
            screen = self._tmux("capture-pane", "-p")
        return screen

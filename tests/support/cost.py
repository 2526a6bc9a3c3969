"""What a command took: CPU seconds of all its processes, memory of the largest, exit code and words."""

from __future__ import annotations

import os
import tempfile
import time
from dataclasses import dataclass

from tests.support.sandbox import GITMEM, Sandbox

_HUNG = 90  # seconds of the clock; then it is ended and counts as that


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """One command: its exit code, seconds, MB at the peak of any of its processes, its words."""

    code: int
    seconds: float
    memory: float
    said: str


def cost(sandbox: Sandbox, command: list[str], given: str = "") -> Cost:
    """Runs it and looks at what it took."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as fed:
        fed.write(given.encode())
        fed.seek(0)
        began = time.monotonic()
        there = ["sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", str(sandbox.path)]
        pid = os.posix_spawn(
            "/bin/sh",
            [*there, str(GITMEM), *command],
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_DUP2, fed.fileno(), 0),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 1),
                (os.POSIX_SPAWN_DUP2, out.fileno(), 2),
            ],
            setpgroup=0,
        )
        while True:
            done, status, used = os.wait4(pid, os.WNOHANG)
            if done:
                break
            if time.monotonic() - began > _HUNG:
                os.killpg(pid, 9)
                _, status, used = os.wait4(pid, 0)
                break
            time.sleep(0.005)
        seconds = used.ru_utime + used.ru_stime if done else float(_HUNG)
        out.seek(0)
        said = out.read(4000).decode(errors="replace")
    return Cost(
        code=os.waitstatus_to_exitcode(status),
        seconds=seconds,
        memory=used.ru_maxrss / 1024,
        said=said,
    )

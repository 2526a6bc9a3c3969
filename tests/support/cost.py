"""What a command took: CPU seconds of all its processes, memory of the largest, exit code and words."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass

from tests.support.sandbox import GITMEM, Sandbox

_HUNG = 300  # seconds of the clock; then it is ended and counts as that
# What a process had in memory before it became another one counts as that one's, also what it shares
# with its parent until then: so a small process starts the command, and this large one only reads.
_LAUNCH = """
import os, sys
pid = os.posix_spawn(sys.argv[2], sys.argv[2:], os.environ)
_, status, used = os.wait4(pid, 0)
took = f"{os.waitstatus_to_exitcode(status)} {used.ru_utime + used.ru_stime} {used.ru_maxrss}"
os.write(int(sys.argv[1]), took.encode())
"""


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
        read, write = os.pipe()
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", _LAUNCH, str(write), str(GITMEM), *command],
            cwd=sandbox.path,
            stdin=fed,
            stdout=out,
            stderr=out,
            pass_fds=[write],
            process_group=0,
        )
        os.close(write)
        try:
            child.wait(_HUNG)
        except subprocess.TimeoutExpired:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
        told = os.read(read, 100).decode().split()
        os.close(read)
        out.seek(0)
        said = out.read(4000).decode(errors="replace")
    code, seconds, memory = told or [str(-signal.SIGKILL), str(_HUNG), "0"]
    return Cost(code=int(code), seconds=float(seconds), memory=int(memory) / 1024, said=said)

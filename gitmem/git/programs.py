"""Start a program that is not git and wait for it: a client's hook commands, the client itself, an editor, a pager.

`gitmem doctor` runs what is installed as it is installed. Such a program gets a process group of its own,
so that what it leaves behind ends with it. An editor and a pager have the person's terminal.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import tempfile
import threading
import time
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

_KEPT = 16 << 20  # bytes of an output; more than a client prints in one short session
TIMED_OUT = 124  # the exit code of timeout(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramResult:
    """A finished program: exit code (negative: a signal; 124: it took too long), outputs, milliseconds."""

    code: int
    out: str
    err: str
    ms: float


def run(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    stdin: bytes,
    seconds: float,
) -> ProgramResult:
    """Run a program to its end, for at most ``seconds``; what it started ends with it.

    Raises OSError when it cannot be started.
    """
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write(stdin)
        given.seek(0)
        began = time.monotonic()
        child = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=given, stdout=out, stderr=err,
            start_new_session=True,
        )  # fmt: skip
        try:
            code = child.wait(seconds)
        except subprocess.TimeoutExpired:
            code = TIMED_OUT
        finally:
            ms = (time.monotonic() - began) * 1000
            _end(child)
            child.wait()
        return ProgramResult(code=code, out=_read(out), err=_read(err), ms=round(ms, 1))


def attended(
    argv: Sequence[str], *, cwd: str, env: Mapping[str, str], stdin: bytes | None = None
) -> int:
    """Run a program that talks to the person on the terminal; return its exit code.

    ``stdin`` is what it reads (None: the terminal); it need not read all of it. Ctrl-C is the program's meanwhile. Raises OSError when it cannot be started.
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        child = subprocess.Popen(
            list(argv), cwd=cwd, env=dict(env), stdin=None if stdin is None else subprocess.PIPE,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - one thread
        )  # fmt: skip
        child.communicate(stdin)  # a pipe that the program closed is no error
        return child.returncode
    finally:
        signal.signal(signal.SIGINT, before)


def _read(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read(_KEPT).decode("utf-8", "replace")


def converse(
    argv: Sequence[str],
    *,
    cwd: str,
    env: Mapping[str, str],
    said: Iterable[str],
    until: Callable[[str], bool],
    seconds: float,
) -> str:
    """Start a program, say these lines to it, and return its first line that satisfies ``until``.

    Its standard input stays open until then. Empty where it ends, takes longer than ``seconds``, or says
    more than a client does; what it started ends with it. Raises OSError when it cannot be started.
    """
    child = subprocess.Popen(
        list(argv), cwd=cwd, env=dict(env), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    watch = threading.Timer(seconds, _end, (child,))
    watch.start()
    try:
        assert child.stdin is not None and child.stdout is not None  # noqa: PT018, S101 - as asked for
        with contextlib.suppress(BrokenPipeError):
            child.stdin.write("".join(f"{line}\n" for line in said).encode())
            child.stdin.flush()
        left = _KEPT
        while left > 0 and (line := child.stdout.readline(left)):
            left -= len(line)
            text = line.decode("utf-8", "replace")
            if until(text):
                return text
        return ""
    finally:
        watch.cancel()
        _end(child)
        child.wait()
        for pipe in (child.stdin, child.stdout):
            if pipe:
                with contextlib.suppress(BrokenPipeError):
                    pipe.close()


def _end(child: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(child.pid, signal.SIGKILL)

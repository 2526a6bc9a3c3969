"""The command in a process whose libraries are loaded already.

Most of what a command of the suite costs is loading libraries, the same ones each time: a vendor's SDK alone takes a
second or two. A server loads the libraries of others that gitmem uses, and no module of gitmem. For each command it
forks: the child gets the command's own streams, arguments, environment, folder and umask, and runs the installed script,
which loads gitmem from its files as ever.

A command is a process started by the system all the same
- the first time that a worker runs it, and always with GITMEM_PRESTARTED=no in the environment of the suite,
- in the hot lane, which loads no library,
- with a variable that the interpreter or a library reads as it loads (the server writes down which), other than usual,
- where a fork is no sure thing (any system but Linux).
"""

from __future__ import annotations

import atexit
import functools
import io
import json
import os
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from gitmem.cli.entry import HOT
from tests.support.account import is_site
from tests.support.seal import FOUND

_SERVER = Path(__file__).with_name("prestarted_server.py")
_NUMBER = 4  # bytes of a process's number, a wait status, a length
_CHUNK = 1 << 16
#: Python itself reads these before any module runs; with PATH a library looks for its program.
_AT_START = ("PYTHON", "LC_", "LANG", "LD_", "PATH")
#: Tells only where packages of the person's own would be, which a virtual environment leaves out.
_HARMLESS = frozenset({"HOME", "PYTHONPATH"})


class Prestarted:
    """A server for the command ``script``, as one process of the suite uses it from any of its threads."""

    def __init__(self, script: Path) -> None:
        interpreter = _interpreter(script)
        self._control, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [interpreter, _SERVER, str(theirs.fileno()), str(script)],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        with self._control.makefile(encoding="utf-8") as told:
            self._read_on_loading = frozenset(json.loads(told.readline()))
        self._usual = self._loading(os.environ)
        self._lock = threading.Lock()

    def _loading(self, env: Mapping[str, str]) -> dict[str, str]:
        """The part of an environment that decides what is loaded, and how."""
        return {
            name: value
            for name, value in env.items()
            if (name in self._read_on_loading or name.startswith(_AT_START))
            and name not in _HARMLESS
        }

    def suits(self, env: Mapping[str, str]) -> bool:
        """Whether a process with this environment would load the libraries just as the server did."""
        return self._loading(env) == self._usual and is_site(env.get("PYTHONPATH", ""))

    def run(
        self, args: Sequence[str], *, cwd: Path, env: Mapping[str, str], given: str, patience: float
    ) -> tuple[int, str, str]:
        """Run the command to its end: its exit code as `subprocess` has it, its standard output and error.

        Raises TimeoutExpired when it takes longer than ``patience`` seconds; then it has been killed.
        """
        mask = os.umask(0)
        os.umask(mask)
        wish = json.dumps({"args": args, "cwd": str(cwd), "env": dict(env), "umask": mask}).encode()
        reply, theirs = socket.socketpair()
        streams = [os.pipe() for _ in range(3)]
        feed, *ours = streams[0][1], streams[1][0], streams[2][0]
        given_away = [streams[0][0], streams[1][1], streams[2][1]]
        with reply:
            with theirs, self._lock:
                socket.send_fds(self._control, [b"x"], [*given_away, theirs.fileno()])
            for descriptor in given_away:
                os.close(descriptor)
            reply.sendall(len(wish).to_bytes(_NUMBER, "little") + wish)
            pid = _number(reply)
            try:
                out, err = _talk(feed, ours, given, patience)
            except TimeoutError:
                os.kill(pid, signal.SIGKILL)
                raise subprocess.TimeoutExpired(list(args), patience) from None
            return os.waitstatus_to_exitcode(_number(reply)), out, err

    def stop(self) -> None:
        """End the server."""
        self._control.close()
        self._process.communicate()


@functools.cache
def _interpreter(script: Path) -> str:
    """The Python of an installed script, by its first line; empty where a shell starts it."""
    mark, _, named = script.read_text(encoding="utf-8").partition("\n")[0].partition("#!")
    found = Path(named)
    return named if not mark and found.is_file() and found.name.startswith("python") else ""


def _number(reply: socket.socket) -> int:
    told = reply.recv(_NUMBER, socket.MSG_WAITALL)
    assert len(told) == _NUMBER, "the server of prestarted commands is gone"
    return int.from_bytes(told, "little")


def _talk(feed: int, ours: Sequence[int], given: str, patience: float) -> tuple[str, str]:
    """Write ``given`` and read both streams until their ends. Raises TimeoutError."""
    left = memoryview(given.encode("utf-8", "surrogateescape"))
    read: dict[int, list[bytes]] = {one: [] for one in ours}
    until = time.monotonic() + patience
    os.set_blocking(feed, False)
    still_open = {feed, *ours}
    try:
        with selectors.DefaultSelector() as ready:
            for one in ours:
                ready.register(one, selectors.EVENT_READ)
            ready.register(feed, selectors.EVENT_WRITE)
            while still_open:
                if time.monotonic() > until:
                    raise TimeoutError
                for key, _ in ready.select(until - time.monotonic()):
                    one = key.fd
                    if one == feed:
                        try:
                            left = left[os.write(feed, left[:_CHUNK]) :] if left else left
                        except BrokenPipeError:
                            left = left[:0]  # it ended, or does not read
                        is_over = not left
                    else:
                        read[one].append(os.read(one, _CHUNK))
                        is_over = not read[one][-1]
                    if is_over:
                        ready.unregister(one)
                        os.close(one)
                        still_open.remove(one)
    finally:
        for one in still_open:
            os.close(one)
    out, err = (_text(b"".join(read[one])) for one in ours)
    return out, err


def _text(content: bytes) -> str:
    """Bytes as a text stream of `subprocess` reads them."""
    with io.TextIOWrapper(io.BytesIO(content), encoding="utf-8", errors="surrogateescape") as text:
        return text.read()


class _Worker:
    """What this process of the suite has started: the commands once, and the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._seen: set[str] = set()
        self._server: Prestarted | None = None

    def server(self, script: Path, args: Sequence[str]) -> Prestarted | None:
        """The server when the command may come from it: not in the hot lane, and not for the first time."""
        name = " ".join(args[:1])
        with self._lock:
            if name not in self._seen:
                self._seen.add(name)
                return None
            if self._server is None:
                self._server = Prestarted(script)
                atexit.register(self._server.stop)
            return self._server


_WORKER = _Worker()
_WANTED = sys.platform == "linux" and FOUND.get("GITMEM_PRESTARTED") != "no"


def prestarted(
    script: Path, args: Sequence[str], *, cwd: Path, env: Mapping[str, str]
) -> Prestarted | None:
    """The server to run a command by, or None where it has to be a process that the system starts."""
    if not _WANTED or not HOT.isdisjoint(args[:2]) or not cwd.is_dir() or not _interpreter(script):
        return None
    server = _WORKER.server(script, args)
    return server if server is not None and server.suits(env) else None

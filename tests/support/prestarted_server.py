"""The server of `tests.support.prestarted`: loads libraries, and forks for each command. Standard library only.

Run by the command's own interpreter: `prestarted_server.py CONTROL SCRIPT`. Over the socket CONTROL it first tells the
variables that were read while libraries loaded, as JSON on one line; then each message brings four descriptors: the
command's three streams and a socket, which brings the rest of the wish and takes the process's number and its wait status.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import select
import socket
import sys
import threading
import time
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

#: What gitmem imports of others, in its cold lane.
LIBRARIES = (
    "typer", "pydantic", "rich.console", "rich.markup", "git", "ruamel.yaml", "markdown_it", "jinja2", "httpx2",
    "anthropic", "openai",
)  # fmt: skip
_NUMBER = 4
_READ: set[str] = set()


class _Noted(type(os.environ)):  # type: ignore[misc]  # its class has no public name
    """The environment, which writes down what is read of it by name."""

    def __getitem__(self, name: str) -> str:
        _READ.add(name)
        return str(super().__getitem__(name))

    def copy(self) -> dict[str, str]:
        return {self.decodekey(name): self.decodevalue(value) for name, value in self._data.items()}


def _load() -> None:
    plain = type(os.environ)
    os.environ.__class__ = _Noted
    for library in LIBRARIES:
        with suppress(ModuleNotFoundError):  # what is not installed is missing in a command, too
            import_module(library)
    os.environ.__class__ = plain
    assert not any(name.split(".")[0] == "gitmem" for name in sys.modules)
    assert threading.active_count() == 1  # only what runs the fork is in the child
    gc.collect()
    gc.freeze()  # else looking for circles copies all of it into every child


def _serve(control: socket.socket) -> list[int]:
    """Fork for each wish; returns in the children, with the wish's descriptors."""
    ready = select.poll()
    ready.register(control, select.POLLIN)
    running: dict[int, tuple[int, socket.socket]] = {}
    while True:
        for descriptor, _ in ready.poll():
            if descriptor in running:
                pid, reply = running.pop(descriptor)
                ready.unregister(descriptor)
                os.close(descriptor)
                _, status = os.waitpid(pid, 0)
                with reply:
                    _tell(reply, status)
                continue
            message, given, _, _ = socket.recv_fds(control, 1, 4)
            if not message:
                os._exit(0)
            pid = os.fork()
            if not pid:
                return given
            for one in given[:3]:
                os.close(one)
            reply = socket.socket(fileno=given[3])
            _tell(reply, pid)
            child = os.pidfd_open(pid)
            running[child] = pid, reply
            ready.register(child, select.POLLIN)


def _tell(reply: socket.socket, number: int) -> None:
    with suppress(BrokenPipeError):  # who asked may be gone
        reply.sendall(number.to_bytes(_NUMBER, "little"))


def _become(script: str, given: list[int]) -> None:
    """Make this process what the system would have started."""
    for place, one in enumerate(given[:3]):
        os.dup2(one, place)
    with socket.socket(fileno=os.dup(given[3])) as reply, reply.makefile("rb") as told:
        wish: dict[str, Any] = json.loads(told.read(int.from_bytes(told.read(_NUMBER), "little")))
    os.closerange(3, os.sysconf("SC_OPEN_MAX"))
    site = os.environ["PYTHONPATH"]
    os.environ.clear()
    os.environ.update(wish["env"])
    sys.path[sys.path.index(site)] = os.environ["PYTHONPATH"]
    sys.path.insert(0, str(Path(script).parent))
    sys.argv = [script, *wish["args"]]
    time.tzset()
    os.umask(wish["umask"])
    os.chdir(wish["cwd"])


def _run(script: str) -> None:
    """Run the script as the main module, and end as the interpreter does, but for taking all modules apart."""
    main = ModuleType("__main__")
    main.__file__ = script
    sys.modules["__main__"] = main
    code = compile(Path(script).read_text(encoding="utf-8"), script, "exec")
    try:
        exec(code, main.__dict__)  # noqa: S102 - the installed script
    except SystemExit as end:
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
        try:
            for stream in (sys.stdout, sys.stderr):
                if not stream.closed:
                    stream.flush()
        except OSError:
            raise end from None  # the interpreter tells it in its own way
        if end.code is None or isinstance(end.code, int):
            os._exit((end.code or 0) & 0xFF)
        raise


if __name__ == "__main__":
    sys.path.pop(0)  # the folder of this file
    _control = socket.socket(fileno=int(sys.argv[1]))
    _load()
    _control.sendall(json.dumps(sorted(_READ)).encode() + b"\n")
    _given = _serve(_control)
    _become(sys.argv[2], _given)
    _run(sys.argv[0])

"""A real git server process on loopback, and clones that talk to it as to any other server."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.desk import Desk
from tests.support.sandbox import PATIENCE, Sandbox

_DECLINING = """#!/bin/sh
number=$(od -An -N2 -tu2 /dev/urandom)
test $((number % 100)) -ge {percent} || {{ echo 'not now' >&2; exit 1; }}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A served bare repository: ``bare`` is its folder, ``url`` where clones find it."""

    bare: Sandbox
    url: str

    def clone(self, name: str, *options: str) -> Desk:
        """A clone beside the repository, with ``main`` checked out."""
        path = self.bare.path.with_name(name)
        self.bare.git("clone", "--quiet", *options, self.url, str(path))
        return Desk(sandbox=Sandbox(path))

    def hook(self, name: str, script: str) -> Path:
        """Installs a hook of the server's."""
        path = self.bare.path / "hooks" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(script, encoding="utf-8")
        path.chmod(0o755)
        return path

    def decline(self, percent: int) -> Path:
        """Refuses so many of a hundred pushes, by a pre-receive hook."""
        return self.hook("pre-receive", _DECLINING.format(percent=percent))

    def tip(self, ref: str = "refs/heads/gitmem/queue") -> str:
        """What a ref of the served repository is at; empty when it is not there."""
        return self.bare.git("rev-parse", "--verify", "--quiet", ref, check=False)


@contextmanager
def serve(folder: Path) -> Iterator[Server]:
    """Serves a new repository with one commit on main by `git daemon`, for reading and pushing."""
    seed = Sandbox(folder / "seed")
    seed.path.mkdir()
    seed.git("init", "--quiet")
    seed.commit("start", {"README.md": "# A project\n"})
    seed.git("clone", "--quiet", "--bare", ".", str(folder / "project.git"))
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    daemon = subprocess.Popen(
        [
            "git", "daemon", "--reuseaddr", "--export-all", "--enable=receive-pack",
            "--listen=127.0.0.1", f"--port={port}", f"--base-path={folder}", str(folder),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port)
        yield Server(
            bare=Sandbox(folder / "project.git"), url=f"git://127.0.0.1:{port}/project.git"
        )
    finally:
        os.killpg(daemon.pid, 15)
        daemon.wait(PATIENCE)


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            assert time.monotonic() < until, "git daemon does not listen"
            time.sleep(0.02)
        else:
            return

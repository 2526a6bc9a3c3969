"""`python -m tests.bench.checkout`: `gitmem check` in checkouts of a repository with very many refs and objects.

Builds (by `git fast-import`, in a temporary folder, half a minute) a repository with REFS refs and OBJECTS
objects and a queue, makes of it a checkout as a build machine has it (depth 1, one ref) and a full clone with
every ref, and prints for each: seconds of the check, of the fetch that it needs (alone, as often as the check
makes one), the rest, and the most memory that any process of it took. Fails above 90 times the CPU of an empty Python beside the fetches,
or above 100 MB. REFS, OBJECTS, FLAGS and ROUNDS are variables.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.queues import new_flag
from tests.support.sandbox import GITMEM, Sandbox
from tests.support.seal import FOUND, seal

REFS = int(FOUND.get("REFS", "100000"))
OBJECTS = int(FOUND.get("OBJECTS", "1000000"))
FLAGS = int(FOUND.get("FLAGS", "100"))
ROUNDS = int(FOUND.get("ROUNDS", "7"))
_IN_ONE = 10_000  # files of one commit of the history
_PYTHONS, _MEGABYTES = 90.0, 100.0

_PEAK = """
import json, resource, subprocess, sys, time
start = time.perf_counter()
code = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode
wall = time.perf_counter() - start
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(code, wall, used.ru_maxrss, used.ru_utime + used.ru_stime)
"""


def history() -> Iterator[bytes]:
    """A fast-import stream: a long history of many files, and a small tip."""
    made = 0
    while made < OBJECTS:
        yield b"commit refs/heads/main\ncommitter X <x@y> 1700000000 +0000\ndata 1\nx\ndeleteall\n"
        for number in range(made, min(made + _IN_ONE, OBJECTS)):
            text = b"%d\n" % number
            yield b"M 100644 inline d%d/%d\ndata %d\n%s" % (number % 100, number, len(text), text)
        made += _IN_ONE
    yield b"commit refs/heads/main\ncommitter X <x@y> 1700000000 +0000\ndata 1\nx\ndeleteall\n"
    yield b"M 100644 inline README.md\ndata 2\nx\n"
    lines = "".join(
        new_flag(f"fact {number}", branch="main").line + "\n" for number in range(FLAGS)
    )
    yield b"commit refs/heads/gitmem/queue\ncommitter X <x@y> 1700000000 +0000\ndata 1\nx\n"
    yield b"M 100644 inline queue/sealed/aaaaaaaa-000001.jsonl\ndata %d\n" % len(lines.encode())
    yield lines.encode()


def build(folder: Path) -> Sandbox:
    """The served repository."""
    bare = Sandbox(folder / "project.git")
    bare.path.mkdir()
    bare.git("init", "--quiet", "--bare")
    with subprocess.Popen(
        ["git", "fast-import", "--quiet"], cwd=bare.path, stdin=subprocess.PIPE
    ) as child:
        assert child.stdin is not None
        for part in history():
            child.stdin.write(part)
        child.stdin.close()
        assert child.wait() == 0
    tip = bare.git("rev-parse", "main")
    refs = "".join(f"{tip} refs/heads/topic/{number:06}\n" for number in range(REFS))
    packed = "# pack-refs with: peeled fully-peeled sorted \n" + refs
    (bare.path / "packed-refs").write_text(packed, encoding="utf-8")
    bare.git("config", "uploadpack.allowFilter", "true")
    return bare


def checkouts(bare: Sandbox, folder: Path) -> dict[str, Sandbox]:
    """A build machine's checkout, and a full clone."""
    shallow, full = Sandbox(folder / "shallow"), Sandbox(folder / "full")
    shallow.path.mkdir()
    shallow.git("init", "--quiet")
    shallow.git("remote", "add", "origin", bare.path.as_uri())
    shallow.git(
        "fetch", "--quiet", "--depth=1", "origin", "+refs/heads/main:refs/remotes/pull/1/merge"
    )
    shallow.git("checkout", "--quiet", "--detach", "refs/remotes/pull/1/merge")
    bare.git(
        "clone",
        "--quiet",
        "--local",
        "-c",
        f"remote.origin.url={bare.path.as_uri()}",
        ".",
        str(full.path),
    )
    full.git("remote", "set-url", "origin", bare.path.as_uri())
    return {"depth 1, one ref": shallow, f"full clone, {REFS:,} refs": full}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Medians of seconds (wall clock, CPU of all processes), and the most megabytes of any process."""

    wall: float
    cpu: float
    peak: float
    code: int


def measure(command: Sequence[str], folder: Path) -> Cost:
    """Runs a command ROUNDS times."""
    walls, cpus, peaks, code = [], [], [], 0
    for _ in range(ROUNDS):
        said = subprocess.run(
            [sys.executable, "-c", _PEAK, *command],
            cwd=folder,
            stdout=subprocess.PIPE,
            check=True,
            encoding="utf-8",
        ).stdout.split()
        code = int(said[0])
        walls.append(float(said[1]))
        peaks.append(int(said[2]) / (1024 if sys.platform == "linux" else 1024 * 1024))
        cpus.append(float(said[3]))
    return Cost(
        wall=statistics.median(walls), cpu=statistics.median(cpus), peak=max(peaks), code=code
    )


def bare_fetch(folder: Path, url: str) -> list[str]:
    """The fetch that a check needs, alone."""
    script = (
        f"rm -f -r {folder}/alone && git init -q --bare {folder}/alone && git --git-dir={folder}/alone "
        f"-c fetch.negotiationAlgorithm=noop fetch -q --depth=1 --no-tags {url} "
        "+refs/heads/gitmem/queue:refs/heads/gitmem/queue"
    )
    return ["sh", "-c", script]


def main() -> int:
    """Prints the table; returns 1 when a limit is passed."""
    over = 0
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        seal(patch, folder / "home")
        begin = time.perf_counter()
        bare = build(folder)
        print(
            f"built in {time.perf_counter() - begin:.0f} s: {bare.git('count-objects', '-v').split()}"
        )
        empty = measure([sys.executable, "-c", "pass"], folder)
        for title, sandbox in checkouts(bare, folder).items():
            fetch = measure(bare_fetch(folder, bare.path.as_uri()), folder)
            for options, talks in (([], 2), (["--offline"], 0)):
                found = measure([str(GITMEM), "check", *options], sandbox.path)
                wall, cpu = found.wall - talks * fetch.wall, found.cpu - talks * fetch.cpu
                over |= cpu > _PYTHONS * empty.cpu or found.peak > _MEGABYTES
                print(
                    f"{title}, check {' '.join(options)}: exit {found.code}, {found.peak:.0f} MB; {found.wall:.3f} s, "
                    f"of it {talks} fetches of {fetch.wall:.3f} s; the rest {wall:.3f} s wall, {cpu:.3f} s CPU "
                    f"= {cpu / empty.cpu:.0f} x an empty Python"
                )
    return over


if __name__ == "__main__":
    os.environ.setdefault("LC_ALL", "C")
    sys.exit(main())

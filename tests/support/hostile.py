"""Shapes that somebody who can push or commit may leave for others: small to make, large to read.

Each takes a scale: 1.0 is the size that the promise names, a hundredth is enough for the suite where
only the bounds are made smaller as well.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from gitmem.core.flag import new_id
from gitmem.git.repository import BRANCH
from tests.support.sandbox import Sandbox

QUEUE_FILE = "queue/aaaaaaaa-000001.jsonl"


def nested(sandbox: Sandbox, place: str, *, width: int = 10, depth: int = 10) -> str:
    """A tree with ``width`` folders in each of ``depth`` levels below ``place``: its commit."""
    blob = sandbox.git("hash-object", "-w", "--stdin", input="x\n")
    row = f"100644 blob {blob}"
    kind = "blob"
    name = "a.md"
    for _ in range(depth):
        rows = "".join(f"{row}\t{number}{name}\n" for number in range(width))
        row = f"040000 tree {sandbox.git('mktree', input=rows)}"
        kind, name = "tree", ""
    assert kind == "tree"
    for part in reversed(place.strip("/").split("/")):
        row = f"040000 tree {sandbox.git('mktree', input=f'{row}' + chr(9) + part + chr(10))}"
    return committed(sandbox, row.rpartition(" ")[2])


def nested_beside(sandbox: Sandbox, place: str) -> str:
    """A commit upon HEAD with folders nested without end in the folder ``place``, beside what is there."""
    tree = sandbox.git("rev-parse", nested(sandbox, "endless") + "^{tree}:endless")
    name = "endless"
    parts = place.strip("/").split("/")
    for depth in range(len(parts), -1, -1):
        folder = "/".join(parts[:depth])
        rows = sandbox.git("ls-tree", f"HEAD:{folder}").splitlines()
        kept = [row for row in rows if row.partition("\t")[2] != name]
        listed = "\n".join([*kept, f"040000 tree {tree}\t{name}", ""])
        tree = sandbox.git("mktree", input=listed)
        name = parts[depth - 1]
    return committed(sandbox, tree, "HEAD")


def committed(sandbox: Sandbox, tree: str, *parents: str) -> str:
    """A commit of a tree by somebody."""
    who = ["-c", "user.name=x", "-c", "user.email=x@example.com"]
    named = [word for parent in parents for word in ("-p", parent)]
    return sandbox.git(*who, "commit-tree", tree, *named, "-m", "x")


def files(
    sandbox: Sandbox,
    contents: Iterable[tuple[str, bytes]],
    *,
    ref: str = BRANCH,
    parent: str = "",
) -> str:
    """One commit with the files on ``ref``, made by git itself: its name."""
    with subprocess.Popen(
        # Without the threshold git looks for differences between the large files for minutes.
        [
            "git",
            "-c",
            "core.bigFileThreshold=1m",
            "fast-import",
            "--quiet",
            "--done",
            "--date-format=now",
            "--force",
        ],
        cwd=sandbox.path,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as child:
        assert child.stdin is not None
        assert child.stdout is not None
        child.stdin.write(
            f"commit {ref}\nmark :1\ncommitter x <x@example.com> now\ndata 1\nx\n".encode()
        )
        if parent:
            child.stdin.write(f"from {parent}\n".encode())
        for path, content in contents:
            child.stdin.write(b"M 100644 inline %s\n" % path.encode())
            child.stdin.write(b"data %d\n" % len(content))
            child.stdin.write(content + b"\n")
        child.stdin.write(b"get-mark :1\ndone\n")
        child.stdin.close()
        return child.stdout.read().decode().strip()


def row(number: int, text: str = "a fact") -> bytes:
    """The line of a flag, its id made of a number."""
    flag_id = new_id(number.to_bytes(12, "big").translate(bytes(range(256))))
    digits = "".join(
        "abcdefghijklmnopqrstuvwxyz234567"[(number >> 5 * at) & 31] for at in range(12)
    )
    assert len(flag_id) == len(digits)
    return b'{"v":1,"id":"%s","kind":"fact","text":"%s %d"}' % (
        digits.encode(),
        text.encode(),
        number,
    )


def junk(size: int = 4 << 20) -> list[tuple[str, bytes]]:
    """A queue file of nothing but `x` lines."""
    return [(QUEUE_FILE, b"x\n" * (size // 2))]


def many(count: int = 100_000) -> Iterator[tuple[str, bytes]]:
    """So many queue files of one flag each."""
    for number in range(count):
        yield f"queue/bbbbbbbb-{number:06}.jsonl", row(number) + b"\n"


def flood(count: int = 1_000_000) -> Iterator[tuple[str, bytes]]:
    """So many flags, in files no longer than they may be."""
    for start in range(0, count, 4000):
        rows = [row(number) for number in range(start, min(count, start + 4000))]
        yield f"queue/sealed/cccccccc-{start:07}.jsonl", b"\n".join(rows) + b"\n"


def long_line(size: int = 20 << 20) -> list[tuple[str, bytes]]:
    """A queue file of one line."""
    return [(QUEUE_FILE, b'{"v":1,"id":"' + b"a" * size + b'"}\n')]


def deep(size: int = 4 << 20) -> list[tuple[str, bytes]]:
    """A queue file of lines that nest without end."""
    return [(QUEUE_FILE, (b"[" * 4000 + b"\n") * (size // 4001))]


def huge(size: int = 300 << 20) -> list[tuple[str, bytes]]:
    """A queue file of zeros, which are nothing on their way."""
    return [(QUEUE_FILE, bytes(size))]


def records(size: int = 200 << 20) -> Iterator[tuple[str, bytes]]:
    """Drain records of so many bytes together, 8 MiB each."""
    filler = b"x" * 500
    header = b'{"v":1,"drain":"d","at":"2026-01-02T03:04:05Z","engine":"verbatim"}\n'
    number = 0
    for file in range(max(1, size // (8 << 20))):
        rows = []
        left = min(size, 8 << 20)
        while left > 0:
            flag = row(number, "known")
            line = b'{"id":"%s","outcome":"added","file":"memory/a.md","line":"%s","flag":%s}' % (
                flag[13:25],
                filler,
                flag,
            )
            rows.append(line)
            left -= len(line) + 1
            number += 1
        name = f".gitmem/drains/20260102T{file:06}Z-aaaaaa.jsonl"
        yield name, header + b"\n".join(rows) + b"\n"


def topics(count: int = 20_000) -> Iterator[tuple[str, bytes]]:
    """So many topic files."""
    for number in range(count):
        text = (
            f"---\nname: t{number}\ndescription: about {number}\n---\n\n# T\n\n- a fact {number}\n"
        )
        yield f"memory/t{number}.md", text.encode()


def lines(path: str, count: int = 10_000_000) -> list[tuple[str, bytes]]:
    """A file of so many short lines."""
    return [(path, b"- x\n" * count)]


def transcript_row(path: Path, size: int = 60 << 20) -> None:
    """A transcript with one row of so many bytes between two of the usual kind."""
    usual = b'{"type":"user","timestamp":"2026-01-02T03:04:05.000Z","message":{"content":"hi"}}\n'
    with path.open("wb") as file:
        file.write(usual)
        file.write(b'{"type":"user","message":{"content":"' + b"x" * size + b'"}}\n')
        file.write(usual)

"""What the hostile shapes cost the commands that meet them: seconds and MB, run by hand.

    python -m tests.bench.hostile [SHAPE...]

Each shape is pushed or committed by somebody else; then every command runs in a clone. No command may
need more than 300 MB (the largest of its processes) or 10 seconds of CPU (all of them), and each that
met something it does not read says so and ends with 8. docs/promises.md has the table.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.git.repository import BRANCH
from tests.support import hostile
from tests.support.cost import Cost, cost
from tests.support.sandbox import Sandbox
from tests.support.seal import seal

MB = 300
SECONDS = 10.0

COMMANDS: dict[str, list[str]] = {
    "flag": ["flag", "a new fact"],
    "status": ["status"],
    "boot": ["hook", "claude-code", "SessionStart"],
    "check": ["check"],
    "sync": ["sync"],
    "status, synced": ["status"],
    "log": ["log"],
    "check --offline": ["check", "--offline"],
    "close": ["close", "--engine", "verbatim"],
    "review": ["review"],
    "loops": ["loops"],
    "stats": ["stats"],
    "why": ["why", "memory/facts.md:3"],
    "check --trace": ["check", "--trace"],
    "check --stale": ["check", "--stale"],
    "doctor": ["doctor"],
    "audit": ["audit"],
    "init": ["init", "--dry-run"],
    "flag, after all": ["flag", "another fact"],
    "accept": ["accept"],
}


def boot(sandbox: Sandbox) -> str:
    """What a client tells a hook at a session's start."""
    return json.dumps(
        {
            "session_id": "s1",
            "cwd": str(sandbox.path),
            "hook_event_name": "SessionStart",
            "source": "startup",
            "transcript_path": str(sandbox.path.parent / "transcript.jsonl"),
        }
    )


def queue(contents: object) -> Callable[[Sandbox, Sandbox], None]:
    """The shape as a queue at the remote."""

    def place(remote: Sandbox, _: Sandbox) -> None:
        hostile.files(remote, contents)  # type: ignore[arg-type]

    return place


def deep_queue(remote: Sandbox, _: Sandbox) -> None:
    commit = hostile.nested(remote, "queue")
    remote.git("update-ref", BRANCH, commit)


def committed(contents: object) -> Callable[[Sandbox, Sandbox], None]:
    """The shape on the target, at the remote and here."""

    def place(remote: Sandbox, mine: Sandbox) -> None:
        tip = remote.git("rev-parse", "main")
        hostile.files(remote, contents, ref="refs/heads/main", parent=tip)  # type: ignore[arg-type]
        mine.git("pull", "--quiet")

    return place


def deep_memory(folder: str) -> Callable[[Sandbox, Sandbox], None]:
    """A tree nested ten deep in a folder of the target; no one could check it out."""

    def place(remote: Sandbox, mine: Sandbox) -> None:
        commit = hostile.nested(remote, folder)
        remote.git("update-ref", "refs/heads/main", commit)
        mine.git("fetch", "--quiet")

    return place


SHAPES: dict[str, Callable[[], Callable[[Sandbox, Sandbox], None]]] = {
    "nothing": lambda: lambda _, __: None,
    "queue nested ten deep": lambda: deep_queue,
    "queue of 4 MB of x lines": lambda: queue(hostile.junk()),
    "queue of 100,000 files": lambda: queue(hostile.many()),
    "queue of 1,000,000 flags": lambda: queue(hostile.flood()),
    "queue of one 20 MB line": lambda: queue(hostile.long_line()),
    "queue of nested lists": lambda: queue(hostile.deep()),
    "queue of 300 MB of zeros": lambda: queue(hostile.huge()),
    "200 MB of records": lambda: committed(hostile.records()),
    "records nested ten deep": lambda: deep_memory(".gitmem/drains"),
    "20,000 topics": lambda: committed(hostile.topics()),
    "memory nested ten deep": lambda: deep_memory("memory"),
    "skills nested ten deep": lambda: deep_memory(".claude/skills"),
    "CLAUDE.md of 10,000,000 lines": lambda: committed(hostile.lines("CLAUDE.md")),
    "memory file of 10,000,000 lines": lambda: committed(hostile.lines("memory/facts.md")),
    "memory line of 4 MB": lambda: committed([("memory/facts.md", b"# F\n\n- " + b"ab `c/d.py` " * 350_000 + b"\n")]),
    "PENDING of 10,000,000 lines": lambda: committed(hostile.lines("memory/PENDING.md")),
    "config.yaml of 100 MB": lambda: committed([(".gitmem/config.yaml", b"version: 1\n" + b"# x\n" * (25 << 20))]),
    "settings.json of 100 MB": lambda: committed([(".claude/settings.json", b'{"a":"' + b"x" * (100 << 20) + b'"}')]),
    "guards of 100 MB": lambda: committed([(".gitmem/guards.jsonl", b'{"a":1}\n' * (13 << 20))]),
    "transcript row of 60 MB": lambda: lambda _, mine: hostile.transcript_row(mine.path.parent / "transcript.jsonl"),
}  # fmt: skip


def prepared(folder: Path) -> tuple[Sandbox, Sandbox]:
    """A remote, and a clone of it that has flagged something."""
    remote, mine = Sandbox(folder / "remote.git"), Sandbox(folder / "mine")
    remote.path.mkdir()
    remote.git("init", "--quiet", "--bare", "-b", "main")
    # Else git looks for differences between large files for minutes when they are fetched.
    remote.git("config", "core.bigFileThreshold", "1m")
    first = Sandbox(folder / "first")
    first.path.mkdir()
    first.git("init", "--quiet", "-b", "main")
    first.commit("first", {"README.md": "# A project\n"})
    first.git("push", "--quiet", str(remote.path), "main")
    mine.path.mkdir()
    mine.git("clone", "--quiet", remote.path.as_uri(), ".")
    mine.gitmem("flag", "an old fact")
    return remote, mine


def measure(name: str) -> list[str]:
    """The rows of one shape; those over a limit are marked."""
    folder = Path(tempfile.mkdtemp(prefix="hostile-"))
    over = []
    try:
        remote, mine = prepared(folder)
        SHAPES[name]()(remote, mine)
        worst = Cost(code=0, seconds=0, memory=0, said="")
        for title, command in COMMANDS.items():
            os.chdir(mine.path)
            given = boot(mine) if title == "boot" else ""
            took = cost(mine, command, given)
            worst = max(worst, took, key=lambda one: max(one.seconds / SECONDS, one.memory / MB))
            bad = took.seconds > SECONDS or took.memory > MB or took.code == 70
            mark = "OVER" if bad else ""
            print(f"  {title:18} exit {took.code:3} {took.seconds:6.1f} s {took.memory:6.0f} MB {mark}", flush=True)  # fmt: skip
            if bad or "-v" in sys.argv:
                print(
                    "      " + "\n      ".join(took.said.strip().splitlines()[-6:])[-900:],
                    flush=True,
                )
            if bad:
                over.append(f"{name}: {title}")
    finally:
        os.chdir("/")
        shutil.rmtree(folder)
    return over


def main() -> int:
    """Measures the shapes that were named, or all."""
    wanted = [word for word in sys.argv[1:] if word != "-v"] or list(SHAPES)
    over = []
    with tempfile.TemporaryDirectory() as home, pytest.MonkeyPatch.context() as patch:
        seal(patch, Path(home))
        for name in wanted:
            print(name, flush=True)
            over += measure(name)
    print("\nover a limit: " + (", ".join(over) or "none"))
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())

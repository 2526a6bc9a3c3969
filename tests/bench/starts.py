"""How often one command starts git, and what it costs: part of `make bench`.

`starts` counts the git processes that gitmem itself starts (not those that git starts), by git's own
trace, and names the listings of a tree that are made twice. The limits are numbers of starts, and
multiples of `python -c pass`.
"""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from tests.bench import cases
from tests.bench.measure import Case
from tests.support.queues import journal, new_flag, publish
from tests.support.sandbox import GITMEM, Sandbox

FLAGS = 6
ROUNDS = 2  # the second one has records and an archive to read
#: Before what is read by object name was kept: 93, 62 and 81 with an upstream.
STARTS = {"close": 60, "review": 35, "accept": 55}
#: Multiples of `python -c pass`; before the commands were loaded one by one: 26, 44, 44
#: and 44; before the warm way: 11, 17, 12 and 15.
CPU = {"--help": 15.0, "status": 10.0, "log": 7.0, "check": 8.0}


def cold(folder: Path) -> list[Case]:
    """The commands that a person waits for, in a repository with a few flags."""
    sandbox = cases.repository(folder, "cold")
    journal(sandbox, [new_flag(f"fact {number}") for number in range(FLAGS)])
    assert publish(sandbox).reason == ""
    return [
        Case(
            name=f"gitmem {words}",
            command=[GITMEM, words],
            folder=sandbox.path,
            codes=(1,) if words == "check" else (0,),
            limit=limit,
        )
        for words, limit in CPU.items()
    ]


def starts(folder: Path) -> bool:
    """Prints the starts of git in a close, a review and an accept; whether a limit was passed."""
    sandbox = cases.repository(folder, "starts")
    bare = Sandbox(folder / "starts.git")
    bare.path.mkdir()
    bare.git("init", "--quiet", "--bare")
    sandbox.git("remote", "add", "origin", str(bare.path))
    sandbox.git("push", "--quiet", "-u", "origin", "HEAD")
    assert sandbox.gitmem("init").code == 0
    sandbox.git("add", "--all")
    sandbox.commit("wired")
    sandbox.git("push", "--quiet")
    over = False
    for round_ in range(ROUNDS):
        flags = [
            new_flag(f"cache {round_}{number} is keyed by its lock file", topic=f"t{number % 2}")
            for number in range(FLAGS)
        ]
        journal(sandbox, flags)
        assert publish(sandbox).reason == ""
        for command, options in (
            ("close", ["--engine", "verbatim"]),
            ("review", []),
            ("accept", []),
        ):
            found = traced(sandbox, command, *options)
            twice = [
                words
                for words, times in Counter(found).items()
                if times > 1 and words.startswith("ls-tree")
            ]
            wrong = len(found) > STARTS[command] or bool(twice)
            over = over or wrong
            if round_ == ROUNDS - 1:
                print(
                    f"git starts of {command} of {FLAGS} flags: {len(found)}  <= {STARTS[command]}  "
                    f"trees listed twice: {len(twice)}  {'OVER' if wrong else ''}"
                )
        sandbox.git("push", "--quiet")
    return over


def traced(sandbox: Sandbox, *words: str) -> list[str]:
    """The git commands that one command of gitmem starts, in order."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [GITMEM, *words],
            cwd=sandbox.path,
            env={**os.environ, "GIT_TRACE2_EVENT": folder},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=True,
        )
        return [words for _, words in sorted(_started(Path(folder)))]


def _started(folder: Path) -> Iterator[tuple[str, str]]:
    """When each git process that is no child of another one began, and its words without options."""
    for file in folder.iterdir():
        rows = map(json.loads, file.read_text(encoding="utf-8").splitlines())
        begun = next(row for row in rows if row["event"] == "start")
        if "/" not in begun["sid"]:
            left = begun["argv"][1:]
            while left and left[0].startswith("-"):
                left = left[2 if left[0] in {"-C", "-c"} else 1 :]
            yield begun["time"], " ".join(left)

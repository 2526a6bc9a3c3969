"""The large fault matrix: `python -m tests.faults.matrix [--seconds N] [--seed N] [--fault WORD] [--command WORD]`.

Every fault meets every command: in Python at its n-th call, in the n-th git child, or around both. With
``--seconds`` it tries them in a random order (``--seed``) until the time is over. It prints a line for
each trial that went wrong, then a table in Markdown; the exit code is 1 when any did.
"""

from __future__ import annotations

import argparse
import collections
import os
import random
import sys
import tempfile
import time
from pathlib import Path

import pytest

from tests.faults.injection import FAULTS, Around
from tests.faults.trial import trial
from tests.faults.world import COMMANDS, World
from tests.support.seal import seal

_PLACES = (1, 2, 3, 5, 8, 13, 21, 34, 55)


def main() -> int:
    """Runs what is asked for."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--seconds", type=float, default=0)
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--fault", default="")
    asked.add_argument("--command", default="")
    wanted = asked.parse_args()
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        seal(patch, folder / "home")
        return _run(folder, wanted)


def _run(folder: Path, wanted: argparse.Namespace) -> int:
    every = [
        (name, called, at)
        for name in COMMANDS
        for called, fault in FAULTS.items()
        for at in ((1,) if isinstance(fault, Around) else _PLACES)
        if wanted.fault in called and wanted.command in name
    ]
    if wanted.seconds:
        random.Random(wanted.seed).shuffle(every)
    began = time.monotonic()
    made: dict[object, World] = {}
    table: dict[str, collections.Counter[str]] = collections.defaultdict(collections.Counter)
    for name, called, at in every:
        if wanted.seconds and time.monotonic() - began > wanted.seconds:
            break
        command = COMMANDS[name]
        if command.state not in made:
            made[command.state] = command.state(folder / command.state.__name__)
        verdict = trial(command, FAULTS[called], at, made[command.state], folder / "trial")
        if not verdict.hit:
            continue
        table[called]["trials"] += 1
        table[called][f"exit {verdict.answer.code}"] += 1
        if verdict.wrong:
            table[called]["wrong"] += 1
            last = verdict.answer.err.strip().splitlines()[-2:]
            print(f"{name} x {called} @{at}: {'; '.join(verdict.wrong)} | {last}", flush=True)
    return _print(table, time.monotonic() - began)


def _print(table: dict[str, collections.Counter[str]], seconds: float) -> int:
    trials = sum(counts["trials"] for counts in table.values())
    wrong = sum(counts["wrong"] for counts in table.values())
    print("| fault | trials | wrong | answers |\n|---|--:|--:|---|")
    for called in sorted(table):
        counts = table[called]
        codes = ", ".join(f"{count} x {key}" for key, count in sorted(counts.items()) if " " in key)
        print(f"| {called} | {counts['trials']} | {counts['wrong']} | {codes} |")
    print(f"{trials} trials, {wrong} wrong, {seconds:.0f} s", file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    os.umask(0o022)
    sys.exit(main())

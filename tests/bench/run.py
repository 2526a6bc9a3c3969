"""`make bench`: a table of wall and CPU medians, as ratios to an empty Python of the same install.

GITMEM_BIN names the command to time (an ordinary install, not an editable one: its path file alone
would cost as much as Python's start). ROUNDS says how often (default 40).
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.bench import cases, measure, recall, starts
from tests.bench.measure import Case
from tests.bench.provenance import provenance
from tests.support.sandbox import GITMEM
from tests.support.seal import FOUND, seal

_FLAT = 1.15  # a flag on the largest queue against one on an empty queue
_SLOW_ROUNDS = 8


def main() -> int:
    """Prints the table; returns 1 when a limit is passed."""
    rounds = int(FOUND.get("ROUNDS", "40"))
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        seal(patch, folder / "home")
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        base = cases.baseline(folder)
        flags = cases.flags(folder)
        remembered = recall.memory(folder)
        hooks = [*cases.hooks(folder), *recall.hooks(remembered)]
        quick = [base, *cases.imports(folder), *hooks, *flags, recall.recall(remembered)]
        slow = [*starts.cold(folder), cases.check(folder), cases.loops(folder)]
        slow += provenance(cases.repository(folder, "provenance"))
        measure.run(quick, rounds)
        measure.run(slow, _SLOW_ROUNDS)
        many = starts.starts(folder)
    print(f"{GITMEM} with {launcher()}; {rounds} interleaved rounds; {os.cpu_count()} cores")
    over = [row(case, base) for case in [*quick, *slow]]
    short, huge = cases.transcripts(hooks)
    return 1 if any([*over, many, flat(flags), flat_transcript(short, huge)]) else 0


def launcher() -> str:
    """What the console script is, as far as its first lines tell."""
    lines = GITMEM.read_text(encoding="utf-8").splitlines()
    style = "a script that imports re" if "import re" in lines else "a plain script"
    return f"{style} of {lines[0].removeprefix('#!')}"


def row(case: Case, base: Case) -> bool:
    """Prints one line; whether a limit was passed."""
    wall, cpu = case.wall / base.wall, case.cpu / base.cpu
    # The CPU decides: the wall clock also tells what else the machine did meanwhile.
    over = bool(case.limit) and cpu > case.limit
    limit = f"<= {case.limit} x" if case.limit else ""
    print(
        f"{case.name:38} {case.wall * 1000:7.1f} ms {wall:5.2f} x wall "
        f"{case.cpu * 1000:7.1f} ms {cpu:5.2f} x cpu  {limit:8} {'OVER' if over else ''}"
    )
    return over


def flat(flags: Sequence[Case]) -> bool:
    """Prints how a flag grows with its queue; whether it grows too much.

    The CPU decides: the wall clock also tells what else the machine did meanwhile.
    """
    first, last = flags[0], flags[len(cases.SIZES) - 1]
    wall = measure.growth(first.walls, last.walls)
    cpu = measure.growth(first.cpus, last.cpus)
    over = cpu > _FLAT
    print(
        f"{f'flag, {cases.SIZES[-1]:,} queued against none':38} {'':10} {wall:5.2f} x wall "
        f"{'':10} {cpu:5.2f} x cpu  {f'<= {_FLAT} x':8} {'OVER' if over else ''}"
    )
    return over


def flat_transcript(short: Case, huge: Case) -> bool:
    """Prints how a hook grows with the client's transcript; whether it grows too much."""
    cpu = measure.growth(short.cpus, huge.cpus)
    over = cpu > cases.TRANSCRIPT_LIMIT
    print(
        f"{'hook, 200 MB transcript against short':38} {'':36} {cpu:5.2f} x cpu  "
        f"{f'<= {cases.TRANSCRIPT_LIMIT} x':8} {'OVER' if over else ''}"
    )
    return over


if __name__ == "__main__":
    sys.exit(main())

"""Time commands side by side: wall clock and CPU of the whole process tree, as medians."""

from __future__ import annotations

import resource
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path


def nothing() -> None:
    """For a case that needs no preparation."""


@dataclass(slots=True, kw_only=True)
class Case:
    """One command to time. ``prepare`` runs before each start, untimed.

    ``limit`` bounds the CPU as a multiple of the baseline's (0: none).
    ``says`` must be in the output; empty: there must be none; None: whatever.
    """

    name: str
    command: Sequence[str | Path]
    folder: Path
    stdin: str = ""
    prepare: Callable[[], object] = nothing
    codes: tuple[int, ...] = (0,)
    says: str | None = None
    limit: float = 0.0
    walls: list[float] = field(default_factory=list)
    cpus: list[float] = field(default_factory=list)

    @property
    def wall(self) -> float:
        """Median wall clock, in seconds."""
        return statistics.median(self.walls)

    @property
    def cpu(self) -> float:
        """Median of user and system time, in seconds."""
        return statistics.median(self.cpus)


def run(cases: Sequence[Case], rounds: int) -> None:
    """Times every case once a round, one after another, so that noise hits all of them alike."""
    for case in cases:
        once(case)  # warm
    for _ in range(rounds):
        for case in cases:
            wall, cpu = once(case)
            case.walls.append(wall)
            case.cpus.append(cpu)


def once(case: Case) -> tuple[float, float]:
    """Wall clock and CPU seconds of one run; raises AssertionError when it does not do its job."""
    case.prepare()
    before = used()
    started = time.perf_counter()
    done = subprocess.run(
        case.command,
        cwd=case.folder,
        input=case.stdin,
        capture_output=True,
        text=True,
        check=False,
    )
    wall = time.perf_counter() - started
    cpu = used() - before
    silent = case.says == ""
    said = not done.stdout if silent else (case.says or "") in done.stdout
    if done.returncode not in case.codes or done.stderr or not said:
        message = f"{case.name} answered {done.returncode}: {done.stdout}{done.stderr}"
        raise AssertionError(message)
    return wall, cpu


def growth(first: Sequence[float], last: Sequence[float]) -> float:
    """Median of the ratios within one round, so that a slow round weighs on neither side."""
    return statistics.median(after / before for before, after in zip(first, last, strict=True))


def used() -> float:
    """CPU seconds of all children that ended, their children included."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime

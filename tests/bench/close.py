"""What a close with a model costs beside the model, against a server on loopback (part of `make bench`).

Three claims: many answers take no longer than one (256 flags, 8 workers, 2 s for each answer); time
and memory of 10,000 flags; what 20 flags send against 500 lines of memory. And a comparison: whether
it pays to load the model's library beside git's reading. ROUNDS (default 20) is for that one.
"""

from __future__ import annotations

import math
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.bench.cases import PYTHON, repository
from tests.support import judge
from tests.support.messages_api import MessagesApi
from tests.support.queues import journal, keep, new_flag, publish
from tests.support.sandbox import GITMEM, Sandbox
from tests.support.seal import FOUND, seal

SLOW = 2.0  # seconds of an answer
WORKERS = 8
OVERHEAD = 250  # empty Pythons of the whole command beside the asking
SPREAD = 1.25  # first request to last answer, against the slowest call
MEMORY = 300  # MB
SENT = 24 * 1024  # bytes
_SIZES = (1_250, 2_500, 5_000, 10_000)
_QUICK = 0.5  # seconds of an answer where many are needed
_START = "import sys; from gitmem.cli.entry import main; sys.argv[0] = 'gitmem'; {}sys.exit(main())"
_COLD = "from gitmem.models.anthropic import Anthropic; Anthropic.warm = lambda self: None; "


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """One close by the clocks of the server and of the caller: seconds, MB at the peak, bytes."""

    wall: float
    before: float
    asking: float
    slowest: float
    after: float
    at_once: int
    calls: int
    memory: float
    sent: int


def timed(sandbox: Sandbox, seconds: float, *options: str, start: str = "") -> Timed:
    """Runs one close against a server that takes ``seconds`` for every answer."""
    command = [PYTHON, "-c", start] if start else [GITMEM]
    with MessagesApi(judge.slow(seconds)) as server:
        began = time.monotonic()
        child = subprocess.Popen(
            [*command, "close", "--json", *options],
            cwd=sandbox.path,
            env={**os.environ, **server.environ},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        out, err = child.communicate()
        ended = time.monotonic()
    assert child.returncode == 0, (out[-500:], err[-500:])
    first = min(asked.began for asked in server.asked)
    last = max(asked.ended for asked in server.asked)
    return Timed(
        wall=ended - began,
        before=first - began,
        asking=last - first,
        slowest=max(asked.ended - asked.began for asked in server.asked),
        after=ended - last,
        at_once=server.most_at_once,
        calls=len(server.asked),
        # The largest of all children so far: sizes are run from small to large.
        memory=resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024,
        sent=sum(asked.size for asked in server.asked),
    )


def split(one: Timed) -> str:
    """Where the wall clock went."""
    return (
        f"wall {one.wall:.2f} s = {one.before:.2f} before the first request + {one.asking:.2f} asking "
        f"(slowest {one.slowest:.2f}) + {one.after:.2f} after; {one.calls} calls, {one.at_once} at once"
    )


def at_once(folder: Path) -> bool:
    """256 flags at 8 workers; whether a limit was passed."""
    sandbox = repository(folder, "at-once")
    keep(sandbox, 256)
    one = sorted((_again(sandbox) for _ in range(3)), key=lambda one: one.wall)[1]
    within = one.asking <= SPREAD * one.slowest and one.at_once == WORKERS
    within = within and one.wall <= SPREAD * one.slowest + OVERHEAD * _seconds("pass")
    print(f"256 flags, 8 workers, 2 s answers: {split(one)}{'' if within else '  OVER'}")
    return not within


def _again(sandbox: Sandbox) -> Timed:
    """One close of the same flags, which are undrained again afterwards."""
    one = timed(sandbox, SLOW)
    forget(sandbox)
    return one


def forget(sandbox: Sandbox) -> None:
    """Takes the review and the kept answers away."""
    sandbox.git("update-ref", "-d", "refs/heads/gitmem/drain")
    for answer in (sandbox.path / ".git/gitmem/answers").glob("*.json"):
        answer.unlink()


def many(folder: Path) -> bool:
    """Up to 10,000 flags: asking by rounds of 8, and memory; whether a limit was passed."""
    over, each = False, list[float]()
    for size in _SIZES:
        sandbox = repository(folder, f"many-{size}")
        keep(sandbox, size)
        one = timed(sandbox, _QUICK, "--deadline", "900")
        rounds = math.ceil(math.ceil(size / 32) / WORKERS)
        each.append(one.asking / rounds)
        wrong = one.at_once != WORKERS or one.calls != math.ceil(size / 32)
        wrong = wrong or one.memory > MEMORY or each[-1] > SPREAD * each[0]
        over = over or wrong
        print(
            f"{size:,} flags, {_QUICK} s answers: {split(one)}; {each[-1]:.2f} s for each of {rounds} "
            f"rounds, {one.memory:.0f} MB{'  OVER' if wrong else ''}"
        )
    return over


def small(folder: Path) -> bool:
    """20 flags of 150 characters against 500 lines of memory: bytes; whether a limit was passed."""
    sandbox = repository(folder, "small")
    words = "the scheduler of cluster {} drains node {} before the nightly window and waits for it"
    lines = [(words.format(n, n * 7) + " to settle" * 9)[:150] for n in range(500)]
    text = "# Facts\n\n" + "".join(f"- {line}\n" for line in lines)
    sandbox.commit("memory", {"memory/facts.md": text})
    journal(
        sandbox,
        [new_flag((words.format(n, n) + " as seen today" * 9)[:150]) for n in range(600, 620)],
    )
    publish(sandbox)
    one = timed(sandbox, 0.0)
    wrong = one.sent > SENT
    print(
        f"20 flags of 150 characters, 500 lines: {one.sent:,} bytes in {one.calls} call, "
        f"{one.sent / 20:.0f} for each flag{'  OVER' if wrong else ''}"
    )
    return wrong


def warmth(folder: Path, rounds: int) -> None:
    """The first request with and without the thread that loads the library, interleaved."""
    sandbox = repository(folder, "warmth")
    keep(sandbox, 32)
    found: dict[str, list[Timed]] = {_COLD: [], "": []}
    for number in range(rounds + 1):  # the first one warms the machine
        for patch, rows in found.items():
            rows.append(timed(sandbox, 0.0, start=_START.format(patch)))
            forget(sandbox)
            if not number:
                rows.clear()
    first = {patch: statistics.median(one.before for one in rows) for patch, rows in found.items()}
    pairs = zip(found[""], found[_COLD], strict=True)
    ratio = statistics.median(beside.before / alone.before for beside, alone in pairs)
    load = statistics.median(_seconds("import anthropic, httpx2") for _ in range(5))
    nothing = statistics.median(_seconds("pass") for _ in range(5))
    print(
        f"first request, {rounds} interleaved rounds: {first['']:.2f} s with the library loaded beside "
        f"git's reading, {first[_COLD]:.2f} s after it, ratio {ratio:.2f}; the import alone is "
        f"{load - nothing:.2f} s"
    )


def _seconds(code: str) -> float:
    began = time.monotonic()
    subprocess.run([PYTHON, "-c", code], check=True)
    return time.monotonic() - began


def main() -> int:
    """Prints the figures; returns 1 when a limit is passed."""
    with tempfile.TemporaryDirectory() as name, pytest.MonkeyPatch.context() as patch:
        folder = Path(name).resolve()
        (folder / "home").mkdir()
        seal(patch, folder / "home")
        patch.delenv("PYTHONDONTWRITEBYTECODE", raising=False)
        over = [small(folder), at_once(folder), many(folder)]
        warmth(folder, int(FOUND.get("ROUNDS", "20")))
    print(f"{GITMEM}; {os.cpu_count()} cores")
    return 1 if any(over) else 0


if __name__ == "__main__":
    sys.exit(main())

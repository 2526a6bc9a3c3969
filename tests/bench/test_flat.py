"""Whether a flag stays flat is judged by CPU, round by round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bench import cases, run
from tests.bench.measure import Case


def timed(walls: list[float], cpus: list[float]) -> Case:
    return Case(name="flag", command=["true"], folder=Path(), walls=walls, cpus=cpus)


@pytest.mark.parametrize(
    ("walls", "cpus", "over"),
    [
        ([1.0, 1.0, 1.0], [1.0, 1.0, 1.0], False),
        ([9.0, 9.0, 9.0], [1.1, 1.1, 1.1], False),  # a busy disk or processor
        ([1.0, 1.0, 1.0], [1.2, 1.2, 1.2], True),
        ([1.0, 1.0, 1.0], [1.2, 1.0, 1.0], False),
    ],
)
def test_more_cpu_for_a_longer_queue_fails_and_a_busy_machine_does_not(
    walls: list[float], cpus: list[float], *, over: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    flags = [timed([1.0] * 3, [1.0] * 3) for _ in cases.SIZES[1:]]

    assert run.flat([*flags, timed(walls, cpus)]) is over
    told = capsys.readouterr().out
    assert "x wall" in told
    assert "x cpu" in told


def test_a_slow_round_hits_both_sides_and_decides_nothing() -> None:
    first, last = timed([1.0] * 3, [1.0, 3.0, 1.0]), timed([1.0] * 3, [1.1, 3.3, 1.1])

    assert run.flat([first, *[first] * (len(cases.SIZES) - 2), last]) is False


def test_the_two_batches_are_found_beside_other_hooks_that_read_a_transcript() -> None:
    names = ["hook: SessionStart, transcript short", "hook: PostToolBatch, transcript short"]
    names += ["hook: SessionStart, transcript 200 MB", "hook: PostToolBatch, transcript 200 MB"]
    hooks = [Case(name=name, command=["true"], folder=Path()) for name in names]

    assert cases.transcripts(hooks) == (hooks[1], hooks[3])

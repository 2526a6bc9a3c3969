"""A cover of the fault matrix: each kind of fault once, against the commands it can hurt most.

The whole of it is a script, `python -m tests.faults.matrix`; its table is in docs/promises.md.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.injection import FAULTS
from tests.faults.trial import trial
from tests.faults.world import COMMANDS, World

_PAIRS = [
    ("flag", "unlock: EIO", 1),
    ("flag", "close: EIO", 2),
    ("flag", "fsync: EIO", 1),
    ("snag", "write: ENOSPC", 1),
    ("close", "git: no space, before", 12),
    ("close", "git: killed after", 20),
    ("close", "stdout full", 1),
    ("close --here", "git: file size limit", 15),
    ("discard", "git: I/O error", 5),
    ("forget", "git: no space, after", 15),
    ("accept", "open to write: ENOSPC", 2),
    ("sync", "git: killed before", 7),
    ("init", "git: no space, before", 3),
    ("init", "open to write: ENOSPC", 2),
    ("uninstall", "unlink: EIO", 2),
    ("status", "packed-refs damaged", 1),
    ("close", "memory a symlink inside", 1),
    ("check", "record: file outside", 1),
    *[("init", "killed", at) for at in (12, 17, 22, 27)],
    *[("uninstall", "killed", at) for at in (6, 12)],
    ("forget", "killed", 12),
    ("discard", "killed", 8),
    ("drop", "killed", 5),
    ("undrop", "killed", 5),
    ("edit", "killed", 5),
]


@pytest.fixture(scope="module")
def worlds(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], World]:
    """Makes the state that a command starts in, once."""
    made: dict[object, World] = {}

    def world(name: str) -> World:
        state = COMMANDS[name].state
        if state not in made:
            made[state] = state(tmp_path_factory.mktemp("worlds") / state.__name__)
        return made[state]

    return world


@pytest.mark.parametrize(("name", "fault", "at"), _PAIRS)
def test_a_fault_is_told_honestly_loses_nothing_and_is_over_when_it_is_over(
    worlds: Callable[[str], World], tmp_path: Path, name: str, fault: str, at: int
) -> None:
    verdict = trial(COMMANDS[name], FAULTS[fault], at, worlds(name), tmp_path / "trial")

    assert verdict.hit, "the fault was never met"
    assert verdict.wrong == [], verdict.answer

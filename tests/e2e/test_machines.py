"""Four machines, one server: whatever happens on the way, all hold every acknowledged flag afterwards."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Sequence

import pytest

from tests.support.desk import Desk
from tests.support.queues import fsck, ids_in_journal, ids_on_branch
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox
from tests.support.server import Server

FLAGS = 50
FEWER = 20  # where the faults are what is under test, not the number
AT_ONCE = 5  # flags between two syncs
#: Syncs of the last round: each is what a session's end would start; no one does anything by hand.
ROUNDS = 8

_WORKER = """
import json, pathlib, subprocess, sys
gitmem, acknowledged, wanted, at_once = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
while True:
    done = acknowledged.read_text().split() if acknowledged.exists() else []
    if len(done) >= wanted:
        break
    for number in range(at_once):
        said = subprocess.run([gitmem, "flag", "--json", "fact %d" % (len(done) + number)], stdout=subprocess.PIPE)
        if said.returncode == 0:
            with acknowledged.open("a") as file:
                file.write(json.loads(said.stdout)["id"] + "\\n")
    code = subprocess.run([gitmem, "sync"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    with acknowledged.with_suffix(".codes").open("a") as file:
        file.write("%d %s\\n" % (code.returncode, code.stderr.decode().replace("\\n", " ")))
"""


class Machine:
    """A clone and the worker on it, which flags and syncs by the real command."""

    def __init__(self, server: Server, name: str, flags: int = FLAGS) -> None:
        self.desk = server.clone(name)
        self._flags = flags
        self._acknowledged = self.desk.sandbox.path.with_name(name + ".ids")

    def start(self) -> subprocess.Popen[bytes]:
        words = [str(GITMEM), str(self._acknowledged), str(self._flags), str(AT_ONCE)]
        return subprocess.Popen(
            [sys.executable, "-c", _WORKER, *words],
            cwd=self.desk.sandbox.path,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    @property
    def acknowledged(self) -> list[str]:
        """Ids that `gitmem flag` answered."""
        path = self._acknowledged
        return path.read_text().split() if path.exists() else []

    @property
    def codes(self) -> list[str]:
        """Exit code and words of each sync."""
        return self._acknowledged.with_suffix(".codes").read_text().splitlines()


def settle(machines: Sequence[Machine]) -> None:
    """Every machine syncs in turn, as at the end of a session, until none had anything to send."""
    for _ in range(ROUNDS):
        done = [machine.desk.sandbox.gitmem("sync") for machine in machines]
        if all(one.code == 0 and "nothing new" in one.out for one in done):
            return


def same_everywhere(server: Server, machines: Sequence[Machine]) -> set[str]:
    """The ids that every machine and the server hold, each once."""
    held = ids_on_branch(server.bare)
    assert len(set(held)) == len(held)
    for machine in machines:
        mine = machine.desk.sandbox
        assert sorted(ids_on_branch(mine)) == sorted(held)
        assert set(ids_in_journal(mine)) <= set(held)
        assert fsck(mine) == ""
        assert not [*(mine.path / ".git").rglob("*.lock")] or locks_are_ours(mine)
    assert fsck(server.bare) == ""
    return set(held)


def locks_are_ours(sandbox: Sandbox) -> bool:
    """Whether every file that ends in .lock is one of gitmem's own, which stay."""
    found = (sandbox.path / ".git").rglob("*.lock")
    return {path.parent.name for path in found} <= {"gitmem"}


def run_all(machines: Sequence[Machine]) -> None:
    for worker in [machine.start() for machine in machines]:
        assert worker.wait(3 * PATIENCE) == 0


def test_four_machines_that_push_at_the_same_time_all_hold_200_flags(server: Server) -> None:
    machines = [Machine(server, f"machine{number}") for number in range(4)]

    run_all(machines)
    settle(machines)

    flagged = {flag_id for machine in machines for flag_id in machine.acknowledged}
    assert len(flagged) == 4 * FLAGS
    assert same_everywhere(server, machines) == flagged
    assert [
        code for machine in machines for code in machine.codes if not code.startswith("0")
    ] == []


def test_the_same_when_three_of_ten_pushes_are_refused(server: Server) -> None:
    server.decline(30)
    machines = [Machine(server, f"machine{number}", FEWER) for number in range(4)]

    run_all(machines)
    settle(machines)

    flagged = {flag_id for machine in machines for flag_id in machine.acknowledged}
    assert len(flagged) == 4 * FEWER
    assert same_everywhere(server, machines) == flagged
    codes = {code.partition(" ")[0] for machine in machines for code in machine.codes}
    assert codes <= {"0", "5"}


@pytest.mark.parametrize("seed", [1, 2])
def test_the_same_when_one_machine_is_killed_again_and_again(server: Server, seed: int) -> None:
    chance = random.Random(seed)
    machines = [Machine(server, "machine0")]
    machines += [Machine(server, f"machine{number}", FEWER) for number in range(1, 4)]
    others = [machine.start() for machine in machines[1:]]

    kills = 0
    while len(machines[0].acknowledged) < FLAGS:
        victim = machines[0].start()
        try:
            victim.wait(chance.uniform(0.2, 1.5))
        except subprocess.TimeoutExpired:
            os.killpg(victim.pid, signal.SIGKILL)
            victim.wait(PATIENCE)
            kills += 1
    for other in others:
        assert other.wait(3 * PATIENCE) == 0
    time.sleep(0.2)  # a push that outlived its starter
    settle(machines)

    held = same_everywhere(server, machines)
    for machine in machines:
        assert set(machine.acknowledged) <= held
    assert kills > 3
    # What was killed before it could answer may be there too, and nothing else.
    assert len(held) <= FLAGS + 3 * FEWER + kills + AT_ONCE


def test_a_sync_that_is_killed_at_any_moment_is_finished_by_the_next(server: Server) -> None:
    one, two = server.clone("one"), server.clone("two")
    chance = random.Random(7)
    made = []
    for number in range(25):
        made += [one.flag(f"one {number}"), two.flag(f"two {number}")]
        assert sync(two).code == 0
        child = one.sandbox.start("sync")
        time.sleep(chance.uniform(0.05, 0.5))
        os.kill(child.pid, signal.SIGKILL)
        child.communicate()

    for desk in (one, two, one):
        assert sync(desk).code == 0

    for sandbox in (one.sandbox, two.sandbox, server.bare):
        assert sorted(ids_on_branch(sandbox)) == sorted(made)


def sync(desk: Desk) -> Result:
    return desk.sandbox.gitmem("sync")

"""What `gitmem flag` acknowledged is there: under crowds, kills, gc, full disks and read-only ones.

Real processes of the installed command. Random moments come from a seed, so that a failure can be
run again with GITMEM_SEED.
"""

from __future__ import annotations

import errno
import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gitmem.git.repository import ARCHIVE, BRANCH
from gitmem.queue.prune import prune
from tests.support.queues import (
    folder_of,
    fsck,
    ids_in_journal,
    ids_on_branch,
    keep,
    publish,
    repository_of,
)
from tests.support.sandbox import GITMEM, PATIENCE, Result, Sandbox, changed_environment
from tests.support.seal import FOUND

PROCESSES = 32
FLAGS = 20
KILLS = 200
SEED = int(FOUND.get("GITMEM_SEED", "20261121"))

#: One writer: flags one after another, prints what was acknowledged, stops at the first failure.
WRITER = 'for n in $(seq "$2"); do "$0" flag --json "writer $1, fact $n" || exit 9; done'


@contextmanager
def beside(sandbox: Sandbox, *commands: str) -> Iterator[None]:
    """Runs git commands over and over until the block ends."""
    stop = sandbox.path.parent / "stop"
    stop.unlink(missing_ok=True)
    loops = [
        subprocess.Popen(
            ["sh", "-c", f"while ! test -e '{stop}'; do {command} 2>/dev/null || :; done"],
            cwd=sandbox.path,
            stdout=subprocess.DEVNULL,
        )
        for command in commands
    ]
    try:
        yield
    finally:
        stop.touch()
        for loop in loops:
            loop.wait(PATIENCE)


def write(trees: list[Sandbox], writers: int, flags: int) -> list[str]:
    """Many writers at once, spread over work trees; the ids they were told, all exits 0."""
    running = [
        subprocess.Popen(
            ["sh", "-c", WRITER, GITMEM, str(number), str(flags)],
            cwd=trees[number % len(trees)].path,
            env=changed_environment(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for number in range(writers)
    ]
    told = [child.communicate(timeout=PATIENCE) for child in running]
    assert [child.returncode for child in running] == [0] * writers, told
    return [json.loads(line)["id"] for out, _ in told for line in out.splitlines()]


def test_a_crowd_in_three_work_trees_beside_gc_and_pack_refs_loses_nothing(
    sandbox: Sandbox,
) -> None:
    trees = [sandbox, sandbox.worktree("second"), sandbox.worktree("third")]

    with beside(sandbox, "git gc --quiet", "git pack-refs --all"):
        ids = write(trees, PROCESSES, FLAGS)

    assert len(set(ids)) == PROCESSES * FLAGS
    assert sorted(ids_on_branch(sandbox)) == sorted(ids)
    assert fsck(sandbox) == ""


def children(pid: int) -> list[int]:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    except OSError:
        return []
    return [int(word) for word in text.split()]


def shoot(child: subprocess.Popen[str], manner: str) -> bool:
    """Kills the writer with its children, only the writer, or only its git child."""
    while manner == "git" and child.poll() is None and not children(child.pid):
        time.sleep(0.0005)
    try:
        if manner == "group":
            os.killpg(child.pid, signal.SIGKILL)
        elif manner == "writer":
            child.kill()
        else:
            os.kill(children(child.pid)[0], signal.SIGKILL)
    except (ProcessLookupError, IndexError):
        return False
    return child.poll() is None or manner == "git"


def battle(trees: list[Sandbox], number: int, dice: random.Random, hit: dict[str, int]) -> set[str]:
    """Three writers at once; two are shot at, each in the manner that had least so far.

    Returns the ids that were acknowledged. Who was not shot, or lost only its git, ends with 0.
    """
    crowd = [
        subprocess.Popen(
            [GITMEM, "flag", "--json", f"battle {number}, fact {place}"],
            cwd=dice.choice(trees).path,
            env=changed_environment(None),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        for place in range(3)
    ]
    manners = []
    for child in crowd[:2]:
        manners.append(min(hit, key=lambda name: hit[name]))
        time.sleep(dice.random() * 0.03)
        hit[manners[-1]] += shoot(child, manners[-1])
    told = [child.communicate(timeout=PATIENCE) for child in crowd]
    for child, manner, (_, err) in zip(crowd, [*manners, "git"], told, strict=True):
        assert child.returncode == 0 or manner != "git", err
    lines = [line for out, _ in told for line in out.splitlines() if line.endswith("}")]
    return {json.loads(line)["id"] for line in lines}


@pytest.mark.skipif(
    not Path("/proc/self/task").is_dir(), reason="finds git children in /proc (2026-11)"
)
def test_killed_writers_lose_nothing_that_was_acknowledged(sandbox: Sandbox) -> None:
    dice = random.Random(SEED)
    trees = [sandbox, sandbox.worktree("second")]
    hit = {"group": 0, "writer": 0, "git": 0}
    told: set[str] = set()
    number = 0
    while sum(hit.values()) < KILLS:
        number += 1
        told |= battle(trees, number, dice, hit)

    last = sandbox.gitmem("flag", "--json", "after it all")

    assert (last.code, last.err) == (0, ""), hit
    assert json.loads(last.out)["saved"] == "queue"  # no lock that a killed one left is in the way
    ids = ids_on_branch(sandbox)
    assert len(ids) == len(set(ids))
    assert told <= set(ids)
    assert set(ids_in_journal(sandbox)) == set(ids)
    assert fsck(sandbox) == ""


def test_a_pruning_gc_in_a_loop_loses_nothing(sandbox: Sandbox) -> None:
    with beside(sandbox, "git gc --quiet --prune=now", "git pack-refs --all"):
        ids = write([sandbox, sandbox.worktree("second")], 4, 12)

    last = sandbox.gitmem("flag", "--json", "after it all")

    assert last.code == 0, last.err
    told = [*ids, json.loads(last.out)["id"]]
    assert sorted(ids_on_branch(sandbox)) == sorted(told)
    assert fsck(sandbox) == ""


@contextmanager
def mounted(folder: Path, options: str) -> Iterator[None]:
    """A small file system of its own at a folder, where mounting is permitted."""
    folder.mkdir(exist_ok=True)
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, check=False, capture_output=True).returncode:
        pytest.skip("mounting a file system is not permitted here (2026-11)")
    try:
        yield
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


TEXTS = "first fact, with a word in it\nsecond fact\n"


def assert_given_back(done: Result, reason: str) -> None:
    assert done.code == 3
    assert done.out == ""
    assert done.err.startswith("NOT SAVED: ")
    assert reason in done.err
    assert all(f"  {text}" in done.err for text in TEXTS.splitlines())
    assert "Traceback" not in done.err


def small(sandbox: Sandbox, tmp_path: Path) -> Sandbox:
    there = Sandbox(tmp_path / "mount" / "repository")
    there.path.mkdir()
    there.git("clone", "-q", str(sandbox.path), ".")
    return there


def fill(path: Path) -> None:
    """Writes until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(b"x" * 4096):
                pass
        except OSError as error:
            assert error.errno == errno.ENOSPC  # noqa: PT017 - it is how the loop ends


def test_a_full_disk_gives_the_text_back_and_space_heals_the_queue(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    with mounted(tmp_path / "mount", "size=1m"):
        there = small(sandbox, tmp_path)
        flags = keep(there, 3)
        filler = there.path / "filler"
        fill(filler)
        # A journal that still has room in its last block takes a line; a longer record does not fit.
        long = "\n".join([*TEXTS.splitlines(), *[f"fact {n} " + "x" * 900 for n in range(20)]])
        before = (folder_of(there) / "journal").read_bytes()
        assert_given_back(there.gitmem("flag", "-", input=long), "No space left on device")
        assert (folder_of(there) / "journal").read_bytes() == before
        short = there.gitmem("flag", "--json", "short")
        assert short.code in {0, 3}

        filler.unlink()
        assert there.gitmem("flag", "after").code == 0
        on_branch = set(ids_on_branch(there))
        assert {flag.id for flag in flags} < on_branch
        assert on_branch == set(ids_in_journal(there))
        if short.code == 0:
            assert json.loads(short.out)["id"] in on_branch
        assert fsck(there) == ""


def test_a_read_only_disk_gives_the_text_back(sandbox: Sandbox, tmp_path: Path) -> None:
    with mounted(tmp_path / "mount", "size=4m"):
        there = small(sandbox, tmp_path)
        keep(there, 1)
        subprocess.run(["mount", "-o", "remount,ro", str(tmp_path / "mount")], check=True)

        assert_given_back(there.gitmem("flag", "-", input=TEXTS), "Read-only file system")
        assert len(ids_on_branch(there)) == 1


def test_a_git_folder_without_write_permission_gives_the_text_back(sandbox: Sandbox) -> None:
    powerless: list[str] = []
    if os.geteuid() == 0:  # permissions do not bind root unless it gives up that privilege
        if not shutil.which("setpriv"):
            pytest.skip("root needs setpriv (util-linux) to give its privilege up (2026-11)")
        powerless = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"]
    (sandbox.path / ".git").chmod(0o500)
    done = subprocess.run(
        [*powerless, GITMEM, "flag", "-"],
        cwd=sandbox.path,
        input=TEXTS,
        capture_output=True,
        text=True,
        check=False,
    )
    (sandbox.path / ".git").chmod(0o700)

    result = Result(code=done.returncode, out=done.stdout, err=done.stderr)
    assert_given_back(result, "Permission denied")
    assert sandbox.gitmem("flag", "-", input=TEXTS).code == 0


#: Stands in for git: at the n-th start it kills its parent, before or after doing its work.
SHIM = """\
#!/bin/sh
n=$(($(cat '{count}') + 1))
echo $n >'{count}'
if test $n = {at} && test {when} = before; then kill -9 $PPID; exit 1; fi
'{git}' "$@"
code=$?
if test $n = {at}; then kill -9 $PPID; fi
exit $code
"""
PRUNE = (
    "import os, sys; from gitmem.git import repository; from gitmem.queue import prune;"
    "repo = repository.discover('.', os.environ);"
    "done = prune.prune(repo, set(sys.argv[1:])); sys.exit(bool(done.reason))"
)


def prune_until_killed(sandbox: Sandbox, drained: list[str], at: int, when: str) -> int:
    """A prune whose process dies at its ``at``-th git command; its exit code."""
    shim = sandbox.path.parent / "shim"
    shim.mkdir(exist_ok=True)
    count = shim / "count"
    count.write_text("0", encoding="utf-8")
    text = SHIM.format(count=count, at=at, when=when, git=shutil.which("git"))
    (shim / "git").write_text(text, encoding="utf-8")
    (shim / "git").chmod(0o755)
    return subprocess.run(
        [GITMEM.with_name("python"), "-c", PRUNE, *drained],
        cwd=sandbox.path,
        env=changed_environment({"PATH": f"{shim}:{os.environ['PATH']}"}),
        check=False,
    ).returncode


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("left", [0, 2])
def test_a_prune_killed_at_any_git_command_is_finished_by_the_next(
    sandbox: Sandbox, when: str, left: int
) -> None:
    deaths = 0
    for at in range(1, 30):
        flags = [*keep(sandbox, 2), *keep(sandbox, 3)]
        drained = [flag.id for flag in flags[left:]]
        waiting = {flag.id for flag in flags[:left]}

        code = prune_until_killed(sandbox, drained, at, when)
        everywhere = set(ids_on_branch(sandbox)) | set(ids_in_journal(sandbox))
        archived = set(ids_on_branch(sandbox, ARCHIVE, "archive/"))
        assert {flag.id for flag in flags} <= everywhere | archived, at

        late = keep(sandbox, 1)
        again = prune(repository_of(sandbox), drained)
        assert again.reason == "", at
        expected = waiting | {late[0].id}
        assert publish(sandbox).reason == ""
        assert set(ids_on_branch(sandbox)) == expected, at
        assert set(ids_in_journal(sandbox)) == expected, at
        assert set(drained) <= set(ids_on_branch(sandbox, ARCHIVE, "archive/")), at
        assert len(ids_on_branch(sandbox)) == len(expected), at

        prune(repository_of(sandbox), expected)
        assert sandbox.git("rev-parse", "-q", "--verify", BRANCH, check=False) == ""
        if code == 0:
            break
        assert code == -signal.SIGKILL
        deaths += 1
    assert deaths > 5
    assert fsck(sandbox) == ""

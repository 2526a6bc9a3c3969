"""`gitmem sync`: its words, its JSON, its exit codes."""

from __future__ import annotations

import json
import os
import pty
import subprocess

import pytest

from tests.support.desk import Desk
from tests.support.queues import ids_on_branch
from tests.support.sandbox import GITMEM, Sandbox
from tests.support.server import Server


@pytest.fixture
def one(server: Server) -> Desk:
    return server.clone("one")


def test_it_says_what_went_both_ways(server: Server, one: Desk) -> None:
    two = server.clone("two")
    one.flag("mine")
    two.flag("yours")
    two.flag("yours too")

    first = one.sandbox.gitmem("sync")
    second = two.sandbox.gitmem("sync")

    assert (first.code, first.out, first.err) == (0, "origin: 1 flag sent\n", "")
    assert (second.code, second.out) == (0, "origin: 1 flag received, 2 flags sent\n")
    assert two.sandbox.gitmem("sync").out == "origin: nothing new on either side\n"


def test_json_has_the_ids_and_the_tip(server: Server, one: Desk) -> None:
    mine = one.flag("mine")

    done = one.sandbox.gitmem("sync", "--json")

    assert json.loads(done.out) == {
        "remote": "origin",
        "received": [],
        "sent": [mine],
        "pruned": [],
        "queue": server.tip(),
        "pushes": 1,
        "backups": [],
        "aside": [],
    }


def test_a_dry_run_says_the_same_and_writes_nothing(server: Server, one: Desk) -> None:
    two = server.clone("two")
    two.flag("yours")
    two.sandbox.gitmem("sync")
    one.flag("mine")
    before = one.sandbox.git("for-each-ref"), server.tip()

    done = one.sandbox.gitmem("sync", "--dry-run")

    assert done.out.splitlines() == [
        "origin: 1 flag would be received, 1 flag would be sent",
        "nothing was written",
    ]
    assert (one.sandbox.git("for-each-ref"), server.tip()) == before


def test_a_dry_run_tells_a_rewritten_queue(server: Server, one: Desk) -> None:
    one.flag("mine")
    one.sandbox.gitmem("sync")
    server.bare.git("update-ref", "-d", "refs/heads/gitmem/queue")

    done = one.sandbox.gitmem("sync", "--dry-run")

    assert "rewritten" in done.err


def test_a_dry_run_without_the_target_says_what_a_sync_would_do(server: Server, one: Desk) -> None:
    one.flag("mine")
    server.bare.git("branch", "other", "main")
    server.bare.git("update-ref", "-d", "refs/heads/main")
    one.sandbox.git("fetch", "--quiet", "--prune")

    done = one.sandbox.gitmem("sync", "--dry-run")

    assert (done.code, done.out.splitlines()[0]) == (0, "origin: 1 flag would be sent")
    assert "nothing would be pruned: the target branch main" in done.err


def test_what_did_not_get_through_is_said_to_be_safe_here(server: Server, one: Desk) -> None:
    one.flag("mine")
    server.decline(100)

    declined = one.sandbox.gitmem("sync")
    one.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/gone")
    offline = one.sandbox.gitmem("sync")

    for done in (declined, offline):
        assert done.code == 5
        assert done.err.endswith("; until then the flags are safe in this clone\n")
    assert "127.0.0.1[0: 127.0.0.1]: errno=Connection refused" in offline.err


def test_without_a_remote_it_is_5_with_a_hint(one: Desk) -> None:
    one.flag("mine")
    one.sandbox.git("remote", "remove", "origin")

    done = one.sandbox.gitmem("sync")

    assert done.code == 5
    assert done.err.startswith("gitmem: this repository has no remote\nhint: git remote add")


def test_what_to_do_with_a_rewritten_queue_is_a_person_s_decision(
    server: Server, one: Desk
) -> None:
    one.flag("mine")
    one.sandbox.gitmem("sync")
    server.bare.git("update-ref", "-d", "refs/heads/gitmem/queue")

    stopped = one.sandbox.gitmem("sync")
    inside = one.sandbox.gitmem("sync", "--rewritten", "keep", env={"CLAUDECODE": "1"})
    decided = one.sandbox.gitmem("sync", "--rewritten", "keep")

    assert stopped.code == 8
    assert "refs/gitmem/backup/" in stopped.err
    assert inside.code == 4
    assert decided.code == 0
    assert "backup of the queue before: refs/gitmem/backup/" in decided.out
    assert len(ids_on_branch(server.bare)) == 1


def test_words_of_the_server_cannot_command_a_terminal_or_a_build_machine(
    server: Server, one: Desk
) -> None:
    one.flag("mine")
    script = "#!/bin/sh\nprintf '\\033]0;evil\\007 ##[error]x\\n::error::y\\n' >&2\nexit 1\n"
    server.hook("pre-receive", script)

    done = one.sandbox.gitmem("sync")

    assert done.code == 5
    assert "\x1b" not in done.err
    assert "##[" not in done.err
    assert not [line for line in done.err.splitlines() if line.lstrip().startswith("::")]


def test_a_terminal_shows_git_s_progress_and_not_its_verdicts(server: Server, one: Desk) -> None:
    """The queue is not there yet, which git calls fatal; the server is slow and says so."""
    one.flag("mine")
    server.hook("pre-receive", "#!/bin/sh\necho 'one moment' >&2\n")
    leader, follower = pty.openpty()

    done = subprocess.run([GITMEM, "sync"], cwd=one.sandbox.path, stderr=follower, check=True)

    os.close(follower)
    shown = os.read(leader, 65_536).decode()
    os.close(leader)
    assert done.returncode == 0
    assert "Writing objects: 100%" in shown
    assert "remote: one moment" in shown
    assert "fatal" not in shown
    assert "refs/heads/gitmem/queue" not in shown


def test_an_interrupted_repository_without_a_commit_syncs_as_well(
    server: Server, one: Desk
) -> None:
    one.sandbox.git("checkout", "--quiet", "--orphan", "new")

    mine = one.flag("on an unborn branch")

    assert one.sandbox.gitmem("sync").code == 0
    assert ids_on_branch(server.bare) == [mine]


@pytest.mark.parametrize("options", [("--depth=1",), ("--single-branch",), ("--bare",)])
def test_a_clone_that_does_not_fetch_the_queue_says_that_it_does_not_know_what_waits(
    server: Server, one: Desk, options: tuple[str, ...]
) -> None:
    one.flag("mine")
    one.sandbox.gitmem("sync")
    path = server.bare.path.with_name("other")
    server.bare.git("clone", "--quiet", *options, server.url, str(path))
    other = Sandbox(path)
    if "--bare" in options:
        other.git("update-ref", "-d", "refs/heads/gitmem/queue")
        other.git("worktree", "add", "--quiet", str(path.with_name("tree")), "main")
        other = Sandbox(path.with_name("tree"))

    status, log, close = (other.gitmem(name) for name in ("status", "log", "close"))
    told = json.loads(other.gitmem("status", "--json").out)
    failed = other.gitmem("check")
    other.gitmem("sync")
    later = other.gitmem("status")

    said = "this clone does not fetch the queue of origin, so what waits there is not known"
    assert said in status.out
    assert "drained" not in status.out
    assert said in log.out
    assert said in close.err
    assert told["remote_queue"] == "not asked"
    assert failed.code == 1
    assert "1 flag undrained" in failed.out
    assert "1 undrained" in later.out
    assert said not in later.out


def test_a_clone_of_everything_knows_that_nothing_waits(one: Desk) -> None:
    status = one.sandbox.gitmem("status")

    assert "everything is drained into origin/main" in status.out
    assert "remote_queue" not in json.loads(one.sandbox.gitmem("status", "--json").out)

"""A queue or a target of a shape that somebody made on purpose costs nobody a flag, the memory or the day."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.git.repository import BRANCH
from tests.support import hostile
from tests.support.cost import cost
from tests.support.sandbox import Sandbox
from tests.support.server import Server

MB = 300  # what no command may need because of others (docs/promises.md, P33)


def nested(remote: Sandbox) -> None:
    remote.git("update-ref", BRANCH, hostile.nested(remote, "queue"))


def nested_deeper(remote: Sandbox) -> None:
    remote.git("update-ref", BRANCH, hostile.nested(remote, "queue/sealed"))


def junk(remote: Sandbox) -> None:
    hostile.files(remote, hostile.junk())


def many(remote: Sandbox) -> None:
    hostile.files(remote, hostile.many(8200))


def flood(remote: Sandbox) -> None:
    hostile.files(remote, hostile.flood(52_000))


def zeros(remote: Sandbox) -> None:
    hostile.files(remote, hostile.huge(8 << 20))


QUEUES: dict[str, tuple[Callable[[Sandbox], None], str]] = {
    "nested": (nested, "not a plain file"),
    "nested deeper": (nested_deeper, "not a plain file"),
    "junk": (junk, "more than the 4,096 lines"),
    "many": (many, "more than the 8192 files"),
    "flood": (flood, "or 50,000 lines"),
    "zeros": (zeros, "larger than any file"),
}


@pytest.fixture
def mine(server: Server, sandbox: Sandbox) -> Sandbox:
    """A clone that has flagged something before the shape is met."""
    sandbox.git("remote", "add", "origin", server.url)
    sandbox.git("fetch", "--quiet", "origin")
    sandbox.git("reset", "--quiet", "--hard", "origin/main")
    sandbox.git("branch", "--quiet", "--set-upstream-to", "origin/main")
    assert sandbox.gitmem("flag", "mine before").code == 0
    return sandbox


def lines(where: Sandbox) -> str:
    """All lines of the queue's files, without a look at what is nested deeper."""
    rows = where.git("ls-tree", BRANCH, "queue/", "queue/sealed/").splitlines()
    oids = [row.split()[2] for row in rows if row.endswith(".jsonl")]
    return where.git("cat-file", "--batch", input="".join(f"{oid}\n" for oid in oids))


@pytest.mark.parametrize("name", QUEUES)
def test_a_hostile_queue_is_set_aside_and_named_and_the_flags_are_saved(
    server: Server, mine: Sandbox, name: str
) -> None:
    shape, reason = QUEUES[name]
    shape(server.bare)

    met = cost(mine, ["sync"])
    flagged = mine.gitmem("flag", "mine after")
    again = cost(mine, ["sync"])

    for took in (met, again):
        assert took.code == 8, took.said
        assert reason in took.said
        assert took.memory < MB
    assert flagged.code == 0
    for where in (mine, server.bare):
        held = lines(where)
        assert "mine before" in held
        assert "mine after" in held


@pytest.mark.parametrize("command", ["status", "log", "check"])
def test_whoever_looks_at_the_queue_is_told_what_was_set_aside(
    server: Server, mine: Sandbox, command: str
) -> None:
    nested(server.bare)
    mine.gitmem("sync")

    told = mine.gitmem(command)

    assert told.code == (1 if command == "check" else 8)
    assert "set aside, unread: gitmem/queue" not in told.err
    assert "gitmem/queue: set aside, unread: queue/0, queue/1, queue/2 and 7 more" in told.err


def test_a_boot_says_what_was_set_aside(server: Server, mine: Sandbox) -> None:
    nested(server.bare)
    mine.gitmem("sync")
    said = mine.gitmem("hook", "claude-code", "SessionStart", input=payload(mine))

    assert said.code == 0
    assert "set aside, unread: queue/0" in json.loads(said.out)["systemMessage"]


def test_a_close_files_what_it_can_read_and_leaves_the_rest_on_the_branch(
    server: Server, mine: Sandbox
) -> None:
    nested(server.bare)
    mine.gitmem("sync")

    closed = cost(mine, ["close", "--engine", "verbatim"])
    accepted = mine.gitmem("accept")
    mine.git("push", "--quiet")
    after = cost(mine, ["sync"])

    assert closed.code == 8, closed.said
    assert "set aside, unread: queue/0" in closed.said
    assert accepted.code == 0, accepted.err
    assert "mine before" in mine.read("memory/facts.md")
    assert after.code == 8
    assert mine.git("ls-tree", "--name-only", BRANCH, "queue/").splitlines() == [
        f"queue/{number}" for number in range(10)
    ]


@pytest.mark.parametrize("command", [["close", "--engine", "verbatim"], ["loops"]])
def test_a_target_whose_files_have_no_end_is_refused_and_the_flag_stays(
    server: Server, mine: Sandbox, command: list[str]
) -> None:
    server.bare.git("update-ref", "refs/heads/main", hostile.nested(server.bare, ".gitmem/drains"))
    mine.git("fetch", "--quiet")

    took = cost(mine, command)

    assert took.code == 8, took.said
    assert "is too large to read" in took.said
    assert took.memory < MB
    assert "mine before" in lines(mine)


def payload(sandbox: Sandbox, **more: str) -> str:
    return json.dumps(
        {
            "session_id": "s1",
            "cwd": str(sandbox.path),
            "hook_event_name": "SessionStart",
            "source": "startup",
            **more,
        }
    )


def test_a_transcript_row_longer_than_any_costs_a_boot_and_an_audit_no_memory(
    sandbox: Sandbox,
) -> None:
    assert sandbox.gitmem("init").code == 0
    slug = "".join(letter if letter.isalnum() else "-" for letter in str(sandbox.path))
    folder = Path(os.environ["HOME"]) / ".claude" / "projects" / slug
    folder.mkdir(parents=True)
    transcript = folder / "s0.jsonl"
    hostile.transcript_row(transcript, 1000)
    long_ago = 86_400
    os.utime(transcript, (transcript.stat().st_mtime - long_ago,) * 2)
    start = payload(sandbox, transcript_path=str(transcript))
    commands = [(["hook", "claude-code", "SessionStart"], start), (["audit"], "")]
    usual = [cost(sandbox, command, given) for command, given in commands]

    hostile.transcript_row(transcript)
    met = [cost(sandbox, command, given) for command, given in commands]

    for before, after in zip(usual, met, strict=True):
        assert after.code == before.code, after.said
        # A part of the 60 MB row: what is longer than any row is not kept.
        assert after.memory < before.memory + 40


# What of a boot does not end: the first look at what is in the repository, a later one, git's first start.
SLOW = {"a tree": "ls-tree", "the flags": "cat-file", "the repository": "rev-parse"}


@pytest.mark.parametrize("what", SLOW)
def test_a_boot_whose_time_runs_out_says_so(mine: Sandbox, tmp_path: Path, what: str) -> None:
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(
        f'#!/bin/sh\ncase " $* " in *" {SLOW[what]} "*) exec sleep 600 ;; esac\n'
        f'exec {shutil.which("git")} "$@"\n',
        encoding="utf-8",
    )
    git.chmod(0o755)

    said = mine.gitmem(
        "hook",
        "claude-code",
        "SessionStart",
        input=payload(mine),
        env={"PATH": f"{git.parent}:{os.environ['PATH']}"},
    )

    assert said.code == 0
    told = json.loads(said.out)["systemMessage"]
    assert "cannot tell what waits: the look at the queue took too long" in told
    assert "gitmem status" in told


def test_records_of_any_size_on_the_target_are_read_within_bounds(
    server: Server, mine: Sandbox
) -> None:
    tip = server.bare.git("rev-parse", "main")
    hostile.files(server.bare, hostile.records(32 << 20), ref="refs/heads/main", parent=tip)
    mine.git("pull", "--quiet")

    for command in (["status"], ["check"], ["loops"], ["check", "--trace"]):
        took = cost(mine, command)
        assert took.code in {0, 1, 8}, took.said
        assert took.memory < MB, command

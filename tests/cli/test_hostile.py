"""A queue or a target of a shape that somebody made on purpose costs nobody a flag, the memory or the day."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from gitmem.store.repository import BRANCH
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
    "nested": (nested, "no plain file"),
    "nested deeper": (nested_deeper, "no plain file"),
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
    payload = {
        "session_id": "s1",
        "cwd": str(mine.path),
        "hook_event_name": "SessionStart",
        "source": "startup",
    }

    said = mine.gitmem("hook", "claude-code", "SessionStart", input=json.dumps(payload))

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

"""A queue branch damaged from outside: the next command sets it aside, rebuilds it, and says so."""

from __future__ import annotations

import json

import pytest

from tests.support.sandbox import Sandbox


def blob_of_the_first_file(sandbox: Sandbox) -> str:
    entries = sandbox.git("ls-tree", "-r", "gitmem/queue", "queue/").splitlines()
    return entries[0].split()[2]


def loose(sandbox: Sandbox, oid: str) -> str:
    return f".git/objects/{oid[:2]}/{oid[2:]}"


@pytest.mark.parametrize("command", ["status", "close"])
def test_a_missing_blob_of_the_queue_is_rebuilt_from_the_journal_and_said(
    sandbox: Sandbox, command: str
) -> None:
    sandbox.gitmem("flag", "the first")
    sandbox.gitmem("flag", "the second")
    (sandbox.path / loose(sandbox, blob_of_the_first_file(sandbox))).unlink()

    answer = sandbox.gitmem(command)

    assert answer.code == 0, answer.err
    assert "set aside" in answer.err
    assert "the first" in sandbox.gitmem("log").out
    assert len(list((sandbox.path / ".git/gitmem/damaged").iterdir())) >= 1


def test_a_check_cannot_tell_what_a_damaged_queue_holds_and_leaves_it_alone(
    sandbox: Sandbox,
) -> None:
    sandbox.gitmem("flag", "the first")
    tip = sandbox.git("rev-parse", "gitmem/queue")
    (sandbox.path / loose(sandbox, blob_of_the_first_file(sandbox))).unlink()

    answer = sandbox.gitmem("check", "--json")

    assert answer.code == 5
    assert json.loads(answer.out)["cannot_tell"]
    assert sandbox.git("rev-parse", "gitmem/queue") == tip

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


def test_a_branch_named_gitmem_is_said_to_be_in_the_way_with_what_to_do(sandbox: Sandbox) -> None:
    sandbox.git("branch", "gitmem")

    flagged = sandbox.gitmem("flag", "a fact")
    closed = sandbox.gitmem("close", "--engine", "verbatim")

    assert flagged.code == 0
    assert "the branch gitmem is in the way of `gitmem/queue`: rename it" in flagged.err
    assert closed.code == 8
    assert "the branch gitmem is in the way of gitmem/drain" in closed.err
    sandbox.git("branch", "-m", "gitmem", "other")
    assert sandbox.gitmem("close", "--engine", "verbatim").code == 0


@pytest.mark.parametrize("folder", ["memory", ".gitmem"])
def test_a_folder_that_is_a_link_is_refused_by_whoever_writes_there(
    sandbox: Sandbox, folder: str
) -> None:
    sandbox.write("docs/there/x.md", "x\n")
    (sandbox.path / folder).symlink_to("docs/there")
    sandbox.git("add", "--all")
    sandbox.commit("link")

    assert sandbox.gitmem("flag", "a fact").code == 0
    for command in (["close", "--engine", "verbatim"], ["init"]):
        done = sandbox.gitmem(*command)
        assert done.code == 4, done.err
        assert "set `memory:` in .gitmem/config.yaml" in done.err
    for looks in ("status", "log", "review", "check", "loops", "stats"):
        assert sandbox.gitmem(looks).code in (0, 1, 5, 7), looks


@pytest.mark.parametrize("file", ["packed-refs", "index"])
def test_damaged_files_of_git_are_no_bug_of_gitmem(sandbox: Sandbox, file: str) -> None:
    sandbox.gitmem("flag", "a fact")
    (sandbox.path / ".git" / file).write_bytes(b"\0garbage\n")

    for command in (
        ["status"],
        ["close", "--engine", "verbatim"],
        ["check", "--offline"],
        ["init"],
    ):
        done = sandbox.gitmem(*command)
        assert done.code in (0, 1, 5, 8), (command, done.err)
        assert "Traceback" not in done.err
    (sandbox.path / ".git" / file).unlink()
    assert sandbox.gitmem("status").code == 0


def test_a_record_that_names_a_file_outside_breaks_no_check(sandbox: Sandbox) -> None:
    flag = json.dumps({"v": 1, "id": "a" * 12, "kind": "fact", "text": "x"})
    row = f'{{"id":"{"a" * 12}","outcome":"added","file":"../../etc/passwd","line":"root","flag":{flag}}}'
    header = '{"v":1,"drain":"20260101T000000Z-aaaaaa","flags":1}'
    sandbox.commit(
        "record", {".gitmem/drains/2026/20260101T000000Z-aaaaaa.jsonl": f"{header}\n{row}\n"}
    )

    for command in (
        ["check", "--offline"],
        ["check", "--trace"],
        ["check", "--stale"],
        ["log"],
        ["loops"],
    ):
        done = sandbox.gitmem(*command)
        assert (done.code, done.err) == (0, ""), command

"""Drained flags leave journal and branch, stay in the archive, and nothing else goes."""

from __future__ import annotations

import os

import pytest

from gitmem.git.repository import ARCHIVE, BRANCH
from gitmem.queue import contents
from gitmem.queue.fast_import import RefGuard
from gitmem.queue.prune import prune
from tests.support.queues import (
    folder_of,
    fsck,
    ids_in_journal,
    ids_on_branch,
    journal,
    keep,
    new_flag,
    publish,
    repository_of,
    subjects,
)
from tests.support.sandbox import Sandbox


def archived(sandbox: Sandbox) -> list[str]:
    return ids_on_branch(sandbox, ARCHIVE, "archive/")


def test_drained_flags_move_to_the_archive_and_the_rest_stays(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2) + keep(sandbox, 2)
    drained = [flags[0].id, flags[3].id]

    done = prune(repository_of(sandbox), drained)

    assert (sorted(done.ids), done.branch_gone, done.reason) == (sorted(drained), False, "")
    left = sorted([flags[1].id, flags[2].id])
    assert sorted(ids_on_branch(sandbox)) == left
    assert sorted(ids_in_journal(sandbox)) == left
    assert sorted(archived(sandbox)) == sorted(drained)
    assert subjects(sandbox)[-1] == "prune: 2 flags landed"
    assert fsck(sandbox) == ""


def test_when_nothing_is_left_the_branch_is_gone_and_its_history_kept(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 130)
    tip = sandbox.git("rev-parse", BRANCH)

    done = prune(repository_of(sandbox), {flag.id for flag in flags})

    assert done.branch_gone
    assert ids_on_branch(sandbox) == []
    assert ids_in_journal(sandbox) == []
    assert len(archived(sandbox)) == 130
    sandbox.git("merge-base", "--is-ancestor", tip, ARCHIVE)
    assert sandbox.git("ls-tree", "--name-only", ARCHIVE) == "archive"


def test_a_flag_made_meanwhile_keeps_the_branch(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2)
    late = new_flag("late")
    journal(sandbox, [late])

    done = prune(repository_of(sandbox), {flag.id for flag in flags})
    assert done.branch_gone
    assert ids_in_journal(sandbox) == [late.id]
    assert publish(sandbox).ids == {late.id}
    assert ids_on_branch(sandbox) == [late.id]


def test_a_second_prune_changes_nothing(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 3)
    repo = repository_of(sandbox)
    prune(repo, [flags[0].id])
    refs = sandbox.git("for-each-ref")

    again = prune(repo, [flags[0].id])

    assert (again.ids, again.branch_gone, again.reason) == ([], False, "")
    assert sandbox.git("for-each-ref") == refs


def test_archives_of_several_landings_add_up(sandbox: Sandbox) -> None:
    first, second = keep(sandbox, 2), keep(sandbox, 2)
    prune(repository_of(sandbox), {flag.id for flag in first})
    tip = sandbox.git("rev-parse", BRANCH)
    prune(repository_of(sandbox), {flag.id for flag in second})

    assert sorted(archived(sandbox)) == sorted(flag.id for flag in first + second)
    assert len(sandbox.git("ls-tree", "-r", "--name-only", ARCHIVE).splitlines()) == 2
    sandbox.git("merge-base", "--is-ancestor", tip, ARCHIVE)


def test_the_archived_line_is_the_one_that_was_captured(sandbox: Sandbox) -> None:
    flag = new_flag("with a later field")
    line = flag.line[:-1] + ',"mood":"calm"}'
    found = journal(sandbox, [])
    found.append([line])
    publish(sandbox)

    prune(repository_of(sandbox), [flag.id])

    assert contents.read_queue(repository_of(sandbox)).archive.flags[flag.id].line == line


def test_a_line_only_a_newer_gitmem_understands_stays_until_it_is_drained(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 1)
    newer = new_flag("from the future")
    line = newer.line.replace('"v":1', '"v":2')
    journal(sandbox, []).append([line])
    repo = repository_of(sandbox)

    prune(repo, [flags[0].id])
    assert ids_in_journal(sandbox) == [newer.id]

    prune(repo, [newer.id])
    assert ids_in_journal(sandbox) == []
    assert newer.id in archived(sandbox)


def test_a_torn_record_is_put_aside_when_the_journal_is_rewritten(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2)
    with (folder_of(sandbox) / "journal").open("ab") as file:
        file.write(b'\n{"v":1,"id":"to')
    flags += keep(sandbox, 1)

    prune(repository_of(sandbox), [flags[0].id])

    assert sorted(ids_in_journal(sandbox)) == sorted(flag.id for flag in flags[1:])
    kept = [path.read_bytes() for path in (folder_of(sandbox) / "damaged").iterdir()]
    assert kept == [b'{"v":1,"id":"to\n']


@pytest.mark.parametrize("noisy", ["queue/aaaaaaaa-000001.jsonl", "queue/x"])
def test_damaged_lines_of_the_branch_stay_where_they_are(sandbox: Sandbox, noisy: str) -> None:
    flags = keep(sandbox, 1)
    keep(sandbox, 1)
    index = {"GIT_INDEX_FILE": str(sandbox.path / ".git" / "scratch")}
    sandbox.git("read-tree", BRANCH, env=index)
    blob = sandbox.git("hash-object", "-w", "--stdin", input="<<<<<<< noise\n")
    sandbox.git("update-index", "--add", "--cacheinfo", f"100644,{blob},{noisy}", env=index)
    commit = sandbox.git(
        "commit-tree", sandbox.git("write-tree", env=index), "-p", BRANCH, "-m", "m"
    )
    sandbox.git("update-ref", BRANCH, commit)

    prune(repository_of(sandbox), [*ids_in_journal(sandbox), flags[0].id])

    assert sandbox.git("show", f"{BRANCH}:{noisy}") == "<<<<<<< noise"
    assert ids_on_branch(sandbox) == []


def test_nothing_is_done_where_nothing_was_flagged(sandbox: Sandbox) -> None:
    done = prune(repository_of(sandbox), ["abcdefgh2345"])

    assert (done.ids, done.branch_gone, done.reason) == ([], False, "")
    assert not folder_of(sandbox).exists()


def test_a_publisher_at_work_is_waited_for(
    sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    flags = keep(sandbox, 1)
    monkeypatch.setattr("gitmem.queue.prune._WAIT", 0.05)
    guard = RefGuard(repository_of(sandbox))
    assert guard.attempt()

    assert prune(repository_of(sandbox), [flags[0].id]).reason == "another gitmem is publishing"
    guard.release()
    assert prune(repository_of(sandbox), [flags[0].id]).branch_gone


def test_a_hook_that_rejects_stops_the_prune_before_anything_is_taken_away(
    sandbox: Sandbox,
) -> None:
    flags = keep(sandbox, 2)
    hook = sandbox.write(".git/hooks/reference-transaction", "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    done = prune(repository_of(sandbox), [flags[0].id])

    assert "archive was not written" in done.reason
    assert done.ids == []
    assert len(ids_in_journal(sandbox)) == len(ids_on_branch(sandbox)) == 2
    hook.unlink()
    assert prune(repository_of(sandbox), [flags[0].id]).reason == ""


def test_locks_left_by_a_killed_prune_are_removed(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2)
    (folder_of(sandbox) / "publish.lock").write_bytes(b"1\n")
    for ref in (BRANCH, ARCHIVE):
        lock = sandbox.path / ".git" / f"{ref}.lock"
        lock.parent.mkdir(parents=True, exist_ok=True)
        lock.touch()

    assert prune(repository_of(sandbox), {flag.id for flag in flags}).branch_gone


def test_a_damaged_branch_is_left_for_the_publisher_to_rebuild(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 1)
    oid = sandbox.git("rev-parse", f"{BRANCH}^{{tree}}")
    os.unlink(sandbox.path / ".git" / "objects" / oid[:2] / oid[2:])  # noqa: PTH108

    assert "cannot be read" in prune(repository_of(sandbox), [flags[0].id]).reason
    assert ids_in_journal(sandbox) == [flags[0].id]

"""Somebody who can push the queue cannot replace a flag that somebody else made: two lines are a conflict."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.core.flag import make
from gitmem.sync.remote_queue import Rewritten
from gitmem.sync.sync import RewriteChoice, SyncRequest, SyncResult
from gitmem.sync.sync import sync as run_sync
from tests.support.desk import Desk
from tests.support.queues import ids_on_branch
from tests.support.sandbox import Sandbox
from tests.support.server import Server

TRUE, FALSE = "The build needs Java 21", "The build needs no tests"
SEALED = "queue/sealed/aaaaaaaa-000001.jsonl"


@pytest.fixture
def author(server: Server) -> Desk:
    return server.clone("author")


@pytest.fixture
def other(server: Server) -> Desk:
    return server.clone("other")


def sync(desk: Desk, rewritten: RewriteChoice = RewriteChoice.STOP) -> SyncResult:
    return run_sync(desk.repo, SyncRequest(configured=desk.target, rewritten=rewritten))


def false_line(flag_id: str) -> str:
    return make({"id": flag_id, "kind": "fact", "text": FALSE, "by": "Test Person"}).line


def mallory(server: Server) -> Sandbox:
    """A clone without gitmem that has the queue checked out."""
    path = server.bare.path.with_name("mallory")
    server.bare.git("clone", "--quiet", "--branch", "gitmem/queue", server.url, str(path))
    return Sandbox(path)


def pushed(box: Sandbox) -> None:
    box.git("add", "--all")
    box.git("commit", "--quiet", "--message", "wip")
    box.git("push", "--quiet", "origin", "HEAD:gitmem/queue")


def beside(box: Sandbox, flag_id: str) -> None:
    box.write(SEALED, false_line(flag_id) + "\n")


def in_place(box: Sandbox, flag_id: str) -> None:
    for file in (box.path / "queue").rglob("*.jsonl"):
        file.write_text(false_line(flag_id) + "\n", encoding="utf-8")


def unreadable(box: Sandbox, flag_id: str) -> None:
    """A line that only a newer version could read, under the same id."""
    for file in (box.path / "queue").rglob("*.jsonl"):
        file.write_text(f'{{"v":9,"id":"{flag_id}","what":"ever"}}\n', encoding="utf-8")


ATTACKS = (beside, in_place, unreadable)


def in_record(desk: Desk, ref: str) -> list[str]:
    """The texts of the flags in all records at a ref."""
    names = desk.sandbox.git("ls-tree", "-r", "--name-only", ref, ".gitmem/drains/").splitlines()
    rows = [row for name in names for row in desk.sandbox.git("show", f"{ref}:{name}").splitlines()]
    flags = [json.loads(row).get("flag") for row in rows]
    return [flag["text"] for flag in flags if isinstance(flag, dict)]


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_another_text_under_an_acknowledged_id_stops_the_sync_and_both_are_shown(
    server: Server, author: Desk, other: Desk, attack: Callable[[Sandbox, str], None]
) -> None:
    flag = author.flag(TRUE)
    sync(author)
    sync(other)
    before = author.head("gitmem/queue")
    box = mallory(server)
    attack(box, flag)
    pushed(box)

    for desk in (author, other):
        stopped = desk.sandbox.gitmem("sync")

        assert stopped.code == 8
        assert TRUE in stopped.err
        assert ("what" if attack is unreadable else FALSE) in stopped.err
        kept = desk.sandbox.git("for-each-ref", "--format=%(objectname)", "refs/gitmem/backup/")
        assert {before, server.tip()} <= {*kept.splitlines()}
        assert desk.head("gitmem/queue") == before
    told = author.sandbox.gitmem("sync", "--dry-run")
    assert "a sync would stop" in told.err
    checked = author.sandbox.gitmem("check")
    assert checked.code == (1 if attack is unreadable else 8)
    assert TRUE in checked.out


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_the_clone_that_made_the_flag_brings_it_back_and_the_record_keeps_its_text(
    server: Server, author: Desk, other: Desk, attack: Callable[[Sandbox, str], None]
) -> None:
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    attack(box, flag)
    pushed(box)

    author.land()  # before anybody has settled it
    assert in_record(author, "main") == [TRUE]
    done = sync(author, RewriteChoice.KEEP)
    assert ids_on_branch(server.bare) == [flag]
    assert done.tip == server.tip()
    assert sync(other).received == (flag,)
    assert other.states()["undrained"] == [TRUE]

    author.sandbox.git("push", "--quiet", "origin", "main")
    assert sync(author).pruned == (flag,)
    assert ids_on_branch(server.bare) == []
    assert author.check().conflicts == ()


def test_a_person_may_take_the_other_line(server: Server, author: Desk) -> None:
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    in_place(box, flag)
    pushed(box)

    sync(author, RewriteChoice.TAKE)

    assert author.states()["undrained"] == [FALSE]
    assert author.check().conflicts == ()
    assert sync(author).tries == 0


def test_a_fetch_by_hand_shows_the_conflict_and_files_only_what_was_acknowledged_here(
    server: Server, author: Desk, other: Desk
) -> None:
    """The remote-tracking branch has both lines; nothing of it was taken in."""
    flag = author.flag(TRUE)
    sync(author)
    sync(other)
    second = author.flag("another fact")
    sync(author)
    box = mallory(server)
    beside(box, flag)
    pushed(box)
    for desk in (author, other):
        desk.sandbox.git("fetch", "--quiet")

    log = author.sandbox.gitmem("log")
    status = author.sandbox.gitmem("status")
    closed = author.sandbox.gitmem("close")
    theirs = other.sandbox.gitmem("close")

    assert TRUE in log.out
    for said in (log.err, status.err, closed.err):
        assert FALSE in said
    assert "1 in conflict" in status.out
    assert closed.code == theirs.code == 8
    assert sorted(in_record(author, "gitmem/drain")) == sorted([TRUE, "another fact"])
    assert author.sandbox.gitmem("close").code == 8
    assert sorted(in_record(author, "gitmem/drain")) == sorted([TRUE, "another fact"])
    # Who made neither cannot know: that flag stays, the others do not wait for it.
    assert in_record(other, "gitmem/drain") == ["another fact"]
    assert flag in theirs.out
    assert second not in theirs.out.partition("left in the queue")[2]


def test_a_local_branch_that_has_the_other_line_does_not_change_what_was_acknowledged(
    server: Server, author: Desk
) -> None:
    """As an older gitmem, or a `git pull` of the branch, would have left it."""
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    in_place(box, flag)
    pushed(box)
    author.sandbox.git("fetch", "--quiet", "origin", "gitmem/queue:gitmem/queue")

    again = author.sandbox.gitmem("flag", "another fact")
    author.close()
    texts = in_record(author, "gitmem/drain")
    with pytest.raises(Rewritten, match="Java 21"):
        sync(author)

    assert FALSE in again.err
    assert sorted(texts) == sorted([TRUE, "another fact"])
    sync(author, RewriteChoice.KEEP)
    assert FALSE not in server.bare.git("grep", "-h", "text", "gitmem/queue")
    assert TRUE in server.bare.git("grep", "-h", "text", "gitmem/queue")


def test_a_record_with_another_text_leaves_the_acknowledged_flag_in_the_queue(
    server: Server, author: Desk, other: Desk
) -> None:
    """A clone that never saw the flag as it was made filed the false line, and it landed."""
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    in_place(box, flag)
    pushed(box)
    sync(other)
    other.land()
    other.sandbox.git("push", "--quiet", "origin", "main")
    author.sandbox.git("pull", "--quiet", "--ff-only")

    assert author.states()["undrained"] == [TRUE]
    assert author.check().conflicts != ()
    author.close()
    assert TRUE in in_record(author, "gitmem/drain")
    author.accept()
    author.sandbox.git("push", "--quiet", "origin", "main")
    sync(author, RewriteChoice.KEEP)
    assert sync(author).pruned == (flag,)
    assert author.states().get("undrained") is None
    assert author.check().conflicts == ()
    archived = author.sandbox.git("grep", "-h", "text", "refs/gitmem/archive", "--", "archive/")
    assert TRUE in archived


def test_a_review_with_another_text_is_not_accepted_where_the_flag_was_made(
    server: Server, author: Desk, other: Desk
) -> None:
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    in_place(box, flag)
    pushed(box)
    sync(other)
    other.close()
    other.sandbox.git("push", "--quiet", "origin", "gitmem/drain")
    author.sandbox.git("fetch", "--quiet", "origin", "gitmem/drain:gitmem/drain")

    refused = author.sandbox.gitmem("accept")
    author.close()
    accepted = author.sandbox.gitmem("accept")

    assert refused.code == 8
    assert TRUE in refused.err
    assert FALSE in refused.err
    assert accepted.code == 0, accepted.err
    assert in_record(author, "main") == [TRUE]


def test_a_flag_that_has_landed_does_not_come_back_with_another_text(
    server: Server, author: Desk, other: Desk
) -> None:
    flag = author.flag(TRUE)
    sync(author)
    author.land()
    author.sandbox.git("push", "--quiet", "origin", "main")
    sync(author)
    box = mallory(server)
    beside(box, flag)
    pushed(box)
    other.sandbox.git("pull", "--quiet", "--ff-only")

    for desk in (author, other):
        with pytest.raises(Rewritten, match="Java 21"):
            sync(desk)
    assert server.clone("fresh").sandbox.gitmem("check").code == 1
    sync(author, RewriteChoice.KEEP)
    assert ids_on_branch(server.bare) == []
    assert sync(other).received == ()


def test_a_clone_that_knows_neither_line_settles_nothing(
    server: Server, author: Desk, tmp_path: Path
) -> None:
    flag = author.flag(TRUE)
    sync(author)
    box = mallory(server)
    beside(box, flag)
    pushed(box)
    fresh = server.clone("fresh")

    for choice in RewriteChoice:
        with pytest.raises(Rewritten, match="two lines"):
            sync(fresh, choice)
    left = fresh.close()

    assert [one.id for one in left.left] == [flag]
    assert left.commit == ""
    sync(author, RewriteChoice.KEEP)
    assert sync(fresh).tip == server.tip()
    assert fresh.states()["undrained"] == [TRUE]

"""Sync: two clones and a real server hold the same flags afterwards, and nothing is lost on the way."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from gitmem.core.failures import NeedsPerson, Unreachable
from gitmem.git.network import Declined, NotReached
from gitmem.git.remotes import NoRemote
from gitmem.queue import contents
from gitmem.sync.remote_queue import Rewritten
from gitmem.sync.sync import RewriteChoice, SyncRequest, SyncResult, automatic
from gitmem.sync.sync import sync as run_sync
from tests.support import hostile
from tests.support.desk import Desk
from tests.support.queues import fsck, ids_in_journal, ids_on_branch, keep
from tests.support.sandbox import Sandbox
from tests.support.server import Server

QUEUE = "refs/heads/gitmem/queue"


@pytest.fixture
def one(server: Server) -> Desk:
    return server.clone("one")


@pytest.fixture
def two(server: Server) -> Desk:
    return server.clone("two")


def sync(desk: Desk, rewritten: RewriteChoice = RewriteChoice.STOP) -> SyncResult:
    return run_sync(desk.repo, SyncRequest(configured=desk.target, rewritten=rewritten))


def push_main(desk: Desk) -> None:
    desk.sandbox.git("push", "--quiet", "origin", "main")


def land(desk: Desk) -> None:
    """Drains what is queued, onto the server's main."""
    desk.sandbox.git("pull", "--quiet", "--ff-only")
    desk.land()
    push_main(desk)


def test_both_clones_hold_the_flags_of_both(server: Server, one: Desk, two: Desk) -> None:
    mine, yours = one.flag("mine"), two.flag("yours")

    assert sync(one).sent == (mine,)
    second = sync(two)
    third = sync(one)

    assert (second.received, second.sent) == ((mine,), (yours,))
    assert (third.received, third.sent, third.tries) == ((yours,), (), 0)
    for desk in (one, two):
        assert sorted(ids_on_branch(desk.sandbox)) == sorted([mine, yours])
        assert desk.head("gitmem/queue") == server.tip()
        assert fsck(desk.sandbox) == ""


def test_a_second_sync_changes_nothing(server: Server, one: Desk) -> None:
    one.flag("a fact")
    sync(one)
    before = one.sandbox.git("for-each-ref"), server.bare.git("for-each-ref")

    again = sync(one)

    assert (again.sent, again.received, again.pruned, again.tries) == ((), (), (), 0)
    assert (one.sandbox.git("for-each-ref"), server.bare.git("for-each-ref")) == before


def test_work_tree_index_and_branches_stay_as_they_are(one: Desk, two: Desk) -> None:
    two.flag("theirs")
    sync(two)
    one.sandbox.write("half-done.txt", "not committed\n")
    before = one.footprint()

    sync(one)

    assert one.footprint() == before


def test_the_next_flag_after_a_sync_is_published_the_short_way(one: Desk, two: Desk) -> None:
    two.flag("theirs")
    one.flag("mine")
    sync(two)
    sync(one)

    flag = one.flag("the next one")

    assert ids_on_branch(one.sandbox).count(flag) == 1
    assert one.sandbox.git("rev-parse", "gitmem/queue^") == one.head("origin/gitmem/queue")


def test_what_has_landed_is_taken_out_on_both_sides_and_the_remote_branch_is_emptied_not_deleted(
    server: Server, one: Desk, two: Desk
) -> None:
    first = one.flag("landed")
    sync(one)
    sync(two)
    land(one)

    done = sync(one)

    assert done.pruned == (first,)
    assert one.head("gitmem/queue") == ""
    assert server.tip() == one.head("origin/gitmem/queue") != ""
    assert ids_on_branch(server.bare) == []
    assert server.bare.git("ls-tree", "--name-only", QUEUE) == "README.md"
    later = sync(two)
    assert (later.pruned, later.tries) == ((), 0)
    assert two.head("gitmem/queue") == ""
    assert ids_on_branch(one.sandbox, "refs/gitmem/archive", "archive/") == [first]


def test_a_new_queue_starts_from_what_the_remote_holds(server: Server, one: Desk) -> None:
    one.flag("landed")
    sync(one)
    land(one)
    emptied = sync(one).tip

    new = one.flag("a new one")

    assert one.sandbox.git("rev-parse", "gitmem/queue^") == emptied
    assert sync(one).sent == (new,)
    assert server.tip() == one.head("gitmem/queue")


def test_a_flag_that_landed_elsewhere_is_pruned_here_though_only_the_remote_knows(
    one: Desk, two: Desk
) -> None:
    mine = one.flag("mine")
    sync(one)
    sync(two)
    land(two)
    sync(two)

    done = sync(one)

    assert done.pruned == (mine,)
    assert ids_in_journal(one.sandbox) == []
    assert one.states() == {}


def test_a_reverted_landing_brings_a_pruned_flag_back_to_the_remote(
    server: Server, one: Desk, two: Desk
) -> None:
    mine = one.flag("mine")
    sync(one)
    land(one)
    sync(one)
    one.sandbox.git("revert", "--no-edit", "HEAD")
    push_main(one)

    sync(one)
    sync(two)

    assert ids_on_branch(server.bare) == [mine]
    assert two.states()["undrained"] == ["mine"]


def taken_out(box: Sandbox) -> None:
    """A commit on the queue that takes every flag off it."""
    box.git("rm", "--quiet", "-r", "queue")
    box.git("commit", "--quiet", "--message", "away with it")


def test_a_flag_taken_out_at_the_remote_without_a_record_stops_the_sync_and_may_come_back(
    server: Server, one: Desk, two: Desk
) -> None:
    mine = one.flag("mine")
    sync(one)
    sync(two)
    two.sandbox.git("checkout", "--quiet", "gitmem/queue")
    taken_out(two.sandbox)
    two.sandbox.git("push", "--quiet", "origin", "gitmem/queue")

    with pytest.raises(Rewritten, match=f"without a record: {mine}; .* kept as refs/gitmem/backup"):
        sync(one)
    assert one.head("gitmem/queue") in one.sandbox.git(
        "for-each-ref", "--format=%(objectname)", "refs/gitmem/backup/"
    )
    sync(one, RewriteChoice.KEEP)

    assert ids_on_branch(server.bare) == [mine]
    assert sync(one).tries == 0


def test_a_flag_taken_out_at_the_remote_without_a_record_may_go_here_too(
    server: Server, one: Desk, two: Desk
) -> None:
    one.flag("mine")
    sync(one)
    sync(two)
    new = one.flag("a new one")
    two.sandbox.git("checkout", "--quiet", "gitmem/queue")
    taken_out(two.sandbox)
    two.sandbox.git("push", "--quiet", "origin", "gitmem/queue")

    sync(one, RewriteChoice.TAKE)

    assert ids_on_branch(server.bare) == [new]
    assert one.states()["undrained"] == ["a new one"]


def test_a_work_tree_that_has_the_queue_checked_out_costs_no_other_machine_its_flags(
    server: Server, one: Desk, two: Desk, tmp_path: Path
) -> None:
    """The branch does not move under it, so a commit there takes nothing back."""
    one.flag("mine")
    sync(one)
    tree = Sandbox(tmp_path / "q")
    one.sandbox.git("worktree", "add", "--quiet", str(tree.path), "gitmem/queue")
    before = one.head("gitmem/queue")
    yours = two.flag("yours")
    sync(two)

    with pytest.raises(NeedsPerson, match=r"is checked out in .*/q, and a commit there"):
        sync(one)
    later = one.sandbox.gitmem("flag", "later")
    assert later.code == 0
    assert "checked out in" in later.err + later.out
    assert one.head("gitmem/queue") == before
    tree.write("README.md", "mine\n")
    tree.git("commit", "--quiet", "--all", "--message", "wip")
    with pytest.raises(NeedsPerson):
        sync(one)
    tree.git("checkout", "--quiet", "--detach")
    sync(one)

    assert yours in ids_on_branch(server.bare)
    assert len(ids_on_branch(server.bare)) == 3
    assert sorted(one.states()["undrained"]) == ["later", "mine", "yours"]


@pytest.mark.parametrize("choice", [RewriteChoice.KEEP, RewriteChoice.TAKE])
def test_flags_of_others_that_a_commit_here_took_off_the_queue_stay_at_the_remote(
    server: Server, one: Desk, two: Desk, choice: RewriteChoice
) -> None:
    yours = two.flag("yours")
    sync(two)
    mine = one.flag("mine")
    sync(one)
    one.sandbox.git("checkout", "--quiet", "gitmem/queue")
    taken_out(one.sandbox)
    lost = one.head("gitmem/queue")
    one.sandbox.git("checkout", "--quiet", "main")

    with pytest.raises(Rewritten, match=f"in this clone without a record: {yours}"):
        sync(one)
    assert sorted(ids_on_branch(server.bare)) == sorted([mine, yours])
    sync(one, choice)

    assert sorted(ids_on_branch(server.bare)) == sorted([mine, yours])
    assert sorted(ids_on_branch(one.sandbox)) == sorted([mine, yours])
    kept = one.sandbox.git("for-each-ref", "--contains", lost, "refs/gitmem/backup/")
    assert kept != ""


def test_a_flag_that_an_amended_commit_took_off_the_branch_goes_to_the_remote_all_the_same(
    server: Server, one: Desk
) -> None:
    """The commit's own word of what it covers is not believed where the branch says otherwise."""
    first, second = one.flag("first"), one.flag("second")
    one.sandbox.git("checkout", "--quiet", "gitmem/queue")
    one.sandbox.git("rm", "--quiet", "-r", "queue")
    one.sandbox.git("commit", "--quiet", "--amend", "--no-edit")
    one.sandbox.git("checkout", "--quiet", "main")

    sync(one)

    assert sorted(ids_on_branch(server.bare)) == sorted([first, second])


def test_a_landing_that_was_pruned_there_and_reverted_since_is_no_rewritten_queue(
    server: Server, one: Desk, two: Desk
) -> None:
    mine = one.flag("mine")
    sync(one)
    sync(two)
    land(one)
    sync(one)
    one.sandbox.git("revert", "--no-edit", "HEAD")
    push_main(one)

    sync(two)

    assert ids_on_branch(server.bare) == [mine]


def test_a_stale_view_of_the_target_is_refreshed_so_that_nothing_drained_comes_back(
    server: Server, one: Desk, two: Desk
) -> None:
    one.flag("landed")
    sync(one)
    sync(two)
    land(one)
    sync(one)
    other = two.flag("another")

    sync(two)  # it has not fetched main since

    assert ids_on_branch(server.bare) == [other]
    assert ids_on_branch(two.sandbox) == [other]


@pytest.mark.parametrize("count", [300])
def test_sealed_files_of_many_flags_unite_without_a_line_twice(
    server: Server, one: Desk, two: Desk, count: int
) -> None:
    made = [flag.id for flag in keep(one.sandbox, count, "mine")]
    sync(one)
    made += [flag.id for flag in keep(two.sandbox, count, "yours")]
    sync(two)
    made += [flag.id for flag in keep(one.sandbox, count, "more")]
    sync(one)
    sync(two)

    for sandbox in (one.sandbox, two.sandbox, server.bare):
        assert sorted(ids_on_branch(sandbox)) == sorted(made)


def test_one_fresh_clone_without_any_flag_receives_the_queue(one: Desk, server: Server) -> None:
    mine = one.flag("mine")
    sync(one)
    late = server.clone("late", "--single-branch")

    done = sync(late)

    assert done.received == (mine,)
    assert late.states()["undrained"] == ["mine"]


def test_a_shallow_clone_gives_and_takes(server: Server, one: Desk) -> None:
    first = one.flag("mine")
    sync(one)
    shallow = server.clone("shallow", "--depth", "1", "--no-single-branch")
    second, third = one.flag("more"), shallow.flag("shallow")
    sync(one)

    done = sync(shallow)

    assert (done.received, done.sent) == ((second,), (third,))
    assert sorted(ids_on_branch(server.bare)) == sorted([first, second, third])
    assert shallow.sandbox.git("rev-parse", "--is-shallow-repository") == "true"


def test_a_queue_that_was_fetched_at_depth_1_again_is_not_taken_for_rewritten(
    server: Server, one: Desk
) -> None:
    one.flag("mine")
    sync(one)
    shallow = server.clone("shallow", "--depth", "1", "--no-single-branch")
    sync(shallow)
    for number in range(3):
        one.flag(f"more {number}")
    sync(one)
    shallow.sandbox.git(
        "fetch", "--quiet", "--depth", "1", "origin",
        "+refs/heads/gitmem/queue:refs/remotes/origin/gitmem/queue",
    )  # fmt: skip

    sync(shallow)

    assert sorted(shallow.states()["undrained"]) == ["mine", "more 0", "more 1", "more 2"]


def test_without_a_target_in_the_clone_flags_are_shared_and_nothing_is_pruned(
    server: Server, one: Desk
) -> None:
    mine = one.flag("mine")
    lost = Desk(sandbox=one.sandbox, target="elsewhere")

    done = sync(lost)

    assert done.sent == (mine,)
    assert any("nothing was pruned" in note for note in done.notes)


def test_a_target_that_is_gone_at_the_remote_is_said_and_stops_nothing(
    server: Server, one: Desk
) -> None:
    mine = one.flag("mine")
    server.bare.git("update-ref", "-d", "refs/heads/main")

    done = sync(one)

    assert done.sent == (mine,)
    assert "the target branch main is not at origin" in done.notes


# ---------------------------------------------------------------- what goes wrong


def test_a_declined_push_is_said_with_the_server_s_words_and_the_flags_stay(
    server: Server, one: Desk
) -> None:
    mine = one.flag("mine")
    tries = server.bare.path / "tries"
    server.hook("pre-receive", f"#!/bin/sh\necho x >> {tries}\necho 'house rules' >&2\nexit 1\n")

    with pytest.raises(Declined, match=r"pre-receive hook declined.*house rules") as raised:
        sync(one)

    assert raised.value.exit_code == 5
    assert ids_on_branch(one.sandbox) == [mine]
    assert len(tries.read_text().split()) == 5
    (server.bare.path / "hooks" / "pre-receive").unlink()
    assert sync(one).sent == (mine,)


def test_a_protected_branch_says_what_to_except(server: Server, one: Desk) -> None:
    one.flag("mine")
    tries = server.bare.path / "tries"
    server.hook(
        "pre-receive",
        f"#!/bin/sh\necho x >> {tries}\necho 'GH006: Protected branch update failed' >&2\nexit 1\n",
    )

    with pytest.raises(Declined) as raised:
        sync(one)

    assert "branch protection" in raised.value.hint
    assert len(tries.read_text().split()) == 1


def test_push_options_of_the_person_s_own_do_not_go_along(server: Server, one: Desk) -> None:
    """A server that does not take options would refuse the push; another might open a review."""
    one.sandbox.git("config", "push.pushOption", "merge_request.create")
    mine = one.flag("mine")

    assert sync(one).sent == (mine,)


def test_the_person_s_own_pre_push_hook_is_obeyed_and_named(server: Server, one: Desk) -> None:
    one.flag("mine")
    hook = one.sandbox.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(Declined, match="pre-push"):
        sync(one)

    assert server.tip() == ""


@pytest.mark.parametrize("first", ["#!/bin/sh\r", "#!/usr/bin", "#! sh"])
def test_a_hook_that_the_kernel_cannot_start_is_named_and_not_waited_for(
    one: Desk, first: str
) -> None:
    """With Windows' line ends, a folder, or no path at all in its first line."""
    one.flag("mine")
    hook = one.sandbox.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_bytes(f"{first}\nexit 0\n".encode())
    hook.chmod(0o755)

    with pytest.raises(Declined, match="cannot be started"):
        sync(one)


@pytest.mark.parametrize("first", ["#!/no/such/shell", "#! /no/such/env node -x"])
def test_a_hook_whose_interpreter_is_missing_is_named_and_not_waited_for(
    server: Server, one: Desk, first: str
) -> None:
    """git 2.39 says that it cannot run such a hook, and then waits for ever."""
    one.flag("mine")
    hook = one.sandbox.path / ".git/hooks/pre-push"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"{first}\nexit 0\n")
    hook.chmod(0o755)

    with pytest.raises(Declined, match="cannot be started: there is no program '/no/such/"):
        sync(one)

    assert server.tip() == ""


def test_a_branch_at_the_remote_that_takes_the_queue_s_place_is_named(
    server: Server, one: Desk
) -> None:
    one.flag("mine")
    server.bare.git("branch", "gitmem", "main")

    with pytest.raises(
        Declined, match="origin has a branch gitmem, so it cannot have gitmem/queue"
    ):
        sync(one)


def test_a_branch_below_the_queue_s_name_at_the_remote_is_named(server: Server, one: Desk) -> None:
    one.flag("mine")
    server.bare.git("branch", "gitmem/queue/old", "main")

    with pytest.raises(Declined, match="origin has a branch gitmem/queue/old"):
        sync(one)


def test_a_bundle_as_remote_is_called_one(one: Desk, tmp_path: Path) -> None:
    one.sandbox.git("bundle", "create", str(tmp_path / "all.bundle"), "--all")
    one.sandbox.git("remote", "set-url", "origin", str(tmp_path / "all.bundle"))
    one.flag("mine")

    with pytest.raises(Declined, match="origin is a file"):
        sync(one)


def test_a_review_cannot_be_proposed_to_a_bundle_and_is_told_why(one: Desk, tmp_path: Path) -> None:
    one.flag("mine")
    one.close()
    one.sandbox.git("bundle", "create", str(tmp_path / "all.bundle"), "main")
    one.sandbox.git("remote", "set-url", "origin", str(tmp_path / "all.bundle"))

    done = one.sandbox.gitmem("close", "--pr")

    assert done.code == 5
    assert "origin is a file" in done.err


@pytest.mark.parametrize(
    ("address", "program", "said"),
    [
        ("foo::bar", "", "'remote-foo' is not a git command"),
        ("ssh://git@127.0.0.1:9/x.git", "/no/such/ssh", "cannot run /no/such/ssh"),
    ],
)
def test_a_program_that_git_lacks_for_the_remote_is_the_reason(
    one: Desk, address: str, program: str, said: str
) -> None:
    one.flag("mine")
    one.sandbox.git("remote", "set-url", "origin", address)
    if program:
        one.sandbox.git("config", "core.sshCommand", program)

    with pytest.raises(NotReached, match=said):
        sync(one)


def test_a_lock_left_at_the_remote_is_not_told_as_pushes_of_others(
    server: Server, one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gitmem.sync.sync._TRIES", 3)
    one.flag("mine")
    sync(one)
    one.flag("mine, too")
    (server.bare.path / "refs/heads/gitmem/queue.lock").touch()

    with pytest.raises(Unreachable, match="did not move gitmem/queue in 3 tries"):
        sync(one)


def test_a_push_address_that_leads_nowhere_is_the_one_to_look_at(one: Desk) -> None:
    one.flag("mine")
    nowhere = str(one.sandbox.path.with_name("gone"))
    one.sandbox.git("remote", "set-url", "--push", "origin", nowhere)

    with pytest.raises(NotReached, match="there is no repository at origin") as raised:
        sync(one)

    assert "git remote get-url --push origin" in raised.value.hint


def test_an_unreachable_remote_is_5_and_the_flags_stay(one: Desk) -> None:
    mine = one.flag("mine")
    one.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/nowhere")

    with pytest.raises(NotReached, match="origin was not reached") as raised:
        sync(one)

    assert raised.value.exit_code == 5
    assert ids_on_branch(one.sandbox) == [mine]


def test_a_remote_without_a_repository_says_so(one: Desk) -> None:
    one.sandbox.git("remote", "set-url", "origin", str(one.sandbox.path.with_name("gone")))

    with pytest.raises(NotReached, match="there is no repository at origin"):
        sync(one)


@pytest.mark.parametrize(
    ("remotes", "named", "said"),
    [
        ((), "", "this repository has no remote"),
        (("a", "b"), "", "there are several remotes"),
        (("a", "b"), "c", "names c, and there is no such remote"),
    ],
)
def test_a_remote_that_is_missing_or_unclear_is_said(
    one: Desk, remotes: tuple[str, ...], named: str, said: str
) -> None:
    url = one.sandbox.git("remote", "get-url", "origin")
    one.sandbox.git("remote", "remove", "origin")
    for remote in remotes:
        one.sandbox.git("remote", "add", remote, url)
    if named:
        one.sandbox.git("config", "gitmem.remote", named)

    with pytest.raises(NoRemote, match=said):
        sync(one)


def test_the_configured_remote_is_the_one(server: Server, one: Desk) -> None:
    one.sandbox.git("remote", "add", "team", server.url)
    one.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/nowhere")
    one.sandbox.git("config", "gitmem.remote", "team")
    mine = one.flag("mine")

    assert sync(one).sent == (mine,)
    assert ids_on_branch(server.bare) == [mine]


def rewrite(server: Server, one: Desk) -> tuple[str, str]:
    """A synced queue of two flags, one of which somebody takes out of the history by force."""
    kept, leaked = one.flag("kept"), ""
    sync(one)
    first = server.tip()
    leaked = one.flag("leaked")
    sync(one)
    server.bare.git("update-ref", QUEUE, first)
    return kept, leaked


@pytest.mark.parametrize("fetched", [False, True])
def test_a_rewritten_remote_queue_stops_with_8_and_a_backup(
    server: Server, one: Desk, fetched: bool
) -> None:
    kept, leaked = rewrite(server, one)
    before = one.head("gitmem/queue")
    if fetched:  # the person's own fetch moves the remote-tracking ref by force
        one.sandbox.git("fetch", "--quiet")

    for _ in range(2):
        with pytest.raises(Rewritten) as raised:
            sync(one)

    assert raised.value.exit_code == 8
    assert one.head("gitmem/queue") == before
    backups = one.sandbox.git("for-each-ref", "--format=%(objectname)", "refs/gitmem/backup")
    assert backups == before
    assert sorted(ids_on_branch(one.sandbox)) == sorted([kept, leaked])
    assert ids_on_branch(server.bare) == [kept]


def test_take_removes_here_what_was_removed_there_and_keeps_what_was_never_there(
    server: Server, one: Desk
) -> None:
    kept, leaked = rewrite(server, one)
    new = one.flag("never pushed")

    done = sync(one, RewriteChoice.TAKE)

    assert done.backups
    assert done.notes == (f"taken out here as it was there: {leaked}",)
    assert sorted(ids_on_branch(server.bare)) == sorted([kept, new])
    assert sorted(ids_on_branch(one.sandbox)) == sorted([kept, new])
    assert sorted(ids_in_journal(one.sandbox)) == sorted([kept, new])
    assert leaked not in server.bare.git("log", "-p", QUEUE)
    assert sync(one).tries == 0


def test_keep_brings_back_there_what_this_clone_has(server: Server, one: Desk) -> None:
    kept, leaked = rewrite(server, one)

    sync(one, RewriteChoice.KEEP)

    assert sorted(ids_on_branch(server.bare)) == sorted([kept, leaked])
    assert sync(one).tries == 0


@pytest.mark.parametrize("choice", [RewriteChoice.KEEP, RewriteChoice.TAKE])
def test_a_remote_queue_that_was_deleted_is_a_rewritten_one(
    server: Server, one: Desk, choice: RewriteChoice
) -> None:
    old = one.flag("old")
    sync(one)
    server.bare.git("update-ref", "-d", QUEUE)
    with pytest.raises(Rewritten, match="is gone"):
        sync(one)
    new = one.flag("new")

    sync(one, choice)

    wanted = {RewriteChoice.KEEP: [old, new], RewriteChoice.TAKE: [new]}[choice]
    assert sorted(ids_on_branch(server.bare)) == sorted(wanted)
    assert sync(one).tries == 0


HOSTILE = {
    "queue/aaaaaaaa-000001.jsonl": b'not json\n\xff\xfe\n{"v":1}\n{"v":9,"id":"abcdefghijkl"}\n',
    "queue/bbbbbbbb-000001.jsonl": b"[" * 100_000 + b"\n",
    "queue/cccccccc-000001.jsonl": b"x" * (17 << 20),
    "queue/evil\n\x1b]0;name.jsonl": b"{}\n",
    "queue/sealed/not-ours.txt": b"?\n",
}


def push_hostile(server: Server, good: str) -> None:
    """A queue somebody else pushed: garbage of every kind, and one good flag."""
    files = {**HOSTILE, "queue/dddddddd-000001.jsonl": good.encode() + b"\n"}
    stream = [b"commit " + QUEUE.encode() + b"\ncommitter X <x@y> now\ndata 1\nx\n"]
    for path, content in files.items():
        name = b'"' + path.encode().replace(b"\n", b"\\n") + b'"'
        stream.append(b"M 100644 inline %s\ndata %d\n%s\n" % (name, len(content), content))
    subprocess.run(
        ["git", "fast-import", "--quiet", "--date-format=now"],
        cwd=server.bare.path,
        input=b"".join(stream),
        check=True,
    )


def test_a_hostile_queue_costs_nobody_a_flag(server: Server, one: Desk, two: Desk) -> None:
    good = '{"v":1,"id":"mmmmmmmmmmmm","kind":"fact","text":"a good one"}'
    push_hostile(server, good)
    mine = one.flag("mine")

    done = sync(one)
    sync(two)

    assert "mmmmmmmmmmmm" in done.received
    assert [note for note in done.aside if "larger than any" in note] == [
        "set aside, unread: queue/cccccccc-000001.jsonl: larger than any file that gitmem writes"
    ]
    [odd] = [note for note in done.aside if "no file such a name" in note]
    assert odd.endswith("name.jsonl, queue/sealed/not-ours.txt: gitmem gives no file such a name")
    assert len(one.status().state.damaged) == len(
        {str(line) for line in one.status().state.damaged}
    )
    assert not [line for line in one.status().state.damaged if "remotes/" in str(line)]
    for desk in (one, two):
        assert sorted(desk.states()["undrained"]) == ["a good one", "mine"]
    assert mine in ids_on_branch(server.bare)
    assert sync(one).tries == 0
    assert sorted(path.name for path in one.sandbox.path.iterdir()) == [".git", "README.md"]


def pushed(server: Server, change: Callable[[dict[str, bytes]], None]) -> None:
    """Somebody commits to the queue at the server: its files are changed as they like."""
    repo = server.bare
    rows = repo.git("ls-tree", "-r", "--name-only", QUEUE).splitlines()
    files = {path: repo.git("show", f"{QUEUE}:{path}").encode() + b"\n" for path in rows}
    change(files)
    tree = hostile.files(repo, files.items(), ref="refs/heads/made")
    tip = hostile.committed(repo, f"{tree}^{{tree}}", server.tip())
    repo.git("update-ref", QUEUE, tip)
    repo.git("update-ref", "-d", "refs/heads/made")


def junk_instead(files: dict[str, bytes]) -> None:
    files.clear()
    files[hostile.QUEUE_FILE] = b"x\n" * 5000


def test_a_push_that_takes_flags_out_and_adds_junk_costs_none_and_the_flags_are_named(
    server: Server, one: Desk, two: Desk
) -> None:
    mine, yours = one.flag("mine"), two.flag("yours")
    sync(one)
    sync(two)
    sync(one)
    pushed(server, junk_instead)

    looked = run_sync(one.repo, SyncRequest(configured=one.target, dry_run=True))
    done = sync(one)

    assert len(done.aside) == 1
    for notes in (looked.notes, done.notes):
        [told] = [note for note in notes if "went from" in note]
        assert told.startswith("2 flags went from what is read of gitmem/queue at origin")
        assert mine in told
        assert yours in told
    for where in (one.sandbox, server.bare):
        assert {mine, yours} <= {*ids_on_branch(where)}
    assert not [note for note in sync(one).notes if "went from" in note]


def test_a_commit_here_that_takes_flags_out_and_adds_junk_costs_none_and_they_are_named(
    server: Server, one: Desk, two: Desk
) -> None:
    yours = two.flag("yours")
    sync(two)
    sync(one)
    one.sandbox.git("checkout", "--quiet", "gitmem/queue")
    one.sandbox.git("rm", "--quiet", "-r", "queue")
    one.sandbox.write(hostile.QUEUE_FILE, "x\n" * 5000)
    one.sandbox.git("add", "--all")
    one.sandbox.git("commit", "--quiet", "--message", "away with it")
    one.sandbox.git("checkout", "--quiet", "main")

    done = sync(one)

    [told] = [note for note in done.notes if "went from" in note]
    assert told.startswith(
        f"1 flag went from what is read of gitmem/queue in this clone without a record: {yours}"
    )
    assert yours in ids_on_branch(one.sandbox)
    assert yours in ids_on_branch(server.bare)


def test_a_file_that_is_not_read_keeps_the_flags_in_it_that_this_clone_has_never_seen(
    server: Server, one: Desk, two: Desk
) -> None:
    seen = two.flag("seen")
    sync(two)
    sync(one)
    mine = one.flag("mine")
    unseen = hostile.row(7)

    def junk_beside(files: dict[str, bytes]) -> None:
        for path in [path for path in files if path.startswith("queue/")]:
            files[path] += unseen + b"\n" + b"x\n" * 5000

    pushed(server, junk_beside)

    done = sync(one)

    assert len(done.aside) == 1
    assert [note for note in done.notes if seen in note]
    for where in (one.sandbox, server.bare):
        assert {seen, mine, json.loads(unseen)["id"]} <= {*ids_on_branch(where)}
    tip = server.tip()
    sync(one)
    assert server.tip() == tip


def test_a_queue_that_is_no_commit_is_for_a_person(server: Server, one: Desk) -> None:
    mine = one.flag("mine")
    blob = server.bare.git("rev-parse", "main:README.md")
    ref = server.bare.path / QUEUE
    ref.parent.mkdir()
    ref.write_text(blob + "\n")

    for _ in range(2):
        with pytest.raises(NeedsPerson, match="is not a commit"):
            sync(one)

    assert ids_on_branch(one.sandbox) == [mine]
    ref.unlink()
    assert sync(one).sent == (mine,)


def test_of_a_queue_larger_than_any_only_so_much_is_taken_into_memory(
    server: Server, one: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    push_hostile(server, "{}")
    mine = one.flag("mine")
    monkeypatch.setattr(contents, "QUEUE", 1000)

    assert [note for note in sync(one).aside if "are read of a queue" in note]
    assert one.states() == {"undrained": ["mine"]}
    assert mine in ids_on_branch(one.sandbox)
    assert mine in ids_on_branch(server.bare)


# ---------------------------------------------------------------- without a person


def test_automatic_does_nothing_unless_the_person_asked_for_it(server: Server, one: Desk) -> None:
    mine = one.flag("mine")

    assert automatic(one.repo, one.target) == ""
    assert server.tip() == ""
    one.sandbox.git("config", "gitmem.sync", "auto")
    assert automatic(one.repo, one.target) == "synced with origin: 0 received, 1 sent"
    assert ids_on_branch(server.bare) == [mine]


def test_automatic_tells_what_failed_and_raises_nothing(one: Desk) -> None:
    one.flag("mine")
    one.sandbox.git("config", "gitmem.sync", "auto")
    one.sandbox.git("remote", "set-url", "origin", "git://127.0.0.1:1/nowhere")

    assert automatic(one.repo, one.target).startswith("not synced (5): origin was not reached")

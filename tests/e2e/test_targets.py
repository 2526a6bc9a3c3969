"""A shared queue is emptied only by what is recorded on the target of the remote that shares it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from gitmem.check.check import check
from gitmem.check.report import CheckRequest, CheckResult
from gitmem.check.terms import STRICT
from gitmem.sync.sync import SyncRequest, SyncResult
from gitmem.sync.sync import sync as run_sync
from tests.support.desk import Desk
from tests.support.queues import ids_on_branch
from tests.support.sandbox import Sandbox
from tests.support.server import Server


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """A clone in which a bare `git push` or `git status` does not lead to the queue's remote.

    ``made`` makes it, ``remote`` is the name of the queue's remote in it.
    """

    name: str
    made: Callable[[Server], Desk]
    remote: str = "origin"


def unset(server: Server) -> Desk:
    desk = server.clone("one")
    desk.sandbox.git("branch", "--unset-upstream", "main")
    return desk


def untracked(server: Server) -> Desk:
    desk = server.clone("one", "--no-checkout")
    desk.sandbox.git("checkout", "--quiet", "--detach", "origin/main")
    desk.sandbox.git("branch", "-D", "main")
    desk.sandbox.git("checkout", "--quiet", "--no-track", "-b", "main", "origin/main")
    return desk


def without_setup(server: Server) -> Desk:
    desk = server.clone("one", "--no-checkout")
    desk.sandbox.git("checkout", "--quiet", "--detach", "origin/main")
    desk.sandbox.git("branch", "-D", "main")
    desk.sandbox.git("config", "branch.autoSetupMerge", "false")
    desk.sandbox.git("checkout", "--quiet", "-b", "main", "origin/main")
    return desk


def pushed_without_u(server: Server) -> Desk:
    """As a project begins: a repository of one's own, a remote, a push."""
    server.bare.git("update-ref", "-d", "refs/heads/main")
    path = server.bare.path.with_name("one")
    path.mkdir()
    box = Sandbox(path)
    box.git("init", "--quiet", "--initial-branch=main")
    box.commit("start", {"README.md": "# A project\n"})
    box.git("remote", "add", "origin", server.url)
    box.git("push", "--quiet", "origin", "main")
    return Desk(sandbox=box)


def bare_with_work_trees(server: Server) -> Desk:
    folder = server.bare.path.with_name("bare.git")
    server.bare.git("clone", "--quiet", "--bare", server.url, str(folder))
    tree = server.bare.path.with_name("one")
    Sandbox(folder).git("worktree", "add", "--quiet", str(tree), "main")
    return Desk(sandbox=Sandbox(tree))


def of_an_empty_remote(server: Server) -> Desk:
    """The upstream is configured, and nothing was ever pushed to it."""
    server.bare.git("update-ref", "-d", "refs/heads/main")
    desk = server.clone("one")
    desk.sandbox.git("symbolic-ref", "HEAD", "refs/heads/main")
    desk.sandbox.git("config", "branch.main.remote", "origin")
    desk.sandbox.git("config", "branch.main.merge", "refs/heads/main")
    desk.sandbox.commit("start", {"README.md": "# A project\n"})
    return desk


def renamed(server: Server) -> Desk:
    desk = server.clone("one")
    desk.flag("before the rename")
    sync(desk)
    desk.sandbox.git("remote", "rename", "origin", "team/hub")
    return desk


def renamed_by_hand(server: Server) -> Desk:
    desk = server.clone("one")
    config = desk.sandbox.path / ".git" / "config"
    text = config.read_text(encoding="utf-8").replace('[remote "origin"]', '[remote "hub"]')
    config.write_text(text.replace("refs/remotes/origin/", "refs/remotes/hub/"), encoding="utf-8")
    return desk


def fork(server: Server) -> Desk:
    """main follows the project's own repository, the queue is shared through the fork."""
    desk = server.clone("one")
    project = server.bare.path.with_name("upstream.git")
    server.bare.git("clone", "--quiet", "--bare", ".", str(project))
    desk.sandbox.git("remote", "add", "upstream", str(project))
    desk.sandbox.git("fetch", "--quiet", "upstream")
    desk.sandbox.git("branch", "--quiet", "--set-upstream-to=upstream/main", "main")
    return desk


def queue_of_the_project(server: Server) -> Desk:
    """main follows the fork, the queue is shared through the project's own repository."""
    mine = server.bare.path.with_name("fork.git")
    server.bare.git("clone", "--quiet", "--bare", ".", str(mine))
    desk = server.clone("one")
    desk.sandbox.git("remote", "rename", "origin", "upstream")
    desk.sandbox.git("remote", "add", "origin", str(mine))
    desk.sandbox.git("fetch", "--quiet", "origin")
    desk.sandbox.git("branch", "--quiet", "--set-upstream-to=origin/main", "main")
    desk.sandbox.git("config", "gitmem.remote", "upstream")
    return desk


KINDS = (
    Kind(name="pushed without -u", made=pushed_without_u),
    Kind(name="--no-track", made=untracked),
    Kind(name="branch.autoSetupMerge=false", made=without_setup),
    Kind(name="--unset-upstream", made=unset),
    Kind(name="clone --bare and work trees", made=bare_with_work_trees),
    Kind(name="a clone of an empty remote", made=of_an_empty_remote),
    Kind(name="git remote rename", made=renamed, remote="team/hub"),
    Kind(name="a remote renamed by hand", made=renamed_by_hand, remote="hub"),
    Kind(name="the upstream is not the fork that has the queue", made=fork),
    Kind(
        name="the fork is not the project that has the queue",
        made=queue_of_the_project,
        remote="upstream",
    ),
)


def checked(desk: Desk) -> CheckResult:
    return check(desk.repo, CheckRequest(configured=desk.target))


def sync(desk: Desk) -> SyncResult:
    return run_sync(desk.repo, SyncRequest(configured=desk.target))


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_nothing_is_drained_before_memory_is_at_the_remote_that_shares_the_queue(
    server: Server, kind: Kind
) -> None:
    one = kind.made(server)
    one.flag("the build needs Java 21")
    sync(one)
    shared = ids_on_branch(server.bare)
    one.land()
    if "fork" in kind.name:
        one.sandbox.git("push", "--quiet", one.sandbox.git("config", "branch.main.remote"), "main")

    early = one.sandbox.gitmem("status")
    assert sync(one).pruned == ()
    late = one.sandbox.gitmem("status")

    for said in (early, late):
        assert "everything is drained" not in said.out
        words = " ".join(said.out.split())
        assert f"accepted on main, not on {kind.remote}/main next: git push" in words
    assert ids_on_branch(server.bare) == shared != []
    assert len(checked(server.clone("fresh")).undrained) == len(shared)

    one.sandbox.git("push", "--quiet", kind.remote, "main")

    assert sorted(sync(one).pruned) == sorted(shared)
    assert ids_on_branch(server.bare) == []
    assert "everything is drained" in one.sandbox.gitmem("status").out
    assert checked(server.clone("later")).ok(STRICT)


def _push_to_the_fork(desk: Desk) -> None:
    desk.sandbox.git("config", "branch.main.pushRemote", "fork")


def _push_all_to_the_fork(desk: Desk) -> None:
    desk.sandbox.git("config", "remote.pushDefault", "fork")


def _push_nothing(desk: Desk) -> None:
    desk.sandbox.git("config", "push.default", "nothing")


def _another_branch(desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "-c", "feature")


def _no_branch(desk: Desk) -> None:
    desk.sandbox.git("switch", "--quiet", "--detach")


@pytest.mark.parametrize(
    "change",
    [_push_to_the_fork, _push_all_to_the_fork, _push_nothing, _another_branch, _no_branch],
    ids=lambda change: change.__name__.strip("_"),
)
def test_the_push_that_status_names_brings_memory_to_the_target(
    server: Server, change: Callable[[Desk], None]
) -> None:
    one = server.clone("one")
    fork = server.bare.path.with_name("fork.git")
    server.bare.git("clone", "--quiet", "--bare", server.url, str(fork))
    one.sandbox.git("remote", "add", "fork", str(fork))
    one.flag("the build needs Java 21")
    one.land()
    change(one)

    said = one.sandbox.gitmem("status").out
    step = next(line for line in said.splitlines() if line.startswith("  next: git push"))
    one.sandbox.git(*step.split()[2:])

    assert "everything is drained" in one.sandbox.gitmem("status").out


def test_a_bare_push_is_named_where_it_leads_to_the_target(server: Server) -> None:
    one = server.clone("one")
    one.flag("the build needs Java 21")
    one.land()

    assert "  next: git push" in one.sandbox.gitmem("status").out.splitlines()

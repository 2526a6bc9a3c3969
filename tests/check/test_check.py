"""Check: an answer from whatever a clone has, and not one byte written."""

from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.check.terms import STRICT, Policy
from tests.support.desk import Desk, whole
from tests.support.sandbox import Sandbox


@pytest.fixture
def desk(sandbox: Sandbox) -> Desk:
    return Desk(sandbox=sandbox)


def undrained(desk: Desk) -> list[str]:
    found = desk.check()
    assert found.cannot_tell == ""
    return [flag.text for flag in found.undrained]


def test_the_answer_follows_a_flag_through_its_life(desk: Desk) -> None:
    assert desk.check().ok(STRICT)
    desk.flag("a fact")
    assert undrained(desk) == ["a fact"]
    assert not desk.check().ok(Policy(allow_in_review=True))
    desk.close()
    assert not desk.check().ok(STRICT)
    assert desk.check().ok(Policy(allow_in_review=True))
    desk.accept()
    assert desk.check().ok(STRICT)


def test_a_flag_that_is_only_in_the_journal_counts(desk: Desk) -> None:
    desk.foreign_flag(text="not published yet")

    assert undrained(desk) == ["not published yet"]
    assert desk.head("gitmem/queue") == ""


@pytest.mark.parametrize("options", [(), ("--depth", "1", "--no-single-branch"), ("--bare",)])
def test_a_fresh_clone_that_has_the_queue_only_from_its_remote_answers_the_same(
    desk: Desk, options: tuple[str, ...]
) -> None:
    desk.flag("landed")
    desk.land()
    desk.flag("waiting")
    for _ in range(3):
        desk.sandbox.commit("more")
    mine = bare_with_a_tree(desk) if "--bare" in options else desk.clone("clone", *options)

    assert undrained(mine) == ["waiting"]


def bare_with_a_tree(desk: Desk) -> Desk:
    bare = desk.sandbox.path.with_name("bare.git")
    desk.sandbox.git("clone", "--quiet", "--bare", ".", str(bare))
    tree = desk.sandbox.path.with_name("tree")
    Sandbox(bare).git("worktree", "add", "--quiet", "--detach", str(tree), "main")
    return Desk(sandbox=Sandbox(tree))


@pytest.mark.parametrize("fetched", [False, True])
def test_at_depth_1_with_one_branch_the_queue_counts_as_soon_as_it_is_fetched(
    desk: Desk, fetched: bool
) -> None:
    desk.flag("waiting")
    mine = desk.clone("clone", "--depth", "1")
    if fetched:
        mine.sandbox.git(
            "fetch", "--quiet", "--depth", "1", "origin",
            "+refs/heads/gitmem/queue:refs/remotes/origin/gitmem/queue",
        )  # fmt: skip

    assert undrained(mine) == (["waiting"] if fetched else [])


def test_a_detached_checkout_of_one_commit_as_a_build_machine_makes_it(desk: Desk) -> None:
    desk.flag("landed")
    desk.land()
    path = desk.sandbox.path.with_name("ci")
    path.mkdir()
    ci = Sandbox(path)
    ci.git("init", "--quiet")
    ci.git("remote", "add", "origin", desk.sandbox.path.as_uri())
    ci.git("fetch", "--quiet", "--depth", "1", "origin", "+main:refs/remotes/origin/main")
    ci.git("checkout", "--quiet", "--detach", "origin/main")

    assert Desk(sandbox=ci).check().ok(STRICT)


def test_a_target_that_is_not_in_the_clone_cannot_be_told(desk: Desk) -> None:
    found = Desk(sandbox=desk.sandbox, target="elsewhere").check()

    assert "elsewhere is not in this clone" in found.cannot_tell
    assert found.hint
    assert not found.ok(Policy(allow_in_review=True))


@pytest.mark.parametrize("damage", ["garbage", "missing tree", "missing blob"])
def test_a_damaged_queue_cannot_be_told(desk: Desk, damage: str) -> None:
    desk.flag("a fact")
    git = Path(desk.repo.git_dir)
    if damage == "garbage":
        (git / "refs/heads/gitmem/queue").write_text("no oid\n")
    else:
        spec = "gitmem/queue^{tree}" if damage == "missing tree" else "gitmem/queue:README.md"
        name = "queue" if damage == "missing blob" else ""
        oid = desk.head(spec)
        if name:
            rows = desk.sandbox.git("ls-tree", "-r", "gitmem/queue", "queue/")
            oid = rows.split()[2]
        desk.sandbox.git("repack", "-q", "-d", check=False)
        unpack(desk.sandbox)
        (git / "objects" / oid[:2] / oid[2:]).unlink()

    found = desk.check()

    assert found.cannot_tell
    assert not found.ok(Policy(allow_in_review=True))


def unpack(sandbox: Sandbox) -> None:
    """Makes every object loose."""
    packs = sandbox.path / ".git/objects/pack"
    for pack in packs.glob("*.pack"):
        moved = sandbox.path.with_name(pack.name)
        pack.rename(moved)
        pack.with_suffix(".idx").unlink()
        with moved.open("rb") as file:
            import subprocess

            subprocess.run(
                ["git", "unpack-objects", "-q"], cwd=sandbox.path, stdin=file, check=True
            )


def test_a_line_that_no_reader_understands_counts_by_its_id(desk: Desk) -> None:
    flag_id = desk.foreign_flag('{"v":99,"id":"ID","kind":"fact","text":"from the future"}')

    found = desk.check()

    assert found.unreadable == (flag_id,)
    assert not found.ok(Policy(allow_in_review=True))
    assert any(flag_id in note for note in desk.close().notes)


def test_a_flag_of_a_newer_gitmem_is_counted_once_and_the_way_on_is_to_upgrade(desk: Desk) -> None:
    flag_id = desk.foreign_flag('{"v":99,"id":"ID","kind":"fact","text":"from the future"}')
    desk.flag("a fact")
    desk.land()  # publishes both

    status = desk.sandbox.gitmem("status")
    checked = desk.sandbox.gitmem("check")

    assert "1 undrained: 1 that this version cannot read" in status.out
    assert "next: upgrade gitmem" in status.out
    assert checked.out.count(flag_id) == 1
    assert "run: upgrade gitmem" in checked.out


@pytest.mark.parametrize("writable", [True, False])
def test_a_check_writes_nothing_at_all(desk: Desk, writable: bool) -> None:
    desk.flag("landed")
    desk.land()
    desk.flag("in review")
    desk.close()
    desk.flag("waiting")
    desk.foreign_flag(text="in the journal")
    desk.sandbox.write("README.md", "# edited\n")
    if not writable:
        for path in sorted(desk.sandbox.path.rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
    before = whole(desk.sandbox.path)
    times = {path: path.stat().st_mtime_ns for path in desk.sandbox.path.rglob("*")}

    assert sorted(undrained(desk)) == ["in the journal", "waiting"]

    assert whole(desk.sandbox.path) == before
    assert {path: path.stat().st_mtime_ns for path in desk.sandbox.path.rglob("*")} == times
    for path in desk.sandbox.path.rglob("*"):
        if path.is_dir():
            path.chmod(0o755)


def test_a_branch_that_is_merely_behind_a_revert_has_nothing_to_push(tmp_path: Path) -> None:
    server = Sandbox(tmp_path / "server")
    server.path.mkdir()
    server.git("init", "--quiet")
    server.commit("start", {"README.md": "x\n"})
    server.git("checkout", "--quiet", "-b", "aside")
    one = Desk(sandbox=server).clone("one")
    one.sandbox.git("checkout", "--quiet", "-B", "main", "origin/main")
    one.flag("a fact")
    one.land()
    one.sandbox.git("push", "--quiet", "origin", "main")
    two = one.sandbox.path.with_name("two")
    one.sandbox.git("clone", "--quiet", server.path.as_uri(), str(two))
    Sandbox(two).git("checkout", "--quiet", "main")
    Sandbox(two).git("revert", "--no-edit", "HEAD")
    Sandbox(two).git("push", "--quiet", "origin", "main")

    one.sandbox.git("fetch", "--quiet")
    assert one.states() == {"undrained": ["a fact"]}
    one.sandbox.commit("work", {"work.txt": "x\n"})
    assert one.states() == {"undrained": ["a fact"]}

"""A queue branch that was damaged from outside is set aside, said, and rebuilt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.git import objects, refs
from gitmem.git.repository import BRANCH
from gitmem.queue import contents
from gitmem.queue.branch import forget_hint
from tests.support.queues import (
    folder_of,
    fsck,
    ids_on_branch,
    journal,
    keep,
    new_flag,
    publish,
    repository_of,
)
from tests.support.sandbox import Sandbox


def loose(sandbox: Sandbox, name: str) -> Path:
    oid = sandbox.git("rev-parse", name)
    path = sandbox.path / ".git" / "objects" / oid[:2] / oid[2:]
    path.chmod(0o644)
    return path


def assert_rebuilt(sandbox: Sandbox, ids: list[str]) -> None:
    """Everything is on the branch again, git is content, and it was said."""
    forget_hint(repository_of(sandbox).folder)
    notes = publish(sandbox).notes
    for _ in range(3):
        again = publish(sandbox)
        assert again.reason == ""
        notes += again.notes
    assert any("was damaged" in note for note in notes)
    assert sorted(ids_on_branch(sandbox)) == sorted(ids)
    assert contents.read_queue(repository_of(sandbox)).branch.damaged == []
    assert list((folder_of(sandbox) / "damaged").iterdir())


@pytest.mark.parametrize("content", [b"", b"\0" * 41, b"garbage\n", b"f" * 40 + b"\n"])
@pytest.mark.parametrize("packed", [False, True])
def test_a_ref_that_names_nothing_is_rebuilt(
    sandbox: Sandbox, content: bytes, *, packed: bool
) -> None:
    flags = keep(sandbox, 2) + keep(sandbox, 1)
    if packed:
        sandbox.git("pack-refs", "--all")
        (sandbox.path / ".git" / BRANCH).parent.mkdir(parents=True, exist_ok=True)
    (sandbox.path / ".git" / BRANCH).write_bytes(content)
    with pytest.raises(objects.Unreadable):
        contents.read_queue(repository_of(sandbox))

    flags += [new_flag("after")]
    journal(sandbox, flags[-1:])
    published = publish(sandbox)

    assert published.reason == ""
    assert "set aside" in published.notes[0]
    assert_all = sorted(flag.id for flag in flags)
    assert sorted(ids_on_branch(sandbox)) == assert_all
    kept = [path.read_bytes() for path in (folder_of(sandbox) / "damaged").glob("*-queue")]
    assert content in kept
    assert fsck(sandbox) == ""


def test_a_packed_ref_whose_commit_is_gone_is_rebuilt(sandbox: Sandbox) -> None:
    flags = keep(sandbox, 2)
    commit = loose(sandbox, BRANCH)
    sandbox.git("pack-refs", "--all")
    commit.unlink()

    assert_rebuilt(sandbox, [flag.id for flag in flags])
    assert fsck(sandbox) == ""


@pytest.mark.parametrize("name", ["", "^{tree}", ":queue", ":README.md", ":queue/sealed"])
@pytest.mark.parametrize("damage", ["missing", "empty", "torn"])
def test_an_object_that_is_missing_empty_or_torn_is_rebuilt(
    sandbox: Sandbox, name: str, damage: str
) -> None:
    flags = keep(sandbox, 2) + keep(sandbox, 1)
    path = loose(sandbox, BRANCH + name)
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else path.read_bytes()[:-6])
    if name == ":README.md":
        return  # nobody reads it, and nothing is lost with it

    assert_rebuilt(sandbox, [flag.id for flag in flags])


@pytest.mark.parametrize("damage", ["missing", "empty", "torn"])
def test_a_file_of_lines_that_cannot_be_read_is_rebuilt(sandbox: Sandbox, damage: str) -> None:
    flags = keep(sandbox, 1) + keep(sandbox, 130)
    name = sandbox.git("ls-tree", "-r", "--name-only", BRANCH, "queue/sealed/").splitlines()[0]
    path = loose(sandbox, f"{BRANCH}:{name}")
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes(b"" if damage == "empty" else path.read_bytes()[:-6])

    assert_rebuilt(sandbox, [flag.id for flag in flags])
    assert fsck(sandbox) == ""


def test_the_remote_branch_is_the_start_of_a_rebuilt_and_of_a_new_queue(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    shared = keep(sandbox, 2)
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", str(sandbox.path), ".")

    own = keep(other, 1)
    assert other.git("merge-base", BRANCH, "refs/remotes/origin/gitmem/queue")
    (other.path / ".git" / BRANCH).write_bytes(b"")

    assert_rebuilt(other, [flag.id for flag in [*shared, *own]])
    assert other.git("merge-base", BRANCH, "refs/remotes/origin/gitmem/queue")


def test_a_partial_clone_is_never_called_damaged(sandbox: Sandbox, tmp_path: Path) -> None:
    sandbox.git("config", "uploadpack.allowFilter", "true")
    keep(sandbox, 2)
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", "--filter=blob:none", f"file://{sandbox.path}", ".")
    other.git("update-ref", BRANCH, "refs/remotes/origin/gitmem/queue")
    other.git("config", "remote.origin.url", "file:///nowhere")
    journal(other, [new_flag("own")])

    published = publish(other)

    assert "partial clone" in published.reason
    assert published.notes == []
    assert other.git("rev-parse", BRANCH) == sandbox.git("rev-parse", BRANCH)
    other.git("config", "remote.origin.url", f"file://{sandbox.path}")
    assert publish(other).reason == ""
    assert len(ids_on_branch(other)) == 3


def test_a_shallow_clone_appends_and_its_push_is_a_fast_forward(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    keep(sandbox, 1)
    keep(sandbox, 1)
    other = Sandbox(tmp_path / "other")
    other.path.mkdir()
    other.git("clone", "-q", "--depth=1", "--no-single-branch", f"file://{sandbox.path}", ".")

    keep(other, 1)
    keep(other, 1)

    assert len(ids_on_branch(other)) == 4
    other.git("push", "-q", "origin", f"{BRANCH}:{BRANCH}")
    assert len(ids_on_branch(sandbox)) == 4


def test_lines_of_a_newer_version_on_the_branch_are_not_published_again(sandbox: Sandbox) -> None:
    keep(sandbox, 1)
    flags = keep(sandbox, 1)
    listed = sandbox.git("ls-tree", "-r", "--name-only", BRANCH, "queue/").splitlines()
    name = next(path for path in listed if "sealed" not in path)
    newer = flags[0].line.replace('"v":1', '"v":2')
    index = {"GIT_INDEX_FILE": str(sandbox.path / ".git" / "scratch")}
    sandbox.git("read-tree", BRANCH, env=index)
    blob = sandbox.git("hash-object", "-w", "--stdin", input=newer + "\n")
    sandbox.git("update-index", "--cacheinfo", f"100644,{blob},{name}", env=index)
    tree = sandbox.git("write-tree", env=index)
    sandbox.git(
        "update-ref", BRANCH, sandbox.git("commit-tree", tree, "-p", BRANCH, "-m", "by a newer one")
    )

    assert publish(sandbox).ids == set()
    assert refs.resolve(repository_of(sandbox), BRANCH)
    assert os.path.exists(folder_of(sandbox) / "published")  # noqa: PTH110

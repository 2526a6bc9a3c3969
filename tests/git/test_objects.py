"""What was read by object name is read once in a process; a ref is asked for every time."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.git import network, objects, refs
from gitmem.git.network import Talk
from gitmem.git.objects import _LONGEST_ANSWER, CACHED, ReadCache
from gitmem.git.repository import Repository
from gitmem.records import record_files
from tests.support.queues import repository_of
from tests.support.sandbox import Sandbox


@pytest.fixture
def repo(sandbox: Sandbox) -> Repository:
    sandbox.commit("memory", {"memory/a.md": "- a\n", "memory/b.md": "- b\n"})
    return repository_of(sandbox)


def starts(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The git commands that are started from now on."""
    found: list[str] = []
    start = os.posix_spawnp

    def counted(program: str, argv: list[str], *args: object, **options: object) -> int:
        found.append(
            next(
                word
                for word in argv
                if word in {"ls-tree", "cat-file", "merge-base", "log", "rev-parse"}
            )
        )
        return start(program, argv, *args, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "posix_spawnp", counted)
    return found


def test_a_tree_is_listed_once_and_its_files_are_read_once(
    repo: Repository, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = sandbox.git("rev-parse", "HEAD")
    begun = starts(monkeypatch)

    first = objects.files(repo, tip, "memory/")
    objects.entries(repo, tip, "memory/").clear()  # what a caller does with the list is his own

    assert objects.files(repo, tip, "memory/") == first
    assert first == {"memory/a.md": b"- a\n", "memory/b.md": b"- b\n"}
    assert begun == ["ls-tree", "cat-file"]


def test_a_listing_with_sizes_serves_for_one_without_and_not_the_other_way_round(
    repo: Repository, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip = sandbox.git("rev-parse", "HEAD")
    begun = starts(monkeypatch)

    assert objects.entries(repo, tip, "memory/")[0].size == 0
    assert objects.entries(repo, tip, "memory/", sized=True)[0].size == 4
    assert [entry.path for entry in objects.entries(repo, tip, "memory/")] == [
        "memory/a.md",
        "memory/b.md",
    ]
    assert begun == ["ls-tree", "ls-tree"]


def test_only_what_is_lacking_is_read(
    repo: Repository, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = (sandbox.git("rev-parse", f"HEAD:memory/{name}.md") for name in "ab")
    objects.blobs(repo, [one])
    begun = starts(monkeypatch)

    assert objects.blobs(repo, [other, one, other]) == [b"- b\n", b"- a\n", b"- b\n"]
    assert objects.blobs(repo, [one, other]) == [b"- a\n", b"- b\n"]
    assert begun == ["cat-file"]


def test_how_two_commits_stand_to_each_other_is_asked_once(
    repo: Repository, sandbox: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, new = sandbox.git("rev-parse", "HEAD~"), sandbox.git("rev-parse", "HEAD")
    begun = starts(monkeypatch)

    for _ in range(2):
        assert refs.contains(repo, new, old)
        assert not refs.contains(repo, old, new)
        assert refs.merge_base(repo, old, new) == old
        assert record_files.touched(repo, [old], new) == {""}
    # The two listings say where records can lie in each of the commits.
    expected = ["log", "ls-tree", "ls-tree", "merge-base", "merge-base", "merge-base"]
    assert sorted(begun) == expected


def test_a_ref_is_never_remembered(repo: Repository, sandbox: Sandbox) -> None:
    before = refs.resolve(repo, "refs/heads/main")
    assert refs.contains(repo, "refs/heads/main", before)
    assert not objects.entries(repo, "refs/heads/main", "late/")

    after = sandbox.commit("late", {"late/c.md": "- c\n"})

    assert refs.resolve(repo, "refs/heads/main") == after
    assert [entry.path for entry in objects.entries(repo, "refs/heads/main", "late/")] == [
        "late/c.md"
    ]
    assert not refs.contains(repo, before, "refs/heads/main")


def test_an_object_that_is_missing_is_asked_for_again(repo: Repository, sandbox: Sandbox) -> None:
    oid = sandbox.git("hash-object", "--stdin", input="- late\n")
    with pytest.raises(objects.Unreadable):
        objects.blobs(repo, [oid])

    sandbox.git("hash-object", "-w", "--stdin", input="- late\n")

    assert objects.blobs(repo, [oid]) == [b"- late\n"]


def test_a_fetch_that_lengthens_a_shallow_history_changes_the_answers(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    old, new = sandbox.git("rev-parse", "HEAD"), sandbox.commit("more", {"a.txt": "a\n"})
    clone = Sandbox(tmp_path / "clone")
    address = sandbox.path.as_uri()
    sandbox.git("clone", "--quiet", "--depth=1", address, str(clone.path))
    clone.git("fetch", "--quiet", "--depth=1", address, f"{old}:refs/heads/old")
    repo = repository_of(clone)
    assert not refs.contains(repo, new, old)

    network.fetch(repo, "origin", ["refs/heads/main"], Talk(), options=["--unshallow"])

    assert refs.contains(repo, new, old)


def test_what_is_kept_is_bounded_and_the_oldest_goes_first() -> None:
    cache = ReadCache()
    size = _LONGEST_ANSWER // 2
    for number in range(CACHED // size + 1):
        cache.keep(number, number, size)
    cache.keep("too long", "x", _LONGEST_ANSWER + 1)

    assert cache.get(0) is None
    assert cache.get(1) == 1
    assert cache.get(CACHED // size) == CACHED // size
    assert cache.get("too long") is None

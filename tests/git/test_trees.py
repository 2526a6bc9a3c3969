"""Trees built beside everything a person works with, in both object formats."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from gitmem.core.errors import Refused
from gitmem.git import repository, trees
from gitmem.git.claim import Claim
from gitmem.git.repository import Repository
from gitmem.git.trees import Staging
from tests.support.sandbox import Sandbox


@pytest.fixture(params=["sha1", "sha256"])
def sandbox(tmp_path: Path, request: pytest.FixtureRequest) -> Sandbox:
    path = tmp_path / "repository"
    path.mkdir()
    sandbox = Sandbox(path)
    sandbox.git("init", "--quiet", f"--object-format={request.param}")
    sandbox.commit("start", {"README.md": "# A project\n", "memory/other.md": "- other\n"})
    return sandbox


@pytest.fixture
def repo(sandbox: Sandbox) -> Repository:
    return repository.discover(str(sandbox.path), os.environ)


@pytest.fixture
def claim(repo: Repository) -> Iterator[Claim]:
    with Claim(repo) as claim:
        yield claim


def listed(sandbox: Sandbox, tree: str) -> list[str]:
    return sandbox.git("ls-tree", "-r", "--name-only", tree).splitlines()


def test_files_are_added_beside_neighbours_replaced_and_removed(
    sandbox: Sandbox, repo: Repository, claim: Claim
) -> None:
    head = sandbox.git("rev-parse", "HEAD")
    index = (sandbox.path / ".git/index").read_bytes()

    tree = Staging(repo, head, claim).write(
        {"memory/facts.md": b"- new\n", "memory/other.md": None, "README.md": b"\x00\xff\r\n"}
    )

    assert listed(sandbox, tree) == ["README.md", "memory/facts.md"]
    assert sandbox.git("cat-file", "-s", f"{tree}:README.md") == "4"
    assert (sandbox.path / ".git/index").read_bytes() == index


def test_without_a_base_the_tree_holds_just_the_files(
    sandbox: Sandbox, repo: Repository, claim: Claim
) -> None:
    assert listed(sandbox, Staging(repo, "", claim).write({"a/b.md": b"x"})) == ["a/b.md"]


@pytest.mark.parametrize("path", ["linked/x.md", "link.md", "tool.md", "sub/x.md", "memory"])
def test_links_submodules_executables_and_folders_are_never_written(
    sandbox: Sandbox, repo: Repository, claim: Claim, path: str
) -> None:
    (sandbox.path / "linked").symlink_to("memory")
    (sandbox.path / "link.md").symlink_to("README.md")
    sandbox.write("tool.md", "x").chmod(0o755)
    head = sandbox.git("rev-parse", "HEAD")
    sandbox.git("add", ".")
    sandbox.git("update-index", "--add", "--cacheinfo", f"160000,{head},sub")
    sandbox.git("commit", "--quiet", "-m", "odd")

    with pytest.raises(Refused):
        Staging(repo, sandbox.git("rev-parse", "HEAD"), claim).write({path: b"x"})


def test_the_stand_in_index_is_not_the_one_of_a_surrounding_git(
    sandbox: Sandbox, claim: Claim, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    foreign = tmp_path / "index"
    monkeypatch.setenv("GIT_INDEX_FILE", str(foreign))
    inside = repository.discover(str(sandbox.path), os.environ)

    Staging(inside, "", claim).write({"a.md": b"x"})

    assert not foreign.exists()


def test_a_commit_has_the_message_and_the_parents_it_was_given(
    sandbox: Sandbox, repo: Repository
) -> None:
    head = sandbox.git("rev-parse", "HEAD")
    author = {
        "GIT_AUTHOR_NAME": "R\u00e9mi",
        "GIT_AUTHOR_EMAIL": "r@x",
        "GIT_AUTHOR_DATE": "@1 +0200",
    }

    oid = trees.commit(repo, head + "^{tree}", [head], "caf\u00e9\n\nbody\n", author=author)

    shown = sandbox.git("log", "-1", "--format=%P|%an|%ad|%s|%cn", "--date=raw", oid)
    assert shown == f"{head}|R\u00e9mi|1 +0200|caf\u00e9|Test Person"


@pytest.mark.parametrize("how", ["LITERAL", "GLOB", "NOGLOB", "ICASE"])
def test_how_a_surrounding_git_reads_paths_changes_nothing(
    sandbox: Sandbox, claim: Claim, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv(f"GIT_{how}_PATHSPECS", "1")
    inside = repository.discover(str(sandbox.path), os.environ)
    head = sandbox.git("rev-parse", "HEAD", env={f"GIT_{how}_PATHSPECS": None})
    staging = Staging(inside, head, claim)

    staging.refuse_unshared(["memory/other.md", "memory/[new]*.md"])
    tree = staging.write({"memory/[new]*.md": b"x"})

    assert "memory/[new]*.md" in listed(sandbox, tree)


def test_attributes_are_those_of_the_staged_tree_whatever_the_environment_says(
    sandbox: Sandbox, claim: Claim, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = sandbox.git("rev-parse", "HEAD")
    sandbox.commit("attributes", {".gitattributes": "memory/** filter=lfs\n"})
    monkeypatch.setenv("GIT_ATTR_SOURCE", head)
    inside = repository.discover(str(sandbox.path), os.environ)

    with pytest.raises(Refused, match=r"rewrites memory/x\.md"):
        Staging(inside, sandbox.git("rev-parse", "HEAD"), claim).refuse_unshared(["memory/x.md"])

"""Commits made again elsewhere: what they were, and where git's merge decides."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from gitmem.git import repository, trees
from gitmem.git.claim import Claim
from gitmem.git.repository import Repository
from gitmem.git.trees import FileChange, ReplayConflict
from tests.support.sandbox import Sandbox


@pytest.fixture
def repo(sandbox: Sandbox) -> Repository:
    return repository.discover(str(sandbox.path), os.environ)


@pytest.fixture
def claim(repo: Repository) -> Iterator[Claim]:
    with Claim(repo) as claim:
        yield claim


def test_originals_come_oldest_first_with_what_they_changed(
    sandbox: Sandbox, repo: Repository
) -> None:
    base = sandbox.git("rev-parse", "HEAD")
    sandbox.commit("one", {"a.md": "1\n"})
    sandbox.git("rm", "--quiet", "README.md")
    sandbox.git("commit", "--quiet", "-m", "two\n\nwith a body")

    one, two = trees.originals(repo, [base], sandbox.git("rev-parse", "HEAD"))

    assert (one.message.strip(), one.changes) == (
        "one",
        {"a.md": FileChange(before=None, after=b"1\n")},
    )
    assert two.message.strip() == "two\n\nwith a body"
    assert two.changes == {"README.md": FileChange(before=b"# A project\n", after=None)}
    assert one.author["GIT_AUTHOR_NAME"] == "Test Person"


@pytest.mark.parametrize("kind", ["link", "executable"])
def test_what_is_no_plain_file_is_left_to_a_person(
    sandbox: Sandbox, repo: Repository, kind: str
) -> None:
    base = sandbox.git("rev-parse", "HEAD")
    if kind == "link":
        (sandbox.path / "x").symlink_to("README.md")
    else:
        sandbox.write("x", "1\n").chmod(0o755)
    sandbox.git("add", ".")
    sandbox.git("commit", "--quiet", "-m", "odd")

    with pytest.raises(ReplayConflict):
        trees.originals(repo, [base], sandbox.git("rev-parse", "HEAD"))


LINES = b"1\n2\n3\n4\n5\n6\n7\n"


@pytest.mark.parametrize(
    ("ours", "before", "after", "expected"),
    [
        (b"a", b"a", b"b", b"b"),
        (b"b", b"a", b"b", b"b"),
        (None, None, b"b", b"b"),
        (b"a", b"a", None, None),
        (LINES + b"8\n", LINES, b"0\n" + LINES, b"0\n" + LINES + b"8\n"),
    ],
)
def test_a_change_lands_on_what_is_there(
    repo: Repository,
    claim: Claim,
    ours: bytes | None,
    before: bytes | None,
    after: bytes | None,
    expected: bytes | None,
) -> None:
    change = FileChange(before=before, after=after)

    assert trees.merged(repo, claim, "x", ours=ours, change=change) == expected


@pytest.mark.parametrize(
    ("ours", "before", "after"),
    [(b"c", b"a", b"b"), (None, b"a", b"b"), (b"c", b"a", None), (b"\0x", b"\0y", b"\0z")],
)
def test_a_change_of_the_same_place_is_a_conflict_with_a_hint(
    repo: Repository, claim: Claim, ours: bytes | None, before: bytes | None, after: bytes | None
) -> None:
    with pytest.raises(ReplayConflict) as raised:
        trees.merged(repo, claim, "x", ours=ours, change=FileChange(before=before, after=after))

    assert "gitmem discard" in raised.value.hint

"""The index that is kept is a view: of the target's tree, made again when it is not right."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path

import pytest

from gitmem.git import repository
from gitmem.git.repository import Repository
from gitmem.recall import corpus, index, line
from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

FACT = "- Integration tests need Postgres\n"


@pytest.fixture
def memory(sandbox: Sandbox) -> Sandbox:
    sandbox.commit("memory", {"memory/testing.md": f"# Testing\n\n{FACT}"})
    return sandbox


def opened(sandbox: Sandbox) -> list[str]:
    repo = repository.discover(str(sandbox.path), os.environ)
    with closing(index.open_index(repo, sandbox.git("rev-parse", "HEAD"), "memory")) as base:
        return [line.text for line in base.all()]


def test_the_lines_of_a_commit_are_read_once(
    memory: Sandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []

    read_lines = corpus.read

    def read(repo: Repository, commit: str, folder: str) -> list[line.LandedLine]:
        reads.append(commit)
        return read_lines(repo, commit, folder)

    monkeypatch.setattr(corpus, "read", read)
    assert opened(memory) == opened(memory) == ["Integration tests need Postgres"]
    assert len(reads) == 1

    memory.commit("more", {"memory/testing.md": f"# Testing\n\n{FACT}- They take a minute\n"})
    assert opened(memory) == ["Integration tests need Postgres", "They take a minute"]


@pytest.mark.parametrize("damage", [b"", b"no database", b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_damaged_index_is_made_again(memory: Sandbox, damage: bytes) -> None:
    opened(memory)
    kept: Path = folder_of(memory) / "recall.sqlite"
    whole = kept.read_bytes()
    for content in (damage, whole[: len(whole) // 2], whole[:100] + damage + whole[200:]):
        kept.write_bytes(content)
        assert opened(memory) == ["Integration tests need Postgres"]


def test_where_it_cannot_be_kept_the_lines_are_read_every_time(memory: Sandbox) -> None:
    opened(memory)
    (folder_of(memory) / "recall.sqlite").unlink()
    (folder_of(memory) / "recall.sqlite").mkdir()

    assert opened(memory) == ["Integration tests need Postgres"]

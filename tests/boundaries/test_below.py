from __future__ import annotations

from pathlib import Path

import pytest

from gitmem.boundaries import boot_words
from gitmem.git.repository import Repository, discover
from tests.support.sandbox import Sandbox

INDEX = "# Memory\n\n- [testing](testing.md): What was learned about testing.\n"


@pytest.fixture
def repo(sandbox: Sandbox) -> Repository:
    sandbox.write("memory/MEMORY.md", INDEX)
    sandbox.write("packages/app/main.py", "pass\n")
    return discover(str(sandbox.path), {})


def test_below_the_top_the_model_gets_the_index_and_its_place(repo: Repository) -> None:
    told = boot_words.index_below_top(repo, f"{repo.top}/packages/app")

    assert "started in packages/app" in told
    assert "../../memory/MEMORY.md" in told
    assert told.endswith(INDEX)


def test_at_the_top_and_outside_the_client_loads_what_it_loads(
    repo: Repository, tmp_path: Path
) -> None:
    assert [
        boot_words.index_below_top(repo, place) for place in (repo.top, str(tmp_path), "", "/")
    ] == [""] * 4


def test_a_long_index_is_named_and_not_given(repo: Repository, sandbox: Sandbox) -> None:
    sandbox.write("memory/MEMORY.md", "- a line\n" * 2000)

    told = boot_words.index_below_top(repo, f"{repo.top}/packages")

    assert told.endswith("read ../memory/MEMORY.md")
    assert len(told) < 500


def test_the_folder_of_the_settings_counts(repo: Repository, sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "version: 1\nmemory: notes  # not code\n")
    assert boot_words.index_below_top(repo, f"{repo.top}/packages") == ""

    sandbox.write("notes/MEMORY.md", INDEX)
    assert "../notes/MEMORY.md" in boot_words.index_below_top(repo, f"{repo.top}/packages")


def test_an_index_that_is_a_link_is_not_followed(repo: Repository, sandbox: Sandbox) -> None:
    (sandbox.path / "memory/MEMORY.md").unlink()
    (sandbox.path / "memory/MEMORY.md").symlink_to("/etc/hostname")

    assert boot_words.index_below_top(repo, f"{repo.top}/packages") == ""

"""How much of a tree a close builds on."""

from __future__ import annotations

import pytest

from gitmem.core.bounds import FILE_LINES, GROUND_LINES
from gitmem.git import repository
from gitmem.git.objects import TooLarge
from gitmem.memory.topics import new_topic_file
from gitmem.memory.tree import MemoryTree
from gitmem.memory.tree_reader import places, read_tree
from tests.support.sandbox import Sandbox


def written(sandbox: Sandbox, folder: str) -> str:
    """A commit whose folder has more lines in all than a close reads of topics."""
    number = GROUND_LINES // FILE_LINES + 1
    names = [f"{folder}/topic-{place}.md" for place in range(number)]
    sandbox.commit("many", dict.fromkeys(names, "x\n" * FILE_LINES))
    return sandbox.git("rev-parse", "HEAD")


def test_more_lines_than_a_close_reads_are_refused(sandbox: Sandbox) -> None:
    repo = repository.discover(str(sandbox.path), {})

    with pytest.raises(TooLarge, match="lines"):
        read_tree(repo, written(sandbox, "memory"), "memory")


def test_bodies_do_not_count_as_lines(sandbox: Sandbox) -> None:
    repo = repository.discover(str(sandbox.path), {})

    tree = read_tree(repo, written(sandbox, "memory/details"), "memory")

    assert sum(text.count("\n") for text in tree.texts.values()) > GROUND_LINES


def test_only_a_topic_with_a_description_of_its_own_says_what_it_is_about() -> None:
    texts = {
        "memory/ci.md": new_topic_file("ci"),
        "memory/deploys.md": new_topic_file("deploys", "How releases go out."),
        "memory/facts.md": new_topic_file("facts", "Whatever is so."),
        "memory/plain.md": "- a line\n",
        "memory/MEMORY.md": "---\ndescription: The index.\n---\n",
        "docs/notes.md": new_topic_file("notes", "Elsewhere."),
    }
    ground = MemoryTree(folder="memory", texts=texts)

    assert places(ground).topics == {"memory/deploys.md": "How releases go out."}

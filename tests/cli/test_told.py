"""What `status` says of memory is kept for its commit, and never outlives it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.support.queues import folder_of
from tests.support.sandbox import Sandbox

CONFIG = "version: 1\ntarget: main\n"
INDEX = "# Memory\n\n@one.md\n"


@pytest.fixture
def wired(sandbox: Sandbox) -> Sandbox:
    sandbox.commit(
        "memory",
        {
            ".gitmem/config.yaml": CONFIG,
            "memory/MEMORY.md": INDEX,
            "memory/one.md": "# One\n\n- a\n",
        },
    )
    assert sandbox.gitmem("flag", "It rains").code == 0  # gitmem's folder is there
    return sandbox


def kept(sandbox: Sandbox) -> Path:
    return Path(folder_of(sandbox), "told.json")


def said(sandbox: Sandbox) -> str:
    done = sandbox.gitmem("status")
    assert (done.code, done.err) == (0, "")
    return next(line for line in done.out.splitlines() if "loaded, " in line)


def test_a_kept_sentence_is_said_without_reading_memory(wired: Sandbox) -> None:
    first = said(wired)
    value = json.loads(kept(wired).read_text(encoding="utf-8"))
    assert value["sentences"][0] == first
    value["sentences"] = ["9 of 9 topics are loaded, 1 of 2 bytes"]
    kept(wired).write_text(json.dumps(value), encoding="utf-8")

    assert said(wired) == "9 of 9 topics are loaded, 1 of 2 bytes"


@pytest.mark.parametrize("part", [0, 1, 2], ids=["version", "commit", "folder"])
def test_what_was_kept_of_something_else_is_not_said(wired: Sandbox, part: int) -> None:
    first = said(wired)
    value = json.loads(kept(wired).read_text(encoding="utf-8"))
    value["of"][part] += "x"
    value["sentences"] = ["stale: 7 topics are loaded, x"]
    kept(wired).write_text(json.dumps(value), encoding="utf-8")

    assert said(wired) == first


def test_the_next_commit_is_told_as_it_is(wired: Sandbox) -> None:
    first = said(wired)
    wired.commit("more", {"memory/two.md": "# Two\n\n- b\n"})

    assert said(wired) != first


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"of": 1}', '{"of": OF, "sentences": [1]}', '{"of": OF}', "\x00" * 99],
    ids=range(7),
)
def test_a_damaged_file_is_made_again(wired: Sandbox, content: str) -> None:
    first = said(wired)
    whole = kept(wired).read_text(encoding="utf-8")
    of = json.dumps(json.loads(whole)["of"])
    kept(wired).write_text(content.replace("OF", of), encoding="utf-8")

    assert said(wired) == first
    assert kept(wired).read_text(encoding="utf-8") == whole


def test_a_file_that_cannot_be_written_changes_nothing(wired: Sandbox) -> None:
    kept(wired).mkdir()

    assert said(wired) == said(wired)

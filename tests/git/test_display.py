"""The difference a person is shown: no command that a configuration names, no drain record."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gitmem.git import objects, repository
from gitmem.git.objects import NoDiff
from tests.support.sandbox import Sandbox


def shown(sandbox: Sandbox, old: str) -> str:
    repo = repository.discover(str(sandbox.path), os.environ)
    return objects.diff_for_person(repo, old, sandbox.git("rev-parse", "HEAD"))


def test_records_are_left_out_and_nothing_configured_runs(sandbox: Sandbox, tmp_path: Path) -> None:
    old = sandbox.git("rev-parse", "HEAD")
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
    program.chmod(0o755)
    for key in ("diff.external", "diff.md.textconv", "core.pager", "pager.diff"):
        sandbox.git("config", key, str(program))
    sandbox.commit(
        "memory",
        {
            ".gitattributes": "*.md diff=md\n",
            "memory/a.md": "- caf\u00e9\n",
            ".gitmem/drains/x.jsonl": "{}\n",
        },
    )

    text = shown(sandbox, old)

    assert "+- caf\u00e9\n" in text
    assert "x.jsonl" not in text
    assert "\x1b[" not in text
    assert not (tmp_path / "ran").exists()


def test_a_root_commit_is_shown_from_nothing(sandbox: Sandbox) -> None:
    assert "+# A project\n" in shown(sandbox, "")


def test_a_commit_that_is_not_there_is_said(sandbox: Sandbox) -> None:
    with pytest.raises(NoDiff):
        shown(sandbox, "0" * 39 + "1")

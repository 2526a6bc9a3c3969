"""Where gitmem cannot work: a repository that git does not trust, and a working folder that is gone."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.clients import COMMANDS, SESSION
from tests.support.sandbox import GITMEM, PATIENCE, Sandbox

CLIENT = COMMANDS["claude-code"]


@pytest.fixture
def foreign(sandbox: Sandbox) -> Sandbox:
    """A wired clone whose folder belongs to another user, as in a container with a mounted folder."""
    assert sandbox.gitmem("init").code == 0
    assert sandbox.gitmem("flag", "deploys need the VPN").code == 0
    if os.geteuid() == 0:
        os.chown(sandbox.path, 4321, 4321)
    else:  # another user's folder cannot be made here: the root folder is one
        pytest.skip("only root can give a folder away (2026-11-29)")
    return sandbox


def hook(sandbox: Sandbox, event: str, cwd: Path) -> str:
    payload = {
        "hook_event_name": event,
        "session_id": SESSION,
        "cwd": str(cwd),
        "source": "startup",
    }
    done = sandbox.gitmem(
        "hook", "claude-code", event, input=json.dumps(payload), env=CLIENT, cwd=sandbox.path.parent
    )
    assert (done.code, done.err) == (0, "")
    return done.out


@pytest.mark.parametrize(
    "args", [("flag", "a fact"), ("status",), ("close",), ("doctor",), ("init",)]
)
def test_a_repository_that_git_does_not_trust_is_told_with_git_s_own_hint(
    foreign: Sandbox, args: tuple[str, ...]
) -> None:
    done = foreign.gitmem(*args)

    assert done.code == 3
    assert f"detected dubious ownership in repository at '{foreign.path}'" in done.err
    assert (
        f"hint: if you trust it: git config --global --add safe.directory {foreign.path}"
        in done.err
    )
    assert "\\x" not in done.err
    assert ("NOT SAVED" in done.err) is (args[0] == "flag")


def test_what_git_hints_at_helps(foreign: Sandbox) -> None:
    hint = foreign.gitmem("flag", "a fact").err.partition("if you trust it: git ")[2].split("\n")[0]
    foreign.git(*hint.split())

    assert foreign.gitmem("flag", "a fact").code == 0


def test_a_boot_says_that_nothing_is_captured_there(foreign: Sandbox) -> None:
    said = json.loads(hook(foreign, "SessionStart", foreign.path))

    for words in (said["systemMessage"], said["hookSpecificOutput"]["additionalContext"]):
        assert words.startswith("gitmem: nothing can be flagged here: git refuses this repository")
        assert "safe.directory" in words
        assert "\n" not in words
    for event in ("UserPromptSubmit", "PostToolUse", "Stop", "SessionEnd"):
        assert hook(foreign, event, foreign.path) == ""


def test_a_boot_in_a_foreign_repository_without_gitmem_is_silent(foreign: Sandbox) -> None:
    shutil.rmtree(foreign.path / ".gitmem")
    shutil.rmtree(foreign.path / ".git" / "gitmem")

    assert hook(foreign, "SessionStart", foreign.path) == ""


@pytest.mark.parametrize(
    "args", [("flag", "a fact"), ("status",), ("close",), ("why", "x"), ("init",)]
)
def test_a_working_folder_that_was_deleted_is_told(sandbox: Sandbox, args: tuple[str, ...]) -> None:
    folder = sandbox.path / "deleted"
    folder.mkdir()
    script = f'rmdir "{folder}"; exec "{GITMEM}" "$@"'

    done = subprocess.run(
        ["/bin/sh", "-c", script, "sh", *args],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert done.returncode == 3, done.stderr
    assert "the working folder is gone" in done.stderr
    assert "hint: change to a folder that exists" in done.stderr
    assert "Traceback" not in done.stderr
    if args[0] == "flag":
        assert "NOT SAVED" in done.stderr
        assert "a fact" in done.stderr


def test_a_boot_in_a_folder_that_was_deleted_says_so(sandbox: Sandbox) -> None:
    linked = sandbox.worktree("linked")
    shutil.rmtree(linked.path)

    said = json.loads(hook(sandbox, "SessionStart", linked.path))

    assert f"the working folder {linked.path} is gone" in said["systemMessage"]


def test_a_boot_outside_of_any_repository_is_silent(sandbox: Sandbox, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()

    assert hook(sandbox, "SessionStart", empty) == ""

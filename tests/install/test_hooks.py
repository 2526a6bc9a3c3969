"""The shipped hook commands, run by real shells as a client runs them."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from gitmem.bootstrap import assets
from tests.support.sandbox import PATIENCE, Result, Sandbox

SHIPPED = json.loads(assets.read("hooks/claude-code/hooks.json"))
COMMANDS = {
    event: handler["command"]
    for event, groups in SHIPPED["hooks"].items()
    for group in groups
    for handler in group["hooks"]
}
SHELLS = [shell for shell in ("sh", "dash", "bash", "zsh", "ksh", "busybox") if shutil.which(shell)]
EVENTS = sorted(COMMANDS)
QUIET_EVENTS = sorted(COMMANDS.keys() - {"SessionStart"})


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    """A folder for PATH that holds git and cat and nothing else."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for tool in ("git", "cat"):
        found = shutil.which(tool)
        assert found
        (folder / tool).symlink_to(found)
    return folder


def install(bin_folder: Path, script: str, *, first_line: str = "#!/bin/sh") -> None:
    tool = bin_folder / "gitmem"
    tool.write_text(f"{first_line}\n{script}\n", encoding="utf-8")
    tool.chmod(0o755)


def fire(shell: str, event: str, *, bin_folder: Path, cwd: Path, stdin: str = "{}") -> Result:
    program = shutil.which(shell)
    assert program
    applet = ["sh"] if shell == "busybox" else []
    done = subprocess.run(
        [program, *applet, "-c", COMMANDS[event]],
        cwd=cwd,
        env={**os.environ, "PATH": str(bin_folder)},
        input=stdin,
        capture_output=True,
        check=False,
        encoding="utf-8",
        timeout=PATIENCE,
    )
    return Result(code=done.returncode, out=done.stdout, err=done.stderr)


SILENT = Result(code=0, out="", err="")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", EVENTS)
def test_a_colleague_without_gitmem_notices_nothing(
    shell: str, event: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    assert fire(shell, event, bin_folder=bin_folder, cwd=sandbox.path) == SILENT


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", EVENTS)
def test_outside_any_repository_a_missing_gitmem_is_silent(
    shell: str, event: str, bin_folder: Path, tmp_path: Path
) -> None:
    assert fire(shell, event, bin_folder=bin_folder, cwd=tmp_path) == SILENT


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", EVENTS)
def test_the_payload_reaches_gitmem_and_its_answer_the_client(
    shell: str, event: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    (sandbox.path / ".git/gitmem").mkdir()
    install(bin_folder, 'printf "%s|" "$@"; cat')

    done = fire(shell, event, bin_folder=bin_folder, cwd=sandbox.path, stdin='{"a": "\\n %s"}\n')

    assert done == Result(code=0, out=f'hook|claude-code|{event}|{{"a": "\\n %s"}}\n', err="")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("end", ["exit 2", "exit 1", "kill -9 $$"])
def test_no_failure_of_gitmem_reaches_the_client(
    shell: str, event: str, end: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    install(bin_folder, end)

    done = fire(shell, event, bin_folder=bin_folder, cwd=sandbox.path)

    assert (done.code, done.out) == (0, "")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("event", QUIET_EVENTS)
def test_only_the_session_start_says_that_gitmem_is_missing(
    shell: str, event: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    (sandbox.path / ".git/gitmem").mkdir()

    assert fire(shell, event, bin_folder=bin_folder, cwd=sandbox.path) == SILENT


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("place", ["top", "folder", "worktree"])
def test_a_clone_that_keeps_flags_says_at_boot_that_gitmem_is_missing(
    shell: str, place: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    (sandbox.path / ".git/gitmem").mkdir()
    folder = sandbox.path / "a b" / "c"
    folder.mkdir(parents=True)
    places = {"top": sandbox.path, "folder": folder, "worktree": sandbox.worktree("linked").path}

    done = fire(shell, "SessionStart", bin_folder=bin_folder, cwd=places[place])

    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert list(answer) == ["systemMessage"]
    assert "the gitmem command did not run here" in answer["systemMessage"]


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("first_line", "script"),
    [("#!/nowhere/python", ""), ("#!/bin/sh", "exit 127"), ("#!/bin/sh", "exit 1")],
    ids=["its environment is gone", "a version shim", "it fails"],
)
def test_a_gitmem_that_is_there_and_broken_is_said_at_boot_too(
    shell: str, first_line: str, script: str, bin_folder: Path, sandbox: Sandbox
) -> None:
    (sandbox.path / ".git/gitmem").mkdir()
    install(bin_folder, script, first_line=first_line)

    done = fire(shell, "SessionStart", bin_folder=bin_folder, cwd=sandbox.path)

    assert done.code == 0
    assert "did not run here" in json.loads(done.out)["systemMessage"]


def test_no_hook_is_installed_where_its_words_would_do_harm() -> None:
    assert not {"SubagentStop", "TaskCompleted", "PostCompact"} & set(EVENTS)


def test_every_hook_is_bounded() -> None:
    handlers = [
        handler
        for groups in SHIPPED["hooks"].values()
        for group in groups
        for handler in group["hooks"]
    ]

    assert [(handler["type"], handler["timeout"]) for handler in handlers] == [("command", 10)] * 10


@pytest.mark.parametrize(
    ("tool", "fires"),
    [
        ("Bash", True),
        ("WebFetch", True),
        ("WebSearch", True),
        ("mcp__tracker__read_issue", True),
        ("mcp__sessions__mark_chapter", True),
        ("Agent", True),
        ("Task", True),
        ("TaskUpdate", True),
        ("TodoWrite", True),
        ("Read", False),
        ("Edit", False),
        ("TaskCreate", False),
    ],
)
def test_a_tool_call_fires_where_a_boundary_or_text_of_strangers_may_come_from(
    tool: str, fires: bool
) -> None:
    # The client takes a matcher with other signs than letters and bars as a regular expression.
    (group,) = SHIPPED["hooks"]["PostToolUse"]

    assert bool(re.fullmatch(group["matcher"], tool)) == fires

"""`gitmem init` and `uninstall` in real repositories, through the console script."""

from __future__ import annotations

import json

from tests.support.sandbox import Sandbox


def test_init_wires_the_repository_and_a_second_one_changes_nothing(sandbox: Sandbox) -> None:
    first = sandbox.gitmem("init")
    state = sandbox.git("status", "--short", "--untracked-files=all")
    second = sandbox.gitmem("init", "--json")

    assert first.code == second.code == 0
    assert json.loads(second.out)["changed"] == []
    assert sandbox.git("status", "--short", "--untracked-files=all") == state
    assert "target: main" in sandbox.read(".gitmem/config.yaml")
    assert "@memory/MEMORY.md" in sandbox.read("CLAUDE.md")
    settings = json.loads(sandbox.read(".claude/settings.json"))
    assert settings["permissions"]["allow"] == ["Bash(gitmem flag *)", "Bash(gitmem snag *)"]
    assert set(settings["hooks"]) == {"SessionStart", "PostToolUse", "PostToolBatch", "SessionEnd"}


def test_a_dry_run_shows_the_difference_and_writes_nothing(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("init", "--dry-run")

    assert answer.code == 0
    assert "+target: main" in answer.out
    assert sandbox.git("status", "--short") == ""


def test_the_target_is_fixed_at_the_first_init(sandbox: Sandbox) -> None:
    sandbox.gitmem("init")
    sandbox.git("switch", "--quiet", "--create", "feature")
    again = sandbox.gitmem("init", "--json")

    assert json.loads(again.out)["target"] == "main"


def test_a_target_may_be_named(sandbox: Sandbox) -> None:
    sandbox.git("branch", "trunk")
    answer = sandbox.gitmem("init", "--target", "trunk", "--json")

    assert json.loads(answer.out)["target"] == "trunk"
    assert "target: trunk" in sandbox.read(".gitmem/config.yaml")


def test_init_works_before_the_first_commit(empty_sandbox: Sandbox) -> None:
    assert empty_sandbox.gitmem("init").code == 0
    assert "target: main" in empty_sandbox.read(".gitmem/config.yaml")


def test_an_ignored_memory_folder_is_refused_and_nothing_is_written(sandbox: Sandbox) -> None:
    sandbox.write(".gitignore", "memory/\n")
    answer = sandbox.gitmem("init")

    assert answer.code == 4
    assert "memory" in answer.err
    assert not (sandbox.path / "CLAUDE.md").exists()


def test_uninstall_takes_the_wiring_out_and_leaves_what_was_there(sandbox: Sandbox) -> None:
    sandbox.commit("rules", {"CLAUDE.md": "# Rules\n\nBe kind.\n"})
    sandbox.gitmem("init")
    answer = sandbox.gitmem("uninstall")

    assert answer.code == 0
    assert sandbox.read("CLAUDE.md") == "# Rules\n\nBe kind.\n"
    assert sandbox.git("status", "--short") == ""

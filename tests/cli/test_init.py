"""`gitmem init` and `uninstall` in real repositories, through the console script."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pytest

from gitmem.bootstrap import assets
from tests.support.sandbox import (
    GITMEM,
    PATIENCE,
    Sandbox,
    changed_environment,
    heed_interrupts,
)

INTERRUPT = "\x03"  # what Ctrl-C sends


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
    shipped = json.loads(assets.read("hooks/claude-code/hooks.json"))
    assert settings["hooks"] == shipped["hooks"]


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


# ---------------------------------------------------------------- the two questions


def on_a_terminal(
    sandbox: Sandbox,
    *args: str,
    types: Sequence[str],
    env: Mapping[str, str | None],
    closes: Sequence[str] = ("\x04",),
) -> tuple[int, str]:
    """Runs a command whose three streams are a terminal; each prompt gets the next of ``types``.

    ``closes`` are for the question about closing by itself. An end of input is typed as Ctrl-D. The exit code, and what the terminal showed without its line
    breaks.
    """
    leader, follower = pty.openpty()
    child = subprocess.Popen(
        [GITMEM, *args],
        cwd=sandbox.path,
        env=changed_environment(env),
        stdin=follower,
        stdout=follower,
        stderr=follower,
        start_new_session=True,
        preexec_fn=_take_the_terminal,  # noqa: PLW1509 - no thread here
    )
    os.close(follower)
    prompts = {"engine [verbatim]: ": list(types), "close automatically [yes]: ": list(closes)}
    shown, typed, until = "", "", time.monotonic() + PATIENCE
    try:
        while time.monotonic() < until:
            if not select.select([leader], [], [], 0.5)[0]:
                # A Ctrl-C between the prompt and the read that follows it interrupts only when that
                # read ends. A line ends it; a second Ctrl-C could hit what the first one began.
                if typed == INTERRUPT:
                    os.write(leader, b"\n")
                continue
            try:
                shown += os.read(leader, 65536).decode()
            except OSError:  # the other end is closed
                break
            for prompt, waiting in prompts.items():
                if waiting and shown.endswith(prompt):
                    typed = waiting.pop(0)
                    os.write(leader, typed.encode())
        code = child.wait(PATIENCE)
    finally:
        child.kill()
        child.wait()
        os.close(leader)  # not before the end: a terminal that goes away is a SIGHUP
    return code, " ".join(shown.split())


def _take_the_terminal() -> None:
    """Makes it the child's, and Ctrl-C a signal."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    heed_interrupts()


def with_programs(folder: Path, *names: str) -> dict[str, str | None]:
    """An environment whose PATH has these programs, and of the engines' own none else."""
    folder.mkdir()
    (folder / "git").symlink_to(next(_found("git")))
    for name in names:
        (folder / name).write_text("#!/bin/sh\n", encoding="utf-8")
        (folder / name).chmod(0o755)
    return {"PATH": str(folder)}


def _found(name: str) -> Iterator[Path]:
    for part in os.environ["PATH"].split(os.pathsep):
        if (Path(part) / name).exists():
            yield Path(part) / name


def engine_of(sandbox: Sandbox) -> str:
    return sandbox.git("config", "--local", "--get", "gitmem.engine", check=False)


def test_without_a_terminal_nothing_is_asked_and_how_to_choose_is_said(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("init", input="anthropic\n")

    assert answer.code == 0
    assert "Who judges" not in answer.out
    assert (
        "engine verbatim (no model is configured); to change it: gitmem init --engine NAME"
        in answer.out
    )
    assert engine_of(sandbox) == ""


def test_on_a_terminal_it_asks_once_and_keeps_the_answer_in_git_config_alone(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    env = with_programs(tmp_path / "bin", "claude")

    code, shown = on_a_terminal(sandbox, "init", types=["claude\n"], env=env)

    assert code == 0
    assert shown.count("engine [verbatim]:") == 1
    assert "own login" in shown
    assert "codex" not in shown
    assert engine_of(sandbox) == "claude"
    assert "engine claude (git config gitmem.engine)" in shown
    assert "claude\n" not in sandbox.read(".gitmem/config.yaml")
    code, shown = on_a_terminal(sandbox, "init", types=[], env=env)
    assert code == 0
    assert "Who judges" not in shown
    assert "everything is in place already" in shown


@pytest.mark.parametrize(
    ("types", "engine"),
    [
        (["\n"], "verbatim"),
        (["2\n"], "anthropic"),
        (["oracle\n", "9\n", "verbatim\n"], "verbatim"),
        (["a\n", "b\n", "c\n"], ""),
        (["\x04"], ""),
    ],
)
def test_a_number_a_name_or_nothing_is_an_answer(
    sandbox: Sandbox, tmp_path: Path, types: list[str], engine: str
) -> None:
    code, shown = on_a_terminal(sandbox, "init", types=types, env=with_programs(tmp_path / "bin"))

    assert code == 0
    assert engine_of(sandbox) == engine
    assert "needs ANTHROPIC_API_KEY" in shown
    assert (sandbox.path / ".gitmem/config.yaml").exists()


def test_a_key_in_the_environment_makes_anthropic_ready(sandbox: Sandbox, tmp_path: Path) -> None:
    env = {**with_programs(tmp_path / "bin"), "ANTHROPIC_API_KEY": "test-key-0123456789"}

    _, shown = on_a_terminal(sandbox, "init", types=["anthropic\n"], env=env)

    assert "ANTHROPIC_API_KEY is in the environment" in shown
    assert "needs ANTHROPIC_API_KEY" not in shown
    assert "test-key" not in shown
    assert engine_of(sandbox) == "anthropic"


def test_an_interrupted_question_leaves_everything_as_it_was(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    code, _ = on_a_terminal(sandbox, "init", types=[INTERRUPT], env=with_programs(tmp_path / "bin"))

    assert code == 130
    assert sandbox.git("status", "--short") == ""
    assert engine_of(sandbox) == ""


@pytest.mark.parametrize(
    "more", [{"GITMEM_ENGINE": "verbatim"}, {"CLAUDECODE": "1", "CLAUDE_CODE_SESSION_ID": "s"}]
)
def test_where_something_is_configured_or_an_agent_holds_the_terminal_nothing_is_asked(
    sandbox: Sandbox, tmp_path: Path, more: dict[str, str]
) -> None:
    env = {**with_programs(tmp_path / "bin"), **more}

    code, shown = on_a_terminal(sandbox, "init", types=[], env=env)

    assert code == 0
    assert "Who judges" not in shown


@pytest.mark.parametrize("option", ["--json", "--dry-run"])
def test_for_a_program_and_in_a_dry_run_nothing_is_asked(
    sandbox: Sandbox, tmp_path: Path, option: str
) -> None:
    code, shown = on_a_terminal(
        sandbox, "init", option, types=[], env=with_programs(tmp_path / "bin")
    )

    assert code == 0
    assert "Who judges" not in shown


def test_an_engine_may_be_named_at_any_time(sandbox: Sandbox) -> None:
    dry = sandbox.gitmem("init", "--engine", "claude", "--dry-run")
    assert "engine claude (--engine)" in dry.out
    assert engine_of(sandbox) == ""

    first = sandbox.gitmem("init", "--engine", "claude", "--json")
    again = sandbox.gitmem("init", "--engine", "codex")

    assert json.loads(first.out)["engine"] == "claude"
    assert "engine codex (git config gitmem.engine)" in again.out
    assert engine_of(sandbox) == "codex"


def test_an_engine_nobody_knows_stops_before_anything_is_written(sandbox: Sandbox) -> None:
    assert sandbox.gitmem("init", "--engine", "oracle").code == 2
    sandbox.git("config", "gitmem.engine", "oracle")
    assert sandbox.gitmem("init").code == 2
    assert sandbox.git("status", "--short") == ""

    assert sandbox.gitmem("init", "--engine", "verbatim").code == 0
    assert engine_of(sandbox) == "verbatim"


def test_a_git_config_that_cannot_be_written_is_said(sandbox: Sandbox) -> None:
    (sandbox.path / ".git/config.lock").touch()

    answer = sandbox.gitmem("init", "--engine", "claude")

    assert answer.code == 8
    assert "git config gitmem.target could not be set" in answer.err


def test_uninstall_unsets_the_engine_of_this_clone_and_no_other_setting(sandbox: Sandbox) -> None:
    sandbox.git("config", "--global", "gitmem.engine", "llm")
    sandbox.gitmem("init", "--engine", "claude")
    sandbox.git("config", "gitmem.model", "big")

    dry = sandbox.gitmem("uninstall", "--dry-run")
    assert "would unset git config gitmem.engine (it was claude)" in dry.out
    assert engine_of(sandbox) == "claude"
    done = sandbox.gitmem("uninstall")
    again = sandbox.gitmem("uninstall", "--json")

    assert "unset git config gitmem.engine (it was claude)" in done.out
    assert json.loads(again.out)["engine"] is None
    assert sandbox.git("config", "--get-regexp", "^gitmem").splitlines() == [
        "gitmem.engine llm",
        "gitmem.model big",
    ]


def auto_close_of(sandbox: Sandbox) -> str:
    return sandbox.git("config", "--local", "--get", "gitmem.autoClose", check=False)


@pytest.mark.parametrize(
    ("closes", "kept"),
    [
        (["\n"], "true"),
        (["No\n"], "false"),
        (["maybe\n", "y\n"], "true"),
        (["a\n", "b\n", "c\n"], ""),
        (["\x04"], ""),
    ],
)
def test_closing_by_itself_is_asked_for_once_and_yes_is_what_enter_means(
    sandbox: Sandbox, tmp_path: Path, closes: list[str], kept: str
) -> None:
    env = with_programs(tmp_path / "bin")
    code, shown = on_a_terminal(sandbox, "init", types=["\n"], closes=closes, env=env)

    assert code == 0
    assert "it never lands anything. Recommended." in shown
    assert auto_close_of(sandbox) == kept
    assert "autoClose" not in sandbox.git("grep", "--untracked", "autoClose", check=False)
    _, again = on_a_terminal(sandbox, "init", types=[], closes=["\x04"], env=env)
    assert ("close automatically" in again) == (kept == "")


def test_closing_by_itself_is_a_setting_of_this_clone_that_two_options_change(
    sandbox: Sandbox,
) -> None:
    asked = sandbox.gitmem("init")
    assert "prepares nothing; to change that: gitmem init --auto-close" in asked.out
    dry = sandbox.gitmem("init", "--auto-close", "--dry-run")
    assert "the end of a session prepares the review" in dry.out
    assert auto_close_of(sandbox) == ""

    on = sandbox.gitmem("init", "--auto-close", "--json")
    assert (json.loads(on.out)["auto_close"], auto_close_of(sandbox)) == (True, "true")
    off = sandbox.gitmem("init", "--no-auto-close", "--json")
    assert (json.loads(off.out)["auto_close"], auto_close_of(sandbox)) == (False, "false")

    done = sandbox.gitmem("uninstall")
    assert "unset git config gitmem.autoClose (it was false)" in done.out
    assert auto_close_of(sandbox) == ""


def test_wiring_that_git_ignores_is_not_called_healthy(sandbox: Sandbox) -> None:
    sandbox.commit("ignore", {".gitignore": ".claude/\n"})

    done = sandbox.gitmem("init")
    told = sandbox.gitmem("doctor")

    files = ".claude/settings.json .claude/skills/gitmem-close/SKILL.md"
    for said in (done.err, told.out):
        assert "git ignores .claude/settings.json" in said
        assert "others do not get the hooks, nor does a linked work tree" in said
        assert f"git add --force {files}" in said
    assert f"next: git add --force {files}" in done.out
    assert "all is well" not in told.out

    sandbox.git("add", "--force", *files.split())
    assert "git ignores" not in sandbox.gitmem("init").err
    assert "git ignores" not in sandbox.gitmem("doctor").out


def test_init_on_a_feature_branch_takes_the_main_one_for_the_target(sandbox: Sandbox) -> None:
    sandbox.commit("first")
    sandbox.git("checkout", "--quiet", "-b", "feature-x")

    done = sandbox.gitmem("init")

    assert done.code == 0, done.err
    assert "memory will live on main" in done.out


def test_init_asks_where_no_branch_is_the_main_one(sandbox: Sandbox) -> None:
    sandbox.commit("first")
    sandbox.git("branch", "--move", "alpha")
    sandbox.git("checkout", "--quiet", "-b", "beta")

    done = sandbox.gitmem("init")

    assert done.code == 2
    assert "gitmem init --target NAME" in done.err
    assert sandbox.gitmem("init", "--target", "alpha").code == 0


def test_a_target_that_is_gone_is_changed_by_the_command_that_status_names(
    sandbox: Sandbox,
) -> None:
    sandbox.commit("first")
    sandbox.git("checkout", "--quiet", "-b", "feature-x")
    assert sandbox.gitmem("init", "--target", "feature-x").code == 0
    sandbox.git("checkout", "--quiet", "main")
    sandbox.git("branch", "--delete", "--force", "feature-x")

    status = sandbox.gitmem("status")
    assert (status.code, "gitmem init --target NAME" in status.err + status.out) == (5, True)

    assert sandbox.gitmem("init", "--target", "main").code == 0
    assert sandbox.gitmem("status").code == 0


def test_init_writes_to_what_a_link_names_where_a_checkout_has_no_links(sandbox: Sandbox) -> None:
    sandbox.commit("agents", {"AGENTS.md": "# Agents\n"})
    (sandbox.path / "CLAUDE.md").symlink_to("AGENTS.md")
    sandbox.git("add", "CLAUDE.md")
    sandbox.commit("link")
    sandbox.git("config", "core.symlinks", "false")
    (sandbox.path / "CLAUDE.md").unlink()
    sandbox.git("checkout", "--", "CLAUDE.md")
    assert not (sandbox.path / "CLAUDE.md").is_symlink()

    assert sandbox.gitmem("init").code == 0

    assert sandbox.read("CLAUDE.md") == "AGENTS.md"
    assert "gitmem:begin" in sandbox.read("AGENTS.md")
    assert sandbox.git("status", "--porcelain", "CLAUDE.md") == ""

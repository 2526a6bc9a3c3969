"""The command line as a whole: help, version, bad input, where there is no repository."""

from __future__ import annotations

import os
import pty
import subprocess
from pathlib import Path

import pytest
from typer.main import get_group

from gitmem.cli.app import COMMANDS as COMMAND_TABLE
from gitmem.cli.app import app
from tests.support.sandbox import GITMEM, Sandbox, changed_environment

COMMANDS = sorted(get_group(app).commands)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_written_for_a_person(sandbox: Sandbox, command: str) -> None:
    answer = sandbox.gitmem(command, "--help")

    assert answer.code == 0
    assert answer.out.startswith("Usage: gitmem ")
    first = answer.out.splitlines()[2].strip()
    assert first.endswith((".", ",")) or len(first) > 40, first


def test_gitmem_alone_shows_its_help_as_it_is(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem()

    assert answer.code == 2
    assert "\n  flag       Keep one durable fact" in answer.out + answer.err
    assert "\\x0a" not in answer.out + answer.err


@pytest.mark.parametrize("command", COMMANDS)
def test_every_option_says_what_it_is_for(command: str) -> None:
    for parameter in get_group(app).commands[command].params:
        assert getattr(parameter, "help", None), f"{command} {parameter.name}"


def test_the_list_of_commands_says_of_each_what_its_own_help_says() -> None:
    group = get_group(app)
    for row in COMMAND_TABLE:
        if not row.hidden:
            command = group.commands[row.name]
            assert row.described().get_short_help_str(80) == command.get_short_help_str(80)
            assert not command.hidden


def test_no_command_is_loaded_before_it_is_asked_for(sandbox: Sandbox) -> None:
    for code in ("import gitmem.cli.app", "from gitmem.cli import app; app.run(['--help'])"):
        assert modules_after(code, sandbox) & {row.name for row in COMMAND_TABLE} == set()


@pytest.mark.parametrize("command", ["", "status", "log", "check"])
def test_a_text_that_is_cut_short_loads_no_tables_of_widths(sandbox: Sandbox, command: str) -> None:
    assert sandbox.gitmem("flag", "word " * 60).code == 0
    argv = [command] if command else []

    assert "rich" not in modules_after(f"from gitmem.cli import warm; warm.run({argv})", sandbox)


@pytest.mark.parametrize("command", [["status"], ["log"], ["check"], ["why", "README.md:1"]])
def test_a_command_that_is_asked_nothing_special_loads_no_library_to_read_its_options(
    sandbox: Sandbox, command: list[str]
) -> None:
    assert "pydantic" not in modules_after(
        f"from gitmem.cli import app; app.run({command})", sandbox
    )


@pytest.mark.parametrize(
    ("before", "command"),
    [
        ([], ["init", "--dry-run"]),
        ([], ["doctor"]),
        ([], ["close", "--engine", "verbatim"]),
        (["close"], ["review"]),
        (["close"], ["accept"]),
    ],
    ids=str,
)
def test_a_command_that_judges_nothing_loads_neither_the_judge_nor_its_words(
    sandbox: Sandbox, before: list[str], command: list[str]
) -> None:
    for done in (["flag", "The build needs Node 22"], *filter(None, [before])):
        assert sandbox.gitmem(*done).code == 0
    loaded = modules_after(f"from gitmem.cli import app; app.run({command})", sandbox)

    assert {f"gitmem.grounding.{name}" for name in ("judge", "words")}.isdisjoint(loaded)
    assert "asyncio" not in loaded, "which only asks a server"


def modules_after(code: str, sandbox: Sandbox) -> set[str]:
    """The last parts of the names of our commands' modules, and the libraries, that code loads."""
    told = (
        "import sys; print('\\n', *[m.removeprefix('gitmem.cli.commands.') for m in sys.modules])"
    )
    done = subprocess.run(
        [GITMEM.with_name("python"), "-c", f"{code}; {told}"],
        cwd=sandbox.path,
        env=changed_environment(None),
        stdout=subprocess.PIPE,
        encoding="utf-8",
        check=True,
    )
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        (["gitmem", "s"], ["snag", "status", "sync", "show", "stats"]),
        (["gitmem", "--v"], ["--version"]),
        (["gitmem", "--in"], ["--install-completion"]),
        (["gitmem", "check", "--scope", ""], ["auto", "branch", "all"]),
    ],
)
def test_a_shell_completes_commands_and_options(
    sandbox: Sandbox, typed: list[str], shown: list[str]
) -> None:
    environ = {
        "_GITMEM_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(typed),
        "COMP_CWORD": str(len(typed) - 1),
    }

    assert sandbox.gitmem(env=environ).out.split() == shown


def test_the_options_for_a_shell_s_completion_are_gitmem_s_and_no_command_s(
    sandbox: Sandbox,
) -> None:
    assert "--install-completion" in sandbox.gitmem("--help").out
    assert "No such option" in sandbox.gitmem("status", "--install-completion").err


def test_the_version_is_the_distribution_s(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("--version")

    assert answer.code == 0
    assert answer.out.startswith("gitmem 0.")


def test_an_unknown_command_is_a_usage_error(sandbox: Sandbox) -> None:
    answer = sandbox.gitmem("flog")

    assert answer.code == 2
    assert "flog" in answer.err


@pytest.mark.parametrize("command", ["status", "log", "close", "review", "accept", "discard"])
def test_outside_a_repository_a_command_says_so_with_a_hint(tmp_path: Path, command: str) -> None:
    answer = Sandbox(tmp_path).gitmem(command)

    assert answer.code == 3
    assert "not inside a git repository" in answer.err
    assert "hint: " in answer.err


def test_outside_a_repository_a_check_cannot_tell(tmp_path: Path) -> None:
    answer = Sandbox(tmp_path).gitmem("check", "--json")

    assert answer.code == 5
    assert '"ok": false' in answer.out


def test_a_settings_file_that_is_not_in_order_is_named_with_its_key(sandbox: Sandbox) -> None:
    sandbox.write(".gitmem/config.yaml", "engine: anthropic\n")

    answer = sandbox.gitmem("status")

    assert answer.code == 8
    assert ".gitmem/config.yaml" in answer.err
    assert "engine" in answer.err


@pytest.mark.parametrize("way", ["option", "environment", "git config"])
def test_an_unknown_engine_is_named_with_where_it_came_from(sandbox: Sandbox, way: str) -> None:
    options = ["--engine", "oracle"] if way == "option" else []
    if way == "git config":
        sandbox.git("config", "gitmem.engine", "oracle")
    answer = sandbox.gitmem(
        "close", *options, env={"GITMEM_ENGINE": "oracle" if way == "environment" else None}
    )

    assert answer.code == 2
    assert "'oracle'" in answer.err
    assert {"option": "--engine", "environment": "GITMEM_ENGINE"}.get(way, way) in answer.err


def test_git_mem_is_the_same_command(sandbox: Sandbox) -> None:
    assert "main" in sandbox.git("mem", "status", "--json", env=with_git_mem())


def with_git_mem() -> dict[str, str]:
    """A PATH on which git finds its extension `git-mem`."""
    return {"PATH": f"{GITMEM.parent}{os.pathsep}{os.environ['PATH']}"}


def test_on_a_terminal_an_error_breaks_between_words(sandbox: Sandbox) -> None:
    near, far = pty.openpty()
    environ = changed_environment({"COLUMNS": "60"})
    done = subprocess.run(
        [GITMEM, "close", "--pr", "--here"],
        cwd=sandbox.path,
        env=environ,
        stderr=far,
        check=False,
    )
    os.close(far)
    shown = os.read(near, 4096).decode().replace("\r\n", "\n")
    os.close(near)

    assert done.returncode == 2
    assert shown == (
        "gitmem: --pr and --here cannot be used together\n"
        "hint: --here puts the memory into the pull request of the\n"
        "    current branch\n"
    )

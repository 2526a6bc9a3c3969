"""The pager of `review`, `log`, `close` and `stats`, on a real terminal, as git chooses and runs it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.test_close import flag
from tests.support.sandbox import Sandbox
from tests.support.terminal import Terminal

SAYS = "sed s/^/{}:/"


def terminal(
    sandbox: Sandbox,
    *args: str,
    env: dict[str, str | None] | None = None,
    when: str = "",
    then: bytes = b"",
) -> tuple[int, str]:
    """Runs gitmem on a terminal with colours and no size in the environment; the exit code and all that was shown.

    ``then`` is typed once ``when`` was shown.
    """
    real: dict[str, str | None] = {"COLUMNS": None, "NO_COLOR": None, "GIT_PAGER": None}
    with Terminal(sandbox, *args, env={**real, "TERM": "xterm", **(env or {})}) as screen:
        if then:
            screen.until(when)
            screen.press(then)
        return screen.end(), screen.shown


@pytest.fixture
def waiting(sandbox: Sandbox) -> Sandbox:
    flag(sandbox, "deploys need the VPN")
    return sandbox


@pytest.mark.parametrize(
    ("env", "config", "first"),
    [
        ({"GIT_PAGER": SAYS.format("one"), "PAGER": "false"}, SAYS.format("two"), "one:"),
        ({"PAGER": SAYS.format("three")}, SAYS.format("two"), "two:"),
        ({"PAGER": SAYS.format("three")}, "", "three:"),
    ],
)
def test_the_pager_is_the_one_that_git_would_take(
    waiting: Sandbox, env: dict[str, str | None], config: str, first: str
) -> None:
    if config:
        waiting.git("config", "core.pager", config)

    code, shown = terminal(waiting, "log", env=env)

    assert code == 0
    assert shown.startswith(first)
    assert shown.count("deploys need the VPN") == 1


def test_each_of_the_four_commands_has_it_and_a_question_of_the_dry_run_too(
    waiting: Sandbox,
) -> None:
    env: dict[str, str | None] = {"GIT_PAGER": SAYS.format("p")}

    _, dry = terminal(waiting, "close", "--dry-run", env=env)
    _, close = terminal(waiting, "close", env=env)
    _, review = terminal(waiting, "review", env=env)
    _, stats = terminal(waiting, "stats", env=env)

    assert "p:would write memory/facts.md" in dry
    assert "\np:  +  deploys need the VPN\n" in close
    assert close.startswith("engine verbatim")  # said before the work begins
    assert "p:\x1b[32m+- deploys need the VPN\x1b[m" in review  # colour stays, as in git
    assert stats.startswith("p:")


@pytest.mark.parametrize(
    ("args", "env"),
    [
        (("log", "--no-pager"), {}),
        (("log", "--json"), {}),
        (("log",), {"TERM": "dumb"}),
        (("log",), {"TERM": None}),
        (("log",), {"CLAUDECODE": "1"}),
        (("log",), {"GIT_PAGER": "cat", "PAGER": "touch started"}),
        (("log",), {"GIT_PAGER": "", "PAGER": "touch started"}),
        (("status",), {}),
    ],
)
def test_where_git_would_start_none_none_is_started(
    waiting: Sandbox, args: tuple[str, ...], env: dict[str, str | None]
) -> None:
    code, shown = terminal(waiting, *args, env={"GIT_PAGER": "touch started", **env})

    assert code == 0
    assert ("VPN" in shown) is (args[0] == "log")
    assert not (waiting.path / "started").exists()


@pytest.mark.parametrize("command", ["log", "close", "review", "stats"])
def test_in_a_pipe_there_is_none_and_its_module_is_not_loaded(
    waiting: Sandbox, command: str
) -> None:
    if command == "review":
        waiting.gitmem("close")

    done = waiting.gitmem(
        command, env={"GIT_PAGER": "touch started", "PYTHONPROFILEIMPORTTIME": "1"}
    )

    assert done.code == 0
    loaded = {line.rpartition("|")[2].strip() for line in done.err.splitlines()}
    assert "gitmem.cli.entry" in loaded
    assert "gitmem.cli.terminal.pager" not in loaded
    if command == "log":  # its own modules come from a bundle, which Python does not list
        assert "subprocess" not in loaded
    assert not (waiting.path / "started").exists()


def test_the_setting_of_one_command_turns_it_off_or_names_another(waiting: Sandbox) -> None:
    env: dict[str, str | None] = {"GIT_PAGER": SAYS.format("p")}

    waiting.git("config", "pager.log", "false")
    assert terminal(waiting, "log", env=env)[1].count("p:") == 0
    waiting.git("config", "pager.log", "true")
    assert terminal(waiting, "log", env=env)[1].startswith("p:")
    waiting.git("config", "pager.log", SAYS.format("own"))
    assert terminal(waiting, "log", env=env)[1].startswith("own:")
    assert terminal(waiting, "stats", env=env)[1].startswith("p:")


@pytest.mark.parametrize("pager", ["no-such-pager --fancy", "./not-executable"])
def test_a_pager_that_cannot_start_costs_nothing_of_the_answer(
    waiting: Sandbox, pager: str
) -> None:
    waiting.write("not-executable", "text")

    code, shown = terminal(waiting, "log", env={"GIT_PAGER": pager})

    assert code == 0
    assert "deploys need the VPN" in shown
    assert "could not be started; this is the whole answer without it" in " ".join(shown.split())


def test_leaving_the_pager_early_is_no_error_and_its_exit_code_is_not_ours(
    sandbox: Sandbox,
) -> None:
    many = "".join(f"fact {number} of a very long answer\n" for number in range(900))
    assert sandbox.gitmem("flag", "-", input=many).code == 0

    code, shown = terminal(sandbox, "log", env={"GIT_PAGER": "head -n 1; exit 3"})

    assert code == 0
    assert len(shown.splitlines()) == 1


def test_an_error_is_told_without_a_pager_and_keeps_its_exit_code(waiting: Sandbox) -> None:
    expected = waiting.gitmem("review").code

    code, shown = terminal(waiting, "review", env={"GIT_PAGER": "touch started"})

    assert code == expected != 0
    assert shown.startswith("gitmem: ")
    assert not (waiting.path / "started").exists()


def test_less_is_told_what_git_tells_it_and_a_setting_of_ones_own_stays(waiting: Sandbox) -> None:
    env: dict[str, str | None] = {"GIT_PAGER": 'echo "$LESS $LV"; cat', "LESS": None, "LV": None}

    assert terminal(waiting, "log", env=env)[1].startswith("FRX -c\n")
    assert terminal(waiting, "log", env={**env, "LESS": "S"})[1].startswith("S -c\n")


def test_ctrl_c_belongs_to_the_pager(waiting: Sandbox, tmp_path: Path) -> None:
    pager = tmp_path / "pager"
    pager.write_text(
        "#!/bin/sh\ntext=$(cat)\ntrap 'echo \"$text\"; exit 0' INT\necho ready\n"
        "while :; do sleep 0.05; done\n"
    )
    pager.chmod(0o755)

    code, shown = terminal(
        waiting, "log", env={"GIT_PAGER": str(pager)}, when="ready", then=b"\x03"
    )

    assert code == 0
    assert "deploys need the VPN" in shown
    assert "interrupted" not in shown


def test_git_that_pages_gitmem_itself_keeps_the_colours(waiting: Sandbox) -> None:
    waiting.gitmem("close")

    plain = waiting.gitmem("review").out
    paged = waiting.gitmem("review", env={"GIT_PAGER_IN_USE": "true"}).out

    assert "\x1b" not in plain
    assert "\x1b[32m+- deploys need the VPN\x1b[m" in paged


def test_less_shows_a_page_of_a_long_answer_and_all_of_a_short_one(sandbox: Sandbox) -> None:
    env: dict[str, str | None] = {"GIT_PAGER": "less", "LESS": None}
    flag(sandbox, "a short answer")
    assert "a short answer" in terminal(sandbox, "log", env=env)[1]
    many = "".join(f"fact {number} of a very long answer\n" for number in range(200))
    assert sandbox.gitmem("flag", "-", input=many).code == 0

    code, shown = terminal(sandbox, "log", env=env, when="fact 5 ", then=b"q")

    assert code == 0
    assert "fact 199 " not in shown

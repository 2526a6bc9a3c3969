"""Both lanes, and the warm way, accept the same arguments: their tables against what typer shows."""

from __future__ import annotations

import pytest
from typer.main import get_group

from gitmem.cli.app import app
from gitmem.cli.arguments import MANY, OPTIONS, SWITCH, VALUE, parse
from gitmem.cli.entry import HOT, WARM
from gitmem.core.errors import UsageError
from tests.support.sandbox import Sandbox

#: Without `gitmem` alone, which has no options of its own.
NAMED = (HOT | WARM) - {""}


def shapes(command: str) -> dict[str, str]:
    """Option name to shape, as typer has it."""
    found = {}
    for parameter in get_group(app).commands[command].params:
        if parameter.param_type_name != "option":
            continue
        flag = getattr(parameter, "is_flag", False)
        shape = SWITCH if flag else MANY if parameter.multiple else VALUE
        found.update(dict.fromkeys([*parameter.opts, *parameter.secondary_opts], shape))
    return found


@pytest.mark.parametrize("command", sorted(NAMED))
def test_both_lanes_know_the_same_options_of_the_same_shape(command: str) -> None:
    assert shapes(command) == OPTIONS[command]


def test_every_command_of_the_hot_lane_and_of_the_warm_way_has_a_table() -> None:
    assert set(OPTIONS) == HOT | WARM


def test_options_may_stand_on_either_side_of_the_text_and_take_an_equals_sign() -> None:
    before = parse("flag", ["--kind=gotcha", "--paths", "a", "--paths=b", "text", "--json"])

    assert before.positionals == ["text"]
    assert before.value("--kind") == "gotcha"
    assert before.lists == {"--paths": ["a", "b"]}
    assert before.switches == {"--json"}


def test_two_dashes_end_the_options() -> None:
    assert parse("flag", ["--", "--kind is an option"]).positionals == ["--kind is an option"]


@pytest.mark.parametrize(
    "argv", [["--kid", "x"], ["--kind"], ["--json=yes", "x"], ["-x"]], ids=" ".join
)
def test_a_wrong_option_is_a_usage_error(argv: list[str]) -> None:
    with pytest.raises(UsageError):
        parse("flag", argv)


@pytest.mark.parametrize("command", [*sorted(NAMED), "close"])
@pytest.mark.parametrize("option", ["-h", "--help"])
def test_every_command_shows_its_help(sandbox: Sandbox, command: str, option: str) -> None:
    done = sandbox.gitmem(command, option)

    assert (done.code, done.err) == (0, "")
    assert f"gitmem {command}" in done.out

"""The examples in the help: every command has two, and each is a command line that gitmem accepts."""

from __future__ import annotations

import shlex
from typing import Any

import pytest
import typer

from gitmem.cli import arguments
from gitmem.cli.app import app
from tests.docs import commands

_MARK = "Examples: "
_PROGRAM = "gitmem"
_COLUMNS = 80
_TWO = 2
_ADD = (
    "Put two into the docstring of the command's function (an r-string), the simple case first:\n"
    "\n    \\b\n    Examples: gitmem NAME\n              gitmem NAME --option value\n"
    "\nthen run `python -m tests.docs.commands`."
)


def _below(name: str, command: Any) -> list[tuple[str, Any]]:
    """A command and its subcommands, each with the words that call it."""
    subcommands = getattr(command, "commands", {})
    rows = [(f"{name} {sub}".strip(), one) for sub, one in subcommands.items()]
    return [(name, command), *[pair for row in rows for pair in _below(*row)]]


EVERY = {name: one for name, one in _below("", typer.main.get_command(app)) if name}
VERBS = [name for name, one in EVERY.items() if not getattr(one, "commands", {}) and not one.hidden]


def examples(command: Any) -> list[str]:
    """The command lines below the mark, as the page shows them."""
    lines = commands.shown_help("x", command).splitlines()
    starts = [place for place, line in enumerate(lines) if line.strip().startswith(_MARK)]
    if not starts:
        return []
    indent = lines[starts[0]].index(_MARK) + len(_MARK)
    found = [lines[starts[0]][indent:]]
    for line in lines[starts[0] + 1 :]:
        if not line[:indent].isspace() or not line.strip():
            break
        found.append(line[indent:])
    return found


def calls(example: str) -> list[list[str]]:
    """The arguments of each call of gitmem in a line of a shell, redirections left out."""
    lexer = shlex.shlex(example, posix=True, punctuation_chars="|<>;&")
    lexer.whitespace_split = True
    found: list[list[str]] = [[]]
    words = iter(lexer)
    for word in words:
        if set(word) <= set("<>"):
            next(words)
        elif set(word) <= set("|;&"):
            found.append([])
        else:
            found[-1].append(word)
    return [line[1:] for line in found if line[0] == _PROGRAM]


def _accept(argv: list[str]) -> str:
    """Parse as the program does, and return the words that name the command; run nothing."""
    group = typer.main.get_command(app)
    context = group.make_context(_PROGRAM, list(argv[:1]))
    name, command, rest = "", group, list(argv)
    while True:
        inside = getattr(command, "commands", {})
        if not inside:
            break
        assert rest, f"{shlex.join(argv)} names no command"
        assert rest[0] in inside, f"{rest[0]} is not a command"
        name, command, rest = f"{name} {rest[0]}".strip(), inside[rest[0]], rest[1:]
        context = command.make_context(name, list(rest), parent=context)
    if name in arguments.OPTIONS:
        arguments.parse(name, rest)
    return name


@pytest.mark.parametrize("name", VERBS)
def test_each_command_has_two_different_examples_of_itself(name: str) -> None:
    lines = examples(EVERY[name])

    assert len(set(lines)) >= _TWO, f"`{_PROGRAM} {name} --help` has too few examples. {_ADD}"
    own = f"{_PROGRAM} {name}"
    assert all(f"{line} ".startswith(f"{own} ") or f"| {own} " in f"{line} " for line in lines)


@pytest.mark.parametrize("name", EVERY)
def test_each_example_is_a_command_line_that_gitmem_accepts(name: str) -> None:
    for line in examples(EVERY[name]):
        found = calls(line)

        assert found, f"{line!r} does not call {_PROGRAM}"
        for argv in found:
            _accept(argv)


@pytest.mark.parametrize("name", EVERY)
def test_a_help_fits_a_terminal_of_eighty_columns(name: str) -> None:
    shown = commands.shown_help(name, EVERY[name])

    assert [line for line in shown.splitlines() if len(line) > _COLUMNS] == []


def test_an_example_with_an_option_that_is_not_there_is_seen() -> None:
    for wrong in (["status", "--nothing"], ["drop", "t5xq2mzk"], ["status", "word"]):
        with pytest.raises(typer.exceptions.TyperException):
            _accept(wrong)


def test_pipes_and_redirections_are_no_arguments() -> None:
    assert calls("git log --format=%s | gitmem flag - --kind fact") == [
        ["flag", "-", "--kind", "fact"]
    ]
    assert calls("gitmem plan > questions.jsonl") == [["plan"]]
    assert calls("gitmem flag 'a | b > c'") == [["flag", "a | b > c"]]

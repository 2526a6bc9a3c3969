"""A group of commands that loads each one on demand.

The group's help and shell completion describe a command from the table; a test compares the table
with the command's own help.
"""

from __future__ import annotations

from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

if TYPE_CHECKING:
    from typing import Any


_COMMANDS = "gitmem.cli.commands."


class _Command(TyperCommand):
    """One command."""

    def get_help_option(self, ctx: Any) -> Any:
        return _off(super().get_help_option(ctx))


@dataclass(frozen=True, slots=True)
class Row:
    """One command: its name, its summary, and the module and function that implement it."""

    name: str
    summary: str
    module: str = ""
    function: str = ""
    hidden: bool = False

    def load(self) -> Any:
        """Return the command with its options."""
        module = import_module(_COMMANDS + (self.module or self.name))
        alone = typer.Typer(add_completion=False, rich_markup_mode=None)
        function = getattr(module, self.function or self.name)
        alone.command(self.name, cls=_Command, hidden=self.hidden)(function)
        command = get_command(alone)
        # In a docstring the mark of a paragraph that keeps its lines is written as two characters.
        command.help = (command.help or "").replace("\\b\n", "\b\n")
        for parameter in command.params:
            _take_as_it_is(parameter)
        return command

    def described(self) -> TyperCommand:
        """Return as much of the command as a list of commands shows."""
        return TyperCommand(self.name, help=self.summary, hidden=self.hidden, rich_markup_mode=None)


class _Loaded(MutableMapping[str, "Any"]):
    """Name to command; a lookup loads the command."""

    def __init__(self, rows: tuple[Row, ...]) -> None:
        self._rows = {row.name: row for row in rows}
        self._commands: dict[str, Any] = {}

    def __getitem__(self, name: str) -> Any:
        if name not in self._commands:
            self._commands[name] = self._rows[name].load()
        return self._commands[name]

    def __contains__(self, name: object) -> bool:
        return name in self._rows or name in self._commands

    def __setitem__(self, name: str, command: Any) -> None:
        self._commands[name] = command

    def __delitem__(self, name: str) -> None:
        del self._rows[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)


def group(rows: tuple[Row, ...]) -> type[TyperGroup]:
    """Return the class of a group with these commands, in this order."""

    class Lazy(TyperGroup):
        """See the module."""

        _listing = False

        def __init__(self, **attributes: Any) -> None:
            super().__init__(**attributes)
            self.commands = _Loaded(rows)

        def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - as typer calls it
            return list(self.commands)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            if self._listing:
                return next((row.described() for row in rows if row.name == cmd_name), None)
            return super().get_command(ctx, cmd_name)

        def get_help_option(self, ctx: Any) -> Any:
            return _off(super().get_help_option(ctx))

        def format_commands(self, ctx: Any, formatter: Any) -> None:
            with self._from_table():
                super().format_commands(ctx, formatter)

        def shell_complete(self, ctx: Any, incomplete: str) -> Any:
            with self._from_table():
                return super().shell_complete(ctx, incomplete)

        @contextmanager
        def _from_table(self) -> Iterator[None]:
            self._listing = True
            try:
                yield
            finally:
                self._listing = False

    return Lazy


# Typer reads every value with pydantic, even a string or a missing one. Loading pydantic costs half of
# a command whose options do not need it.


def _off(option: Any) -> Any:
    """Make the option `--help` default to off."""
    if option is not None:
        option.default = False
    return option


def _take_as_it_is(parameter: Any) -> None:
    """Make a parameter accept a value of its function's type, or none, without pydantic."""
    read = parameter.process_value
    plain = not (parameter.callback or parameter.multiple)
    annotation = parameter.type_descriptor.annotation

    def process_value(ctx: Any, value: Any) -> Any:
        if plain and type(value) is annotation:
            return value
        if plain and value is None and not parameter.required:
            return None
        if parameter.multiple and value is None and not (parameter.callback or parameter.required):
            return ()  # as typer reads an option that was never given
        return read(ctx, value)

    parameter.process_value = process_value

"""The table of what a shell is offered, made from typer's view of the commands: ``python -m tests.cli.completion_table``."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import typer.main
from typer._completion_classes import _sanitize_help_text

from gitmem.cli.app import COMMANDS, application
from gitmem.cli.commands import completion, values

FILE = Path(__file__).parents[2] / completion.TABLE
#: Values that no repository changes.
_FIXED = {"kinds", "engines"}
_NAMES = ("kinds", "engines", "topics", "queued_ids", "ids")


def made() -> str:
    """Return the text of the table."""
    return json.dumps(commands(), indent=1, ensure_ascii=False) + "\n"


def commands() -> dict[str, Any]:
    """Return each command's row of the table."""
    group: Any = typer.main.get_command(application(completion=True))
    above = typer.Context(group, **group.context_settings)
    rows: dict[str, Any] = {}
    for row in COMMANDS:
        command = group.commands[row.name]
        context = typer.Context(command, parent=above)
        parameters = command.get_params(context)
        rows[row.name] = {
            "shown": None
            if row.hidden
            else [row.name, *_help(row.described().get_short_help_str())],
            "options": [_option(one) for one in parameters if one.param_type_name == "option"],
            "arguments": [
                {"many": one.nargs == -1, "values": _values(one)}
                for one in parameters
                if one.param_type_name == "argument"
            ],
        }
    return rows


def _option(option: Any) -> dict[str, object]:
    names = [*option.opts, *option.secondary_opts]
    return {
        "names": sorted(names) if "--help" in names else names,  # typer keeps these in a set
        "takes": not (option.is_flag or option.count),
        "many": option.multiple,
        "hidden": option.hidden,
        "help": _help(option.help),
        "values": _values(option),
    }


def _values(parameter: Any) -> list[str] | str:
    """Return the values, or the name of the function in `gitmem.cli.commands.values` that tells them."""
    asked = parameter._custom_shell_complete
    if asked is not None:
        name = next(name for name in _NAMES if getattr(values, name) in _closed_over(asked))
        return list(getattr(values, name)("")) if name in _FIXED else name
    choices = parameter.type_descriptor.choices
    return [str(choice.value) for choice in choices] if choices else []


def _closed_over(function: Any) -> list[Any]:
    """Return the functions that a function calls by its closure, at any depth."""
    found = []
    for cell in function.__closure__ or ():
        if callable(cell.cell_contents):
            inner = cell.cell_contents
            found += [inner, *(_closed_over(inner) if hasattr(inner, "__closure__") else [])]
    return found


def _help(text: str | None) -> list[str]:
    """Return the help as typer prints it for zsh and for fish."""
    if not text:
        return []
    escaped = text.replace('"', '""').replace("'", "''").replace("$", "\\$").replace("`", "\\`")
    zsh = escaped.replace(":", r"\\:")
    return [_sanitize_help_text(zsh), _sanitize_help_text(re.sub(r"\s", " ", text))]


if __name__ == "__main__":
    FILE.write_text(made(), encoding="utf-8")

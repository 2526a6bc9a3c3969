"""What a shell is offered, without typer: loading a command's options costs eight times what an answer may.

The table `templates/completion.json` is made from typer's own view of the commands (`python -m
tests.cli.completion_table`), and the answers are typer's, byte for byte. Where a line is not plain, nothing is
answered and typer has to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.bootstrap import assets
from gitmem.cli import render
from gitmem.core.jsonline import loads

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

TABLE = "templates/completion.json"
#: Set by a shell that completes a command; a completion is of one of the command's names.
VARIABLES = {"gitmem": "_GITMEM_COMPLETE", "git-mem": "_GIT_MEM_COMPLETE"}
_NOT_PLAIN = frozenset("'\"\\=")  # quotes and escapes are the shell's grammar


class _Unclear(Exception):
    """A line that typer has to read."""


def run(environ: Mapping[str, str]) -> int | None:
    """Print what fits the line in the environment; return the exit code, or None where typer has to answer."""
    form = next((environ[name] for name in VARIABLES.values() if name in environ), "")
    try:
        words, begun = _line(form, environ)
        offers = _offered(words, begun)
    except (_Unclear, ValueError):
        return None
    if form == "complete_fish" and environ.get("_TYPER_COMPLETE_FISH_ACTION") == "is-args":
        return 0 if offers else 1
    render.page("\n".join(_FORMS[form](offers)) or "\n")
    return 0


def _line(form: str, environ: Mapping[str, str]) -> tuple[list[str], str]:
    """Return the words after the command's name, and what of the next one is there."""
    if form == "complete_bash":
        text = environ.get("COMP_WORDS", "")
        words, place = text.split(), int(environ.get("COMP_CWORD", ""))
        before, begun = words[1:place], words[place] if place < len(words) else ""
    elif form == "complete_zsh" or (
        form == "complete_fish"
        and environ.get("_TYPER_COMPLETE_FISH_ACTION") in {"get-args", "is-args"}
    ):
        text = environ.get("_TYPER_COMPLETE_ARGS", "")
        before, begun = text.split()[1:], ""
        if before and not text.endswith(" "):
            begun = before.pop()
    else:
        raise _Unclear
    if not _NOT_PLAIN.isdisjoint(text):
        raise _Unclear
    return before, begun


def _offered(words: Sequence[str], begun: str) -> list[Sequence[str]]:
    """Return name, and help for zsh and for fish, of each that fits."""
    commands: dict[str, Any] = loads(assets.read(TABLE))  # type: ignore[assignment]
    if not words:
        if begun.startswith("-"):
            raise _Unclear  # the options of `gitmem` itself
        listed = [row["shown"] for row in commands.values() if row["shown"]]
        return [shown for shown in listed if shown[0].startswith(begun)]
    command = commands.get(words[0])
    if command is None:
        raise _Unclear
    given, number, waits = _read(words[1:], command["options"])
    if begun.startswith("-"):
        return [
            [name, *option["help"]]
            for place, option in enumerate(command["options"])
            if not option["hidden"] and (option["many"] or place not in given)
            for name in option["names"]
            if name.startswith(begun)
        ]
    if waits is not None:
        return _values(waits, begun)
    for place, argument in enumerate(command["arguments"]):
        if argument["many"] or place >= number:
            return _values(argument, begun)
    return []


def _read(
    words: Sequence[str], options: Sequence[Mapping[str, Any]]
) -> tuple[set[int], int, Mapping[str, Any] | None]:
    """Return which options are given, how many arguments, and the option whose value is next."""
    given: set[int] = set()
    number = 0
    waits: int | None = None
    for word in words:
        if waits is not None:
            if word.startswith("-"):
                raise _Unclear  # typer looks for an option there
            waits = None
        elif not word.startswith("-"):
            number += 1
        else:
            place = next((at for at, one in enumerate(options) if word in one["names"]), -1)
            if place < 0:
                raise _Unclear  # joined short options, `--`, or an option that there is not
            given.add(place)
            waits = place if options[place]["takes"] else None
    return given, number, None if waits is None else options[waits]


def _values(parameter: Mapping[str, Any], begun: str) -> list[Sequence[str]]:
    values = parameter["values"]
    if isinstance(values, str):
        from gitmem.cli.commands import values as asked

        values = getattr(asked, values)(begun)
    return [[value] for value in values if value.startswith(begun)]


def _bash(offers: Sequence[Sequence[str]]) -> list[str]:
    return [offer[0] for offer in offers]


def _zsh(offers: Sequence[Sequence[str]]) -> list[str]:
    if not offers:
        return ["_files"]
    rows = [f'"{offer[0]}":"{offer[1]}"' if offer[1:] else f'"{offer[0]}"' for offer in offers]
    return ["_arguments '*: :((" + "\n".join(rows) + "))'"]


def _fish(offers: Sequence[Sequence[str]]) -> list[str]:
    return ["\t".join((offer[0], *offer[2:])) for offer in offers]


_FORMS = {"complete_bash": _bash, "complete_zsh": _zsh, "complete_fish": _fish}

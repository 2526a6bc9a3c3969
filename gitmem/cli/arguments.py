"""The arguments of the hot lane and of the warm way, parsed by hand: argparse alone costs a flag's time (hot lane).

The tables describe them; `gitmem.cli.commands` builds typer's view of the same, and a parity test holds
the two together.
"""

from __future__ import annotations

from gitmem.core.errors import UsageError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

VALUE = "value"  # takes one value
MANY = "many"  # may be given several times
SWITCH = "switch"  # takes none

OPTIONS: dict[str, dict[str, str]] = {
    "flag": {
        "--body": VALUE,
        "--bodies": SWITCH,
        "--kind": VALUE,
        "--topic": VALUE,
        "--corrects": VALUE,
        "--source": VALUE,
        "--paths": MANY,
        "--mine": SWITCH,
        "--json": SWITCH,
        "--dry-run": SWITCH,
    },
    "snag": {
        "--better": VALUE,
        "--skill": VALUE,
        "--rule": VALUE,
        "--again": VALUE,
        "--source": VALUE,
        "--paths": MANY,
        "--json": SWITCH,
        "--dry-run": SWITCH,
    },
    "hook": {},
    "mcp": {"--repo": VALUE},
    "statusline": {},
    "recall": {
        "--path": VALUE,
        "--command": VALUE,
        "-n": VALUE,
        "--bodies": SWITCH,
        "--json": SWITCH,
    },
    "": {},
    "status": {"--json": SWITCH},
    "log": {
        "-n": VALUE,
        "--number": VALUE,
        "--all": SWITCH,
        "--landed": SWITCH,
        "--by": MANY,
        "--no-pager": SWITCH,
        "--json": SWITCH,
    },
    "check": {
        "--scope": VALUE,
        "--branch": VALUE,
        "--max-age": VALUE,
        "--max-flags": VALUE,
        "--allow-in-review": SWITCH,
        "--offline": SWITCH,
        "--format": VALUE,
        "--trace": SWITCH,
        "--stale": SWITCH,
        "--json": SWITCH,
    },
}


class Arguments:
    """Parsed arguments: positionals, single values, lists, switches."""

    __slots__ = ("lists", "positionals", "switches", "values")

    def __init__(self) -> None:
        self.positionals: list[str] = []
        self.values: dict[str, str] = {}
        self.lists: dict[str, list[str]] = {}
        self.switches: set[str] = set()

    def value(self, name: str) -> str:
        """Return a single value; empty when it was not given."""
        return self.values.get(name, "")


def parse(command: str, argv: Sequence[str]) -> Arguments:
    """Parse what follows the command's name, as typer would: options anywhere, `--` ends them.

    Raises UsageError for an unknown option, a missing value or a value given to a switch.
    """
    options = OPTIONS[command]
    parsed = Arguments()
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            parsed.positionals.extend(rest)
            break
        if not word.startswith("-") or word == "-":
            parsed.positionals.append(word)
            continue
        name, equals, given = word.partition("=")
        short = not name.startswith("--")
        shape = None if short and equals else options.get(name)  # `-n=3` is the value `=3`
        if shape is None:
            shown = name if name.startswith("--") else name[:2]  # a value may follow the letter
            raise UsageError(
                f"gitmem {command}: no such option: {shown}", hint=_near(command, name)
            )
        if shape == SWITCH:
            if equals:
                raise UsageError(f"gitmem {command}: {name} takes no value")
            parsed.switches.add(name)
            continue
        if not equals:
            if not rest:
                raise UsageError(f"gitmem {command}: {name} needs a value")
            given = rest.pop(0)
        if shape == MANY:
            parsed.lists.setdefault(name, []).append(given)
        else:
            parsed.values[name] = given
    return parsed


def _near(command: str, name: str) -> str:
    known = " ".join(OPTIONS[command])
    if command == "snag" and name in {"--body", "--bodies"}:
        return "what snagged and the better path are all that a rule has; flag the rest: gitmem flag --body"
    if (name.startswith("--") and " " not in name) or not known:
        return f"it knows {known}" if known else ""
    return f"it knows {known}; put `--` before a text that begins with a dash"

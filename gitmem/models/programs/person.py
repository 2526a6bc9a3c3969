"""What a program needs of a person's own files where it runs in a home made for one call: login and model.

A login is linked, not copied: no second copy of a secret is written, and a token that the program renews
goes where the person has it. Settings are read and only those that lead to the model are taken.
"""

from __future__ import annotations

import json
import re
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: Bytes of a settings file that are read; the longest seen have a few thousand.
_LONGEST = 1024 * 1024
#: What JSON with comments has besides JSON. A text in quotes is matched first, so nothing in it counts.
_COMMENT = re.compile(r'("(?:\\.|[^"\\\n])*")|//[^\n]*|/\*.*?\*/', re.DOTALL)
_COMMA = re.compile(r'("(?:\\.|[^"\\\n])*")|,(?=\s*[}\]])')
#: Names of servers that are passed on; somebody with more has started worse.
_MOST = 100


def folder(environ: Mapping[str, str], variable: str, default: str) -> Path:
    """Return the folder that a variable names, else the one of that name in the home."""
    named = environ.get(variable, "")
    return Path(named) if named else Path(environ.get("HOME", "/nonexistent")) / default


def read_settings(path: Path) -> dict[str, Any]:
    """Return a JSON object, comments and last commas allowed; empty for a file that is missing or no such."""
    try:
        with path.open("rb") as file:
            return settings_in(file.read(_LONGEST).decode("utf-8", "replace"))
    except OSError:
        return {}


def settings_in(text: str) -> dict[str, Any]:
    """Return the JSON object of a text, comments and last commas allowed; empty for a text that is none."""
    try:
        value = json.loads(_COMMA.sub(_kept, _COMMENT.sub(_kept, text)))
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def taken(settings: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Return the settings of these names alone."""
    return {name: settings[name] for name in names if name in settings}


def names_in(value: object) -> list[str]:
    """Return the names in a table of servers."""
    return list(islice(value, _MOST)) if isinstance(value, dict) else []


def link(source: Path, names: Iterable[str], into: Path) -> None:
    """Link those files of ``source`` that exist into the folder ``into``."""
    for name in names:
        if (source / name).is_file():
            (into / name).symlink_to(source.absolute() / name)


def write_settings(path: Path, settings: Mapping[str, Any]) -> None:
    """Write a settings file for a program."""
    path.write_text(json.dumps(settings), encoding="utf-8")


def _kept(found: re.Match[str]) -> str:
    return found[1] or ""

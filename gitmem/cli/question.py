"""The two questions of `init`: who judges flags, and whether a session's end shall close by itself."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

from gitmem.bootstrap.engines import PRESETS, has_key
from gitmem.cli import render

if TYPE_CHECKING:
    from collections.abc import Mapping

_DEFAULT = "verbatim"
_TRIES = 3
_PROGRAMS = {
    "claude": "the program claude and its own login, no key needed; flags go to its model",
    "codex": "the program codex and its own login; flags go to its model",
    "llm": "the program llm and its own settings; flags go to its model",
}


def can_ask() -> bool:
    """Whether a person sits there: standard input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def choices(environ: Mapping[str, str]) -> dict[str, str]:
    """The engines there are to choose from here, the default first, and what each one means.

    A program counts when it is found in an absolute folder of PATH, as the engine itself looks.
    """
    ready = (
        "a key is in the environment" if has_key(environ) else "needs ANTHROPIC_API_KEY to be set"
    )
    found = {
        _DEFAULT: "nobody: flags are filed as written, nothing leaves this machine",
        "anthropic": f"a model behind the Messages API, flags go there; {ready}",
    }
    folders = [part for part in environ.get("PATH", "").split(os.pathsep) if part.startswith("/")]
    for name in PRESETS:
        if shutil.which(name, path=os.pathsep.join(folders)):
            found[name] = _PROGRAMS[name]
    return found


def ask_engine(environ: Mapping[str, str]) -> str:
    """Asks; the engine's name, or empty when nobody answered (end of input, no valid answer)."""
    offered = choices(environ)
    names = list(offered)
    render.say("Who shall judge the flags when they are filed? Your own choice, for this clone.")
    render.table([(f"  {place}", name, offered[name]) for place, name in enumerate(names, start=1)])
    for _ in range(_TRIES):
        try:
            said = input(f"engine [{_DEFAULT}]: ").strip()
        except EOFError:
            render.say()
            return ""
        if not said:
            return _DEFAULT
        if said in offered:
            return said
        if said.isascii() and said.isdigit() and 1 <= int(said) <= len(names):
            return names[int(said) - 1]
        render.say(f"{said!r} is not one of them: a number or a name")
    render.say("nothing was chosen; gitmem init --engine NAME does")
    return ""


def ask_auto_close() -> bool | None:
    """Asks; None when nobody answered (end of input, no valid answer)."""
    render.say(
        "Shall the end of a session prepare the review in the background? The close that you would "
        "run yourself, with the same engine; it never lands anything. Recommended."
    )
    for _ in range(_TRIES):
        try:
            said = input("close by itself [yes]: ").strip().lower()
        except EOFError:
            render.say()
            return None
        if said in {"", "y", "yes"}:
            return True
        if said in {"n", "no"}:
            return False
        render.say(f"{said!r} is neither yes nor no")
    return None

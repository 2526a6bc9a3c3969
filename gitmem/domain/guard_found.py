"""What a guard against a snag should match: the command or path that its text names (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.domain.grounding_lexicon import words
from gitmem.domain.guard import HEARD, SHELL, WRITERS, Guard, objection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.domain.flag import Flag

_CODE = re.compile(r"`([^`]{3,120})`")
# A path: it may be run, and it may be edited.
_PATH = re.compile(r"(?:[\w.@-]+/)+[\w.@*-]*|[\w.@-]*\w\.[A-Za-z]\w{0,5}")
# What names a program a person would warn of, when it stands without backticks.
_PROGRAMS = words(
    """
    ansible apt apt-get brew bundle cargo cmake composer conda curl docker docker-compose dotnet gem gh git
    go gradle helm java just kubectl make mvn mypy ninja node npm npx pip pipenv pnpm poetry psql pytest
    python rails rake rsync ruff ruby rustc scp ssh tar terraform tox uv vagrant wget yarn
    """
)
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*|--?[A-Za-z][A-Za-z0-9-]*")
_NAMED = re.compile(
    r"(?<![\w./-])(?:[\w.-]+/)*[\w-]+\.(?:bash|js|mjs|php|pl|ps1|py|rb|sh|ts)(?![\w/-])"
)
_SUBCOMMAND = re.compile(r"[a-z][a-z0-9:_-]*")
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*")
# English that may follow a program's name in a sentence.
_PROSE = words(
    """
    a after again also always and are as at be before breaks but by can cannot did does dies fails failed for
    from gave had hangs has in into is it its may must needs never not of on once or runs should so stops that
    the then there this to too until was when while will with without works
    """
)


def proposed(flags: Sequence[Flag]) -> tuple[tuple[str, ...], str] | None:
    """Tools and pattern of a guard against what these snags tell of; None when they name nothing.

    What snagged is looked for first in backticks (a path is meant whoever touches it), then in the paths they are about, then as a script
    or a program with its subcommand in the sentence. The newest snag that names something counts.
    """
    for flag in reversed(flags):
        for span in _CODE.findall(flag.text):
            tools = HEARD if _PATH.fullmatch(span) else SHELL
            if _sound(tools, span):
                return tools, span
    for flag in reversed(flags):
        for path in flag.paths:
            pattern = path.replace("**/", "*").replace("**", "*") if "*" in path else path
            if _sound(WRITERS, pattern):
                return WRITERS, pattern
    for flag in reversed(flags):
        span = _spoken(flag.text)
        if span and _sound(SHELL, span):
            return SHELL, span
    return None


def _spoken(text: str) -> str:
    """A program with its subcommand and options, or a script, as a sentence names it; or nothing.

    With options it is a glob, because other words may stand between them in a command.
    """
    said = text.split()
    for at, word in enumerate(said):
        named, options = _command(said[at + 1 : at + 4]) if word in _PROGRAMS else ("", [])
        if options:
            return "*" + "*".join([f"{word} {named}".strip(), *options]) + "*"
        if named:
            return f"{word} {named}"
    script = _NAMED.search(text)
    return script.group() if script else ""


def _command(following: Sequence[str]) -> tuple[str, list[str]]:
    """The subcommand and the options that follow a program's name in a sentence."""
    named, options = "", []
    for word in following:
        bare = word.rstrip(".,;:")
        if _OPTION.fullmatch(bare):
            options.append(bare)
        elif named or options or bare in _PROSE or not _SUBCOMMAND.fullmatch(bare):
            break
        else:
            named = bare
        if bare != word:
            break
    return named, options


def _sound(tools: tuple[str, ...], pattern: str) -> bool:
    return not objection(Guard(tools, pattern, "x")) and bool(_WORD.match(pattern.lstrip("*/.")))

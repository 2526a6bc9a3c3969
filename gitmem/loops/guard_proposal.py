"""The guard to propose against a snag: the command or path that its text names (pure)."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.grounding.lexicon import words
from gitmem.loops.subcommands import SUBCOMMANDS
from gitmem.memory.guard import HEARD, SHELL, WRITERS, Guard, objection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_CODE = re.compile(r"`([^`]{3,120})`")
# A path may be run, and it may be edited.
_PATH = re.compile(r"(?:[\w.@-]+/)+[\w.@*-]*|[\w.@-]*\w\.[A-Za-z]\w{0,5}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/:-]*|--?[A-Za-z][A-Za-z0-9-]*")
_NAMED = re.compile(
    r"(?<![\w./-])(?:[\w.-]+/)*[\w-]+\.(?:bash|js|mjs|php|pl|ps1|py|rb|sh|ts)(?![\w/-])"
)
_OPTION = re.compile(r"--?[A-Za-z][A-Za-z0-9-]*")
# How a command begins, also after `VARIABLE=value`; and words of a program's code, which are not commands.
_COMMAND = re.compile(r"(?:[A-Z_][A-Z0-9_]*=\S* +)*(?:\.{0,2}/)?[a-z0-9_.][\w./@+-]*(?: |$)")
_CODED = re.compile(r"\w\(|^\.?[a-z_]\w*_\w*$|[:;]$|^[\d.,:%]+$")
_NOT_RUN = words("nil none null true false undefined self this")


def propose_guard(flags: Sequence[Flag]) -> tuple[tuple[str, ...], str] | None:
    """Return tools and pattern of a guard against these snags; None when they name nothing to match.

    The search goes through backticks first (a path is meant for every tool), then the paths that the
    snags are about, then the sentence: a script, or a program with one of its known subcommands or an
    option. The newest snag that names something counts. Text that no call can contain (an error's
    name, a function, a value) gives no guard, because a guard that cannot fire fixes nothing.
    """
    for flag in reversed(flags):
        for span in _CODE.findall(flag.text):
            tools = HEARD if _PATH.fullmatch(span) else SHELL
            if _sound(tools, span) and (tools == HEARD or _is_run(span)):
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


def _is_run(span: str) -> bool:
    """Whether text in backticks may be part of a command, and not an error, a function or a value."""
    if _OPTION.match(span):
        return True
    coded = _CODED.search(span) or span.lower() in _NOT_RUN
    return bool(_COMMAND.match(span)) and not coded


def _spoken(text: str) -> str:
    """Return the program with subcommand and options, or the script, that a sentence names; else empty.

    With options it is a glob, because other words may stand between them in a command.
    """
    spoken = text.split()
    for at, word in enumerate(spoken):
        named, options = (
            _command(word, spoken[at + 1 : at + 4]) if word in SUBCOMMANDS else ("", [])
        )
        if options:
            return "*" + "*".join([f"{word} {named}".strip(), *options]) + "*"
        if named:
            return f"{word} {named}"
    script = _NAMED.search(text)
    return script.group() if script else ""


def _command(program: str, following: Sequence[str]) -> tuple[str, list[str]]:
    """Return the subcommand and the options that follow a program's name in a sentence."""
    named, options = "", []
    for word in following:
        bare = word.rstrip(".,;:")
        if _OPTION.fullmatch(bare):
            options.append(bare)
        elif named or options or bare not in SUBCOMMANDS[program]:
            break
        else:
            named = bare
        if bare != word:
            break
    return named, options


def _sound(tools: tuple[str, ...], pattern: str) -> bool:
    return not objection(Guard(tools, pattern, "x")) and bool(_WORD.match(pattern.lstrip("*/.")))

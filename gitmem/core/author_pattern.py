"""Git's basic regular expressions, as `git log --author` takes them (pure)."""

from __future__ import annotations

import re

from gitmem.core.errors import UsageError

#: What a backslash makes special in git's basic expressions, and plain without one.
_TURNED = frozenset("+?|(){}")
_ESCAPES = {"<": r"\b", ">": r"\b", **{one: "\\" + one for one in "wWbBsS123456789"}}
_CLASSES = {
    "alpha": "A-Za-z", "digit": "0-9", "alnum": "A-Za-z0-9", "upper": "A-Z", "lower": "a-z",
    "space": r"\s", "blank": r" \t", "punct": r"!-/:-@\[-`{-~",
}  # fmt: skip
LONGEST = 200  # characters of a pattern


def compiled(pattern: str, option: str) -> re.Pattern[str]:
    """Return the pattern as Python has it; ``option`` names it in messages.

    Raises UsageError for an empty pattern, one longer than `LONGEST`, and one that is none.
    """
    hint = "give a part of a name or an address, as git log --author takes it, or a session's id"
    if not pattern.strip():
        raise UsageError(f"{option} names no one", hint=hint)
    if len(pattern) > LONGEST:
        raise UsageError(f"{option}: {len(pattern)} characters are too many", hint=hint)
    try:
        return re.compile(_translated(pattern))
    except (re.error, OverflowError, RecursionError) as error:
        raise UsageError(f"{option}: not a regular expression: {error}", hint=hint) from error


def _translated(pattern: str) -> str:
    said: list[str] = []
    begins = True  # a star is plain and a caret an anchor at the beginning of an expression
    at = 0
    while at < len(pattern):
        char, after = pattern[at], pattern[at + 1 : at + 2]
        at += 1
        beginning, begins = begins, False
        if char == "\\":
            at += 1
            begins = after in {"(", "|"} and after != ""
            said.append(after if after in _TURNED and after else _ESCAPES.get(after, _plain(after)))
        elif char == "[":
            end = _closing(pattern, at)
            said.append(_bracket(pattern[at:end]))
            at = end + 1
        elif char == "^":
            said.append("^" if beginning else r"\^")
            begins = beginning
        elif char == "$":
            last = at == len(pattern) or pattern.startswith((r"\)", r"\|"), at)
            said.append("$" if last else r"\$")
        elif char == "*" and beginning:
            said.append(r"\*")
        else:
            said.append(char if char in ".*" else re.escape(char))
    return "".join(said)


def _plain(char: str) -> str:
    if not char:
        raise re.error("a backslash at the end")
    return re.escape(char)


def _closing(pattern: str, start: int) -> int:
    """Return where a bracket expression ends whose inside begins at ``start``; a first `]` is plain."""
    at = start + pattern.startswith("^", start)
    at += pattern.startswith("]", at)
    while at < len(pattern) and pattern[at] != "]":
        named = pattern.find(":]", at + 2) if pattern.startswith("[:", at) else -1
        at = named + 2 if named >= 0 else at + 1
    if at >= len(pattern):
        raise re.error("a bracket that is not closed")
    return at


def _bracket(inside: str) -> str:
    caret, inside = ("^", inside[1:]) if inside.startswith("^") else ("", inside)
    for name, characters in _CLASSES.items():
        inside = inside.replace(f"[:{name}:]", f"\0{characters}\0")
    # A name of characters is Python's already; the rest is plain but for the dash of a span.
    parts = [
        part if number % 2 else re.sub(r"([\[\]\\^&~|])", r"\\\1", part)
        for number, part in enumerate(inside.split("\0"))
    ]
    return f"[{caret}{''.join(parts)}]"

"""A path, or a pattern of paths, as a client's rule file has it (hot lane: `snag` refuses what cannot be one).

A file's name may have characters that a glob acts on: ``app/[slug]/page.tsx``, ``routes/$id.tsx``,
``app/(shop)/page.tsx``. Each becomes ``?``, which fits any one character, in every client's kind of glob and
without the escapes in which they differ. What is a pattern on purpose says so with ``*``, ``?`` or ``{a,b}``.
"""

from __future__ import annotations

from gitmem.core.errors import Refused

LONGEST = 400  # characters
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._*?{},/@+ -"
_ANY = "!\"#$%&'();<=>[]^`|~:"


def glob_of(path: str) -> str:
    """The glob that fits a path (or is the pattern that it is).

    Raises Refused for what can be none: a backslash, what cannot be printed, or more than `LONGEST`
    characters.
    """
    found = "".join(["?" if char in _ANY else char for char in path])
    odd = [
        char for char in found if char not in _PLAIN and (char < "\x7f" or not char.isprintable())
    ]
    if odd or not 0 < len(path) <= LONGEST:
        raise Refused(
            f"{path[:60]!a} cannot be the paths of a rule",
            hint=f"a path has / between its parts, no line break, and at most {LONGEST} characters",
        )
    return found

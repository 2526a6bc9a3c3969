"""The glob for a path or a pattern of paths, as a client's rule file has it (pure, hot lane).

It stands apart from `path_rules`, because `snag` checks its paths and loads no Markdown.

A file's name may have characters with a meaning in globs: ``app/[slug]/page.tsx``, ``routes/$id.tsx``,
``app/(shop)/page.tsx``. Each becomes ``?``, which matches one character in every client's globs, without the
escapes in which they differ. ``*``, ``?`` and ``{a,b}`` make a pattern.
"""

from __future__ import annotations

from gitmem.core.errors import Refused

LONGEST = 400  # characters
_PLAIN = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._*?{},/@+ -"
_ANY = "!\"#$%&'();<=>[]^`|~:"


def glob_of(path: str) -> str:
    """Return the glob that matches a path; a pattern stays as it is.

    Raises Refused for a backslash, a character that cannot be printed, or more than `LONGEST` characters.
    """
    glob = "".join(["?" if char in _ANY else char for char in path])
    odd = [
        char for char in glob if char not in _PLAIN and (char < "\x7f" or not char.isprintable())
    ]
    if odd or not 0 < len(path) <= LONGEST:
        raise Refused(
            f"{path[:60]!a} cannot be the paths of a rule",
            hint=f"a path has / between its parts, no line break, and at most {LONGEST} characters",
        )
    return glob

"""The glob for a path or a pattern of paths, as a client's rule file has it (pure, hot lane).

It stands apart from `path_rules`, because `snag` checks its paths and loads no Markdown.

A file's name may have characters with a meaning in globs: ``app/[slug]/page.tsx``, ``routes/$id.tsx``,
``app/(shop)/page.tsx``. Each becomes ``?``, which matches one character in every client's globs, without the
escapes in which they differ. ``*``, ``?`` and ``{a,b}`` make a pattern.
"""

from __future__ import annotations

from gitmem.core.errors import Refused

LONGEST = 400  # characters
_MOST = 64  # globs that the braces of one may stand for
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


def fits(glob: str, path: str) -> bool:
    """Return whether a repository-relative path is one that a glob is about.

    As `.gitignore` reads one: `**` stands for any folders, `*` and `?` stay within a name, `{a,b}` is one
    of several; a glob without `/` is about names in every folder, one that ends in `/` about all below.
    """
    return any(_fits_parts(one.split("/"), path.split("/")) for one in _spelt_out(glob))


def _spelt_out(glob: str) -> list[str]:
    """The globs without braces that a glob stands for, anchored; no more than `_MOST`."""
    whole = [glob]
    while len(whole) <= _MOST and any("{" in one and "}" in one for one in whole):
        one = next(one for one in whole if "{" in one and "}" in one)
        before, _, rest = one.partition("{")
        inside, closed, after = rest.partition("}")
        whole.remove(one)
        whole += [before + choice + after for choice in inside.split(",")] if closed else []
    anchored = [one.strip("/") if "/" in one.rstrip("/") else "**/" + one for one in whole]
    return [one + "**" if one.endswith("/") else one for one in anchored]


def _fits_parts(globs: list[str], parts: list[str]) -> bool:
    if not globs:
        return not parts
    if globs[0] == "**":
        rest = globs[1:]
        while rest[:1] == ["**"]:
            rest = rest[1:]
        return any(_fits_parts(rest, parts[at:]) for at in range(len(parts) + 1))
    return bool(parts) and _fits_name(globs[0], parts[0]) and _fits_parts(globs[1:], parts[1:])


def _fits_name(glob: str, name: str) -> bool:
    """Whether a name fits a glob of one part: greedy, with one place to come back to."""
    at = here = 0
    star = back = -1
    while here < len(name):
        if at < len(glob) and glob[at] == "*":
            star, back, at = at, here, at + 1
        elif at < len(glob) and glob[at] in ("?", name[here]):
            at, here = at + 1, here + 1
        elif star >= 0:
            back += 1
            at, here = star + 1, back
        else:
            return False
    return not glob[at:].strip("*")

"""Where Claude Code keeps the transcripts of a work tree (loaded for an audit only)."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def folders(environ: Mapping[str, str], tops: Sequence[str]) -> list[str]:
    """The folders with transcripts of sessions in these work trees or below; they may hold others, too.

    The client names a folder after the working folder, with every character that is neither a letter
    nor a digit turned into a dash (2.1.328), so two working folders can share one.
    """
    home = environ.get("CLAUDE_CONFIG_DIR") or os.path.join(environ.get("HOME", ""), ".claude")
    projects = os.path.join(home, "projects")
    try:
        names = sorted(os.listdir(projects))
    except OSError:
        return []
    wanted = [_slug(top) for top in tops]
    return [
        os.path.join(projects, name)
        for name in names
        if any(name == slug or name.startswith(slug + "-") for slug in wanted)
    ]


def _slug(path: str) -> str:
    return "".join([letter if letter.isascii() and letter.isalnum() else "-" for letter in path])

"""What a shell command and its output show of a commit (pure)."""

from __future__ import annotations

import re

# What `git commit` prints: "[main e655c3f] work"; with --quiet, nothing.
_PRINTED = re.compile(r"^\[[^\]\n]+ ([0-9a-f]{7,64})\]", re.MULTILINE)
_QUIET = re.compile(r"\bgit\b.*\bcommit\b.*(?:\s-\w*q|--quiet)", re.DOTALL)
# git prints the same line for the commits that these make; they replay somebody's work and are no boundary.
_REPLAYS = re.compile(r"\bgit\b[^;&|\n]*\b(?:rebase|cherry-pick|revert|merge|pull|am)\b")
_COMMITS = re.compile(r"\bgit\b[^;&|\n]*\bcommit\b(?!-)")


def replays(command: str) -> bool:
    """Whether a command makes commits again, and none of its own."""
    return bool(_REPLAYS.search(command)) and not _COMMITS.search(command)


def shown(command: str, output: str) -> str | None:
    """Return the commit that a successful command shows: its short name, or empty; None for no commit."""
    if "commit" not in command or replays(command):
        return None
    match = _PRINTED.search(output)
    if match:
        return match[1]
    return "" if _QUIET.search(command) else None

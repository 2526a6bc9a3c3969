"""`.claude/settings.json`, as Claude Code 2.1 reads it (pure)."""

from __future__ import annotations

from gitmem.clients.hook_settings import HookSettings
from gitmem.clients.json_text import parse

NAME = ".claude/settings.json"
# What the hook commands of every version contain, and no other command.
OURS = "gitmem hook claude-code"

SETTINGS = HookSettings(name=NAME, ours=OURS)


def hooks_are_off(existing: str) -> bool:
    """Return whether the file switches off all hooks, ours too."""
    switch = parse(existing, name=NAME).member("disableAllHooks")
    return switch is not None and switch.text == "true"

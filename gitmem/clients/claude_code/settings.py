"""`.claude/settings.json`, as Claude Code 2.1 reads it (pure)."""

from __future__ import annotations

from gitmem.clients.hook_settings import HookSettings

NAME = ".claude/settings.json"
# What the hook commands of every version contain, and no other command.
OURS = "gitmem hook claude-code"

SETTINGS = HookSettings(name=NAME, ours=OURS)

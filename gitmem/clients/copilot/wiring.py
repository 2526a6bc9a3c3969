"""What gitmem writes for Copilot CLI: Claude Code's settings file, which it runs.

Copilot CLI 1.0.102 runs the hooks of `.claude/settings.json`, and would run those of a file of its own beside
them. It reads CLAUDE.md and AGENTS.md both, so one of them has the block. A module of its own because a
hook does not need it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.clients.abilities import OwnInstructions
from gitmem.clients.claude_code import wiring as claude_code
from gitmem.memory.instructions import has_block

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.clients.abilities import Wiring
    from gitmem.clients.client import Read

_CLAUDE, _AGENTS = "CLAUDE.md", "AGENTS.md"
#: The events of Claude Code's at which it starts hooks.
FIRED = frozenset({
    "SessionStart", "UserPromptSubmit", "PreToolUse", "PostToolUse", "SubagentStart", "Stop", "PreCompact",
    "SessionEnd",
})  # fmt: skip


def wiring(title: str, read: Read) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file."""
    borrowed = claude_code.wiring(title, read)
    return replace(
        borrowed,
        hooks=tuple(hook for hook in borrowed.hooks if hook.event in FIRED),
        allow=(),  # it passes over Claude Code's permission rules
        instructions=_instructions,
        own_memory=None,
        status_line=None,
        program="copilot",
        folders=(".copilot",),
        own_instructions=OwnInstructions(
            path=".copilot/copilot-instructions.md", variable="COPILOT_HOME"
        ),
        borrowed=True,
    )


def _instructions(
    exists: Callable[[str], bool], text: Callable[[str], str]
) -> tuple[str, Sequence[str]]:
    """Choose the file that announces the memory: the one that does already, else the one that is there."""
    for path in (_CLAUDE, _AGENTS):
        if exists(path) and has_block(text(path)):
            return path, ()
    # A file that is only going to be written has no text yet.
    return (_CLAUDE if exists(_CLAUDE) and text(_CLAUDE) else _AGENTS), ()

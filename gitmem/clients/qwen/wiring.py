"""What gitmem writes for Qwen Code: its hooks (pure).

Qwen Code 0.24.4 reads shared settings in the folder a session starts in and nowhere above. It takes a
permission for `gitmem flag` from the person's own settings only, so none is written into the shared file.
A module of its own because a hook does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.clients.abilities import WiredFile, Wiring
from gitmem.clients.hook_settings import HookSettings, parse_hooks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.clients.client import Read

HOOKS = "hooks/qwen/hooks.json"
SETTINGS = HookSettings(name=".qwen/settings.json", ours="gitmem hook qwen", comments=True)


def wiring(title: str, read: Read) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file."""
    hooks = parse_hooks(read(HOOKS))
    return Wiring(
        title=title,
        files=(
            WiredFile(
                path=SETTINGS.name,
                wire=lambda text: SETTINGS.merge(text, hooks),
                unwire=SETTINGS.remove,
                mark=SETTINGS.ours.encode(),
                below=True,
                flaw=SETTINGS.flaw,
            ),
        ),
        hooks=hooks,
        allow=(),
        instructions=_instructions,
        program="qwen",
        folders=(".qwen",),
    )


def _instructions(
    exists: Callable[[str], bool], text: Callable[[str], str]
) -> tuple[str, Sequence[str]]:
    """Choose the file that announces the memory: the client reads AGENTS.md and QWEN.md, and no other."""
    del exists, text
    return "AGENTS.md", ()

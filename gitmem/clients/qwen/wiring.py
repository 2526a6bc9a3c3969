"""What gitmem writes for Qwen Code: its hooks (pure).

Qwen Code 0.24.4 reads shared settings in the folder a session starts in and nowhere above. It takes a
permission for `gitmem flag` from the person's own settings only, so none is written into the shared file,
and into the person's only where they ask for it.
A module of its own because a hook does not need it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.clients.abilities import OwnInstructions, PersonalFile, WiredFile, Wiring, agents_file
from gitmem.clients.hook_settings import HookSettings, parse_hooks

if TYPE_CHECKING:
    from gitmem.clients.client import Read

HOOKS = "hooks/qwen/hooks.json"
SETTINGS = HookSettings(name=".qwen/settings.json", ours="gitmem hook qwen", comments=True)
# The person's own, where gitmem has rules and no hook.
_OWN = HookSettings(name="~/.qwen/settings.json", ours="\0", comments=True)
#: What the agent may run without asking each time. By another name of the tool, a session without a terminal refuses it.
ALLOW = ("run_shell_command(gitmem flag *)", "run_shell_command(gitmem snag *)")
_REASON = (
    "Qwen Code takes no permission from a repository, and without one it asks before each `gitmem flag`, "
    "or refuses it in a session without a terminal"
)


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
        instructions=agents_file,
        program="qwen",
        folders=(".qwen",),
        own_instructions=OwnInstructions(path=".qwen/QWEN.md"),
        personal=(
            PersonalFile(
                path=SETTINGS.name,
                reason=_REASON,
                wire=lambda text: _OWN.merge(text, (), ALLOW),
                unwire=lambda text: _OWN.remove(text, ALLOW),
                mark=ALLOW[0].encode(),
            ),
        ),
    )

"""What gitmem writes for OpenCode: its plugin, and nothing else (pure).

OpenCode 1.18.33 runs what lies in `.opencode/plugins/`, without a question. Its permission rules are not written: one
in `opencode.json` replaces a person's own `"bash": "ask"` with itself alone, and every other command would run unasked.
The plugin adds them to the settings that are in force, beside what the person says (`config` in the plugin).
A plugin whose text no version shipped is a person's: it stays as it is.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING

from gitmem.clients.abilities import Hook, OwnInstructions, WiredFile, Wiring

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.clients.client import Read

SHIPPED = "hooks/opencode/gitmem.js"
#: The digests of every version of the plugin.
DIGESTS = "hooks/opencode/shipped.sha256"
_EDITED = "was edited by a person, and stays as it is"
# In the plugin of every version.
_MARK = b"gitmem hook opencode"


def wiring(title: str, read: Read, *, path: str, events: Sequence[str]) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file.

    ``path`` is where the plugin lies, ``events`` what it tells of.
    """
    plugin = read(SHIPPED)
    known = frozenset(read(DIGESTS).split())

    def ours(text: str) -> bool:
        return digest(text) in known

    def wired(text: str | None) -> str:
        if text is None or (ours(text) and digest(text) != digest(plugin)):
            return plugin
        return text

    return Wiring(
        title=title,
        files=(
            WiredFile(
                path=path,
                wire=wired,
                unwire=lambda text: None if ours(text) else text,
                mark=_MARK,
                flaw=lambda text: "" if not text or ours(text) else f"{path} {_EDITED}",
            ),
        ),
        hooks=tuple(
            Hook(event=event, matcher="", command=f"gitmem hook opencode {event}")
            for event in events
        ),
        allow=(),
        instructions=_instructions,
        program="opencode",
        folders=(".opencode", ".config/opencode"),
        own_instructions=OwnInstructions(
            path=".config/opencode/AGENTS.md", variable="XDG_CONFIG_HOME"
        ),
    )


def digest(text: str) -> str:
    """Return the digest of the plugin's text, as `hooks/opencode/shipped.sha256` lists it; line ends do not count."""
    return sha256(text.replace("\r\n", "\n").encode()).hexdigest()


def _instructions(
    exists: Callable[[str], bool], text: Callable[[str], str]
) -> tuple[str, Sequence[str]]:
    """Choose the file that announces the memory: the client reads CLAUDE.md only where there is no AGENTS.md."""
    del text
    claude = exists("CLAUDE.md") and not exists("AGENTS.md")
    return "CLAUDE.md" if claude else "AGENTS.md", ()

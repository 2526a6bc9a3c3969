"""What gitmem writes for Claude Code: its hooks, the instruction file it reads, the switch of its memory.

Claude Code 2.1 reads shared settings in the folder a session starts in and nowhere above. The switch of
its own memory is `"autoMemoryEnabled": false` in any settings file (2.1.328); on is its absence. gitmem
writes it into a person's own file only.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gitmem.clients.abilities import OwnInstructions, WiredFile, Wiring
from gitmem.clients.claude_code import settings
from gitmem.clients.hook_settings import is_blank, parse_hooks
from gitmem.clients.json_text import Kind, append, drop, parse, replace
from gitmem.core.failures import NeedsPerson
from gitmem.memory.instructions import has_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.clients.client import Read
    from gitmem.clients.json_text import Value

HOOKS = "hooks/claude-code/hooks.json"
# What the agent may run without asking each time: the two commands that capture.
ALLOW = ("Bash(gitmem flag *)", "Bash(gitmem snag *)")
# The client reads the one at the top of the repository from every folder below, too.
LOCAL = ".claude/settings.local.json"
_SWITCH = "autoMemoryEnabled"
_LINE = "statusLine"
STATUS_LINE = "gitmem statusline"
_CLAUDE, _AGENTS = "CLAUDE.md", "AGENTS.md"
# An import in an instruction file, `@AGENTS.md` or `@./AGENTS.md`.
_IMPORTS_AGENTS = re.compile(r"(?<![\w`])@(?:\./)?AGENTS\.md\b")
_SWITCHED_OFF = (
    "your CLAUDE.local.md keeps Claude Code from reading AGENTS.md, where the memory is announced: "
    "put the line @AGENTS.md into it"
)


def wiring(title: str, read: Read) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file."""
    hooks = parse_hooks(read(HOOKS))
    return Wiring(
        title=title,
        files=(
            WiredFile(
                path=settings.NAME,
                wire=lambda text: settings.SETTINGS.merge(text, hooks, ALLOW),
                unwire=lambda text: settings.SETTINGS.remove(text, ALLOW),
                mark=settings.OURS.encode(),
                below=True,
                flaw=settings.SETTINGS.flaw,
            ),
        ),
        hooks=hooks,
        allow=ALLOW,
        instructions=_instructions,
        own_memory=WiredFile(path=LOCAL, wire=memory_off, unwire=memory_on, mark=_SWITCH.encode()),
        status_line=WiredFile(path=LOCAL, wire=line_on, unwire=line_off, mark=STATUS_LINE.encode()),
        program="claude",
        folders=(".claude",),
        skills=".claude/skills",
        own_instructions=OwnInstructions(path=".claude/CLAUDE.md", variable="CLAUDE_CONFIG_DIR"),
    )


def _instructions(
    exists: Callable[[str], bool], text: Callable[[str], str]
) -> tuple[str, list[str]]:
    """Choose the file that announces the memory.

    The client reads AGENTS.md only where no CLAUDE.md, .claude/CLAUDE.md or CLAUDE.local.md is beside
    it, so a new CLAUDE.md would switch it off. CLAUDE.local.md is a person's own.
    """
    if exists(_CLAUDE):
        imports = exists(_AGENTS) and _IMPORTS_AGENTS.search(text(_CLAUDE))
        return (_AGENTS if imports and has_block(text(_AGENTS)) else _CLAUDE), []
    if not exists(_AGENTS) or exists(".claude/CLAUDE.md"):
        return _CLAUDE, []
    return _AGENTS, [_SWITCHED_OFF] if exists("CLAUDE.local.md") else []


def memory_off(existing: str | None) -> str:
    """Return the settings text that switches the client's own memory off; the rest stays.

    Raises NeedsPerson when the text is not a JSON object.
    """
    text, root = _object(existing)
    switch = root.member(_SWITCH)
    if switch is None:
        return append(text, root, root, [(_SWITCH, False)])
    return text if switch.text == "false" else replace(text, switch, new=False)


def memory_on(existing: str) -> str | None:
    """Return the settings text without that switch where it says off; None when nothing is left."""
    if is_blank(existing):
        return existing
    root = parse(existing, name=LOCAL)
    switch = root.member(_SWITCH)
    if switch is None or switch.text != "false":
        return existing
    return _without(existing, root, _SWITCH)


def line_on(existing: str | None) -> str:
    """Return the settings text with gitmem's status line; the rest stays.

    Raises NeedsPerson when the text is not a JSON object, or has another status line.
    """
    text, root = _object(existing)
    line = root.member(_LINE)
    if line is None:
        return append(text, root, root, [(_LINE, {"type": "command", "command": STATUS_LINE})])
    if not _is_ours(line):
        raise NeedsPerson(
            f"{LOCAL}: there is another status line",
            hint=f"leave it, or have your own command print what `{STATUS_LINE}` prints",
        )
    return text


def line_off(existing: str) -> str | None:
    """Return the settings text without gitmem's status line; None when nothing is left."""
    if is_blank(existing):
        return existing
    root = parse(existing, name=LOCAL)
    line = root.member(_LINE)
    if line is None or not _is_ours(line):
        return existing
    return _without(existing, root, _LINE)


def _object(existing: str | None) -> tuple[str, Value]:
    text = existing or ""
    if is_blank(text):
        text = text[:1].strip() + "{}\n"
    root = parse(text, name=LOCAL)
    if root.kind is not Kind.OBJECT:
        raise NeedsPerson(f"{LOCAL}: the file is {root.kind}, and the client wants an object there")
    return text, root


def _without(existing: str, root: Value, name: str) -> str | None:
    text = drop(existing, root, root.position(name))
    return text if parse(text, name=LOCAL).members else None


def _is_ours(line: Value) -> bool:
    command = line.member("command") if line.kind is Kind.OBJECT else None
    return command is not None and command.text == STATUS_LINE

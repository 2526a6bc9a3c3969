"""What gitmem writes for Codex: its hooks, and the rules by which `flag` and `snag` run outside the sandbox (pure).

Codex 0.171.0 loads both of a project that the person trusts. Its default sandbox mounts the git directory
read-only; a command that a rule allows runs outside of it, without a question. Trust and writable folders
are the person's to give: gitmem writes neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.clients.abilities import OwnInstructions, WiredFile, Wiring, agents_file
from gitmem.clients.hook_settings import HookSettings, parse_hooks

if TYPE_CHECKING:
    from gitmem.clients.client import Read

HOOKS = "hooks/codex/hooks.json"
RULES = "hooks/codex/gitmem.rules"
#: Where they are written.
SETTINGS = HookSettings(name=".codex/hooks.json", ours="gitmem hook codex")
RULE_FILE = ".codex/rules/gitmem.rules"
# What the rule of every version begins with.
_OURS = 'prefix_rule(pattern=["gitmem", '


def wiring(title: str, read: Read) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file."""
    hooks = parse_hooks(read(HOOKS))
    rules = read(RULES)
    return Wiring(
        title=title,
        files=(
            WiredFile(
                path=SETTINGS.name,
                wire=lambda text: SETTINGS.merge(text, hooks),
                unwire=SETTINGS.remove,
                mark=SETTINGS.ours.encode(),
            ),
            WiredFile(
                path=RULE_FILE,
                wire=lambda text: with_rules(text, rules),
                unwire=without_rules,
                mark=_OURS.encode(),
            ),
        ),
        hooks=hooks,
        allow=(),
        instructions=agents_file,
        program="codex",
        folders=(".codex",),
        own_instructions=OwnInstructions(path=".codex/AGENTS.md", variable="CODEX_HOME"),
    )


def with_rules(text: str | None, rules: str) -> str:
    """Return the rule file's text with exactly these rules of gitmem's; every other line stays."""
    if text is None:
        return rules
    if [line for line in text.splitlines() if line.startswith(_OURS)] == rules.splitlines():
        return text
    kept = without_rules(text) or ""
    end = "\r\n" if "\r\n" in text else "\n"
    return kept + (end if kept and not kept.endswith("\n") else "") + rules.replace("\n", end)


def without_rules(text: str) -> str | None:
    """Return the rule file's text without gitmem's rules; None when nothing is left."""
    kept = [line for line in text.splitlines(keepends=True) if not line.startswith(_OURS)]
    return "".join(kept) or None

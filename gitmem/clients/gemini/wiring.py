"""What gitmem writes for Gemini CLI: its hooks, the file that announces the memory, a person's policy (pure).

Gemini CLI 0.61.0 reads `.gemini/settings.json` of the folder that a session starts in and nowhere above. It
reads GEMINI.md unless `context.fileName` names other files. It takes no policy from a repository; `tools.allowed`
of a repository is never written, because with it every other shell command is denied.
"""

from __future__ import annotations

from dataclasses import replace as with_
from typing import TYPE_CHECKING

from gitmem.clients.abilities import (
    AGENTS,
    OwnInstructions,
    PersonalFile,
    WiredFile,
    Wiring,
    agents_file,
)
from gitmem.clients.hook_settings import HookSettings, is_blank, parse_hooks
from gitmem.clients.json_text import Kind, Value, append, drop, is_empty, replace
from gitmem.core.failures import NeedsPerson

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.clients.client import Read

HOOKS = "hooks/gemini/hooks.json"
POLICY = "hooks/gemini/gitmem.toml"
#: Where they are written.
SETTINGS = HookSettings(
    name=".gemini/settings.json", ours="gitmem hook gemini", labelled=True, comments=True
)
POLICY_FILE = ".gemini/policies/gitmem.toml"
_DEFAULT = "GEMINI.md"  # what the client reads where nothing is set
_READ = (AGENTS, _DEFAULT)
_BEGIN, _END = "# gitmem:begin", "# gitmem:end"
_REASON = (
    "Gemini CLI takes no policy from a repository, and without one it asks before each `gitmem flag`, "
    "or refuses it in a session without a terminal"
)


def wiring(title: str, read: Read) -> Wiring:
    """Return what `gitmem init` writes; ``read`` gives the text of a shipped file."""
    hooks = parse_hooks(read(HOOKS))
    policy = read(POLICY)
    return Wiring(
        title=title,
        files=(
            WiredFile(
                path=SETTINGS.name,
                wire=lambda text: with_names(SETTINGS.merge(text, hooks)),
                unwire=without,
                mark=SETTINGS.ours.encode(),
                below=True,
                flaw=_flaw,
            ),
        ),
        hooks=tuple(with_(hook, timeout=_seconds(hook.timeout)) for hook in hooks),
        allow=(),
        instructions=agents_file,
        program="gemini",
        folders=(".gemini",),
        own_instructions=OwnInstructions(path=".gemini/GEMINI.md", variable="GEMINI_CLI_HOME"),
        personal=(
            PersonalFile(
                path=POLICY_FILE,
                reason=_REASON,
                wire=lambda text: with_policy(text, policy),
                unwire=without_policy,
                mark=_BEGIN.encode(),
            ),
        ),
    )


def _seconds(timeout: int | None) -> int | None:
    """The client counts in milliseconds."""
    return None if timeout is None else timeout // 1000


def with_names(text: str) -> str:
    """Return the settings text with `AGENTS.md` among the files that the client reads; the rest stays.

    ``text`` is a JSON object. Raises NeedsPerson where something else stands than names.
    """
    root = SETTINGS.root(text)
    context = _expect(root.member("context"), Kind.OBJECT, "`context`")
    if context is None:
        return append(text, root, root, [("context", {"fileName": list(_READ)})])
    names = context.member("fileName")
    if names is None:
        return append(text, root, context, [("fileName", list(_READ))])
    if names.kind is Kind.STRING:
        only = names.text == AGENTS
        return text if only else replace(text, names, [names.text, AGENTS])
    _expect(names, Kind.ARRAY, "`context.fileName`")
    if AGENTS in [member.value.text for member in names.members]:
        return text
    return append(text, root, names, [("", AGENTS)])


def without(existing: str) -> str | None:
    """Return the settings text without gitmem's part; None when nothing is left.

    Of the names that the client reads, only those go that init wrote where there were none: a name that
    was added to a person's own cannot be told from theirs, and harms nothing.
    """
    text = SETTINGS.remove(existing)
    if text is None or is_blank(text) or text == existing:
        return text
    root = SETTINGS.root(text)
    context = root.member("context")
    names = context.member("fileName") if context else None
    if context is None or names is None or names.kind is not Kind.ARRAY:
        return text
    if [member.value.text for member in names.members] != list(_READ):
        return text
    if len(context.members) > 1:
        return drop(text, context, context.position("fileName"))
    text = drop(text, root, root.position("context"))
    return None if is_empty(text, SETTINGS.root(text)) else text


def with_policy(text: str | None, policy: str) -> str:
    """Return a policy file's text with exactly this part of gitmem's; every other line stays.

    Raises NeedsPerson when a part of gitmem's has no end.
    """
    if text is None:
        return policy
    lines = text.splitlines(keepends=True)
    start, end = _part(lines)
    if [line.rstrip("\r\n") for line in lines[start:end]] == policy.splitlines():
        return text
    newline = "\r\n" if "\r\n" in text else "\n"
    part = policy.replace("\n", newline)
    if end:
        return "".join([*lines[:start], part, *lines[end:]])
    return text + (newline if text and not text.endswith("\n") else "") + part


def without_policy(text: str) -> str | None:
    """Return a policy file's text without gitmem's part; None when nothing is left.

    Raises NeedsPerson when that part has no end.
    """
    lines = text.splitlines(keepends=True)
    start, end = _part(lines)
    return "".join([*lines[:start], *lines[end:]]) or None


def _part(lines: Sequence[str]) -> tuple[int, int]:
    """Where gitmem's part of a policy file begins and ends; twice 0 where there is none."""
    begins = [at for at, line in enumerate(lines) if line.startswith(_BEGIN)]
    if not begins:
        return 0, 0
    ends = [at for at, line in enumerate(lines) if line.startswith(_END) and at > begins[0]]
    if len(begins) > 1 or not ends:
        raise NeedsPerson(
            f"~/{POLICY_FILE}: gitmem's part is not one piece from `{_BEGIN}` to `{_END}`",
            hint="mend it by hand first; nothing was changed",
        )
    return begins[0], ends[0] + 1


def _expect(value: Value | None, kind: Kind, what: str) -> Value | None:
    if value is not None and value.kind is not kind:
        raise NeedsPerson(
            f"{SETTINGS.name}: {what} is {value.kind}, and the client wants {kind} there",
            hint="mend it by hand first; nothing was changed",
        )
    return value


def _flaw(text: str) -> str:
    """What keeps the hooks from firing: they are switched off, all or by their name."""
    if is_blank(text):
        return ""
    config = SETTINGS.root(text).member("hooksConfig")
    switch = config.member("enabled") if config else None
    if switch is not None and switch.text == "false":
        return (
            f"{SETTINGS.name} has hooksConfig.enabled false: no hook runs until that is taken out"
        )
    disabled = config.member("disabled") if config else None
    if disabled is not None and "gitmem" in [member.value.text for member in disabled.members]:
        return f"{SETTINGS.name} disables the hook gitmem in hooksConfig.disabled: none of its hooks runs"
    return ""

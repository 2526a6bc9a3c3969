"""The switch of the client's own memory, in the text of a person's own `.claude/settings.local.json`.

Off is `"autoMemoryEnabled": false`, in any settings file (Claude Code 2.1.328); on is its absence.
"""

from __future__ import annotations

from gitmem.clients import json_edits
from gitmem.clients.claude_code.settings import is_blank
from gitmem.clients.json_text import Kind, parse
from gitmem.core.errors import NeedsPerson

# The client reads the one at the top of the repository from every folder below, too.
LOCAL = ".claude/settings.local.json"
_SWITCH = "autoMemoryEnabled"


def switch_off(existing: str | None) -> str:
    """The settings text that switches the client's own memory off; what is there already stays.

    Raises NeedsPerson when the text is not a JSON object.
    """
    text = existing or ""
    if is_blank(text):
        text = text[:1].strip() + "{}\n"
    root = parse(text, name=LOCAL)
    if root.kind is not Kind.OBJECT:
        raise NeedsPerson(f"{LOCAL}: the file is {root.kind}, and the client wants an object there")
    switch = root.member(_SWITCH)
    if switch is None:
        return json_edits.append(text, root, root, [(_SWITCH, False)])
    return text if switch.text == "false" else json_edits.replace(text, switch, new=False)


def switch_on(existing: str) -> str | None:
    """The settings text without that switch where it says off; None when nothing is left."""
    if is_blank(existing):
        return existing
    root = parse(existing, name=LOCAL)
    switch = root.member(_SWITCH)
    if switch is None or switch.text != "false":
        return existing
    text = json_edits.drop(existing, root, root.position(_SWITCH))
    return text if parse(text, name=LOCAL).members else None

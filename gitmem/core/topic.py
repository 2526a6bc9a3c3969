"""Topic names: the file a flag asks for (hot lane)."""

from __future__ import annotations

from gitmem.core.errors import Refused

_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789"
_MAX = 40
# Names that mean something else in the memory folder, to a client, or to Windows.
_TAKEN = frozenset(
    ["memory", "pending", "readme", "claude", "agents", "con", "prn", "aux", "nul"]
    + [f"{device}{number}" for device in ("com", "lpt") for number in range(1, 10)]
)


def slug(raw: str) -> str:
    """A topic's file name without its ending: lower case, blanks and underscores to dashes.

    At most 40 of ``a-z0-9-``, no dash at either end. Raises Refused with what is allowed.
    """
    name = "-".join(raw.replace("_", " ").lower().split())
    if not name or len(name) > _MAX or name.strip(_LETTERS + "-") or name.strip("-") != name:
        raise Refused(
            f"{raw[:60]!r} cannot name a topic",
            hint="use up to 40 letters, digits and dashes, such as build-system",
        )
    if name in _TAKEN:
        raise Refused(f"the topic name {name} is reserved", hint="choose another word")
    return name

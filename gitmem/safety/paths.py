"""The gate for paths: what gitmem may write in a repository, and nothing else (pure).

An allow-list of whole paths in ASCII. The checks of single components before it catch nothing that
the list would let through; they are there to say why, and to hold if the list ever grows.
"""

from __future__ import annotations

import re
from enum import StrEnum

from gitmem.core.errors import Refused
from gitmem.core.flag import slug

INDEX_NAME = "MEMORY.md"
PENDING_NAME = "PENDING.md"
DETAILS_NAME = "details"

MAX_PATH = 200

_INSTRUCTIONS = frozenset({"CLAUDE.md", "AGENTS.md"})
_SKILL = re.compile(r"\.(?:claude|agents)/skills/[A-Za-z0-9][A-Za-z0-9._-]{0,63}/SKILL\.md")
_SCOPED = re.compile(r"\.claude/rules/gitmem-[a-z0-9][a-z0-9-]{0,59}\.md")
_GUARDS = ".gitmem/guards.jsonl"
_DRAIN = re.compile(r"\.gitmem/drains/[A-Za-z0-9][A-Za-z0-9-]{0,63}\.jsonl")
_FOLDER_PART = re.compile(r"[A-Za-z0-9._-]+")
_MAX_FOLDER_PARTS = 3
# Windows opens the device for these, whatever ending follows.
_DEVICES = frozenset({"con", "prn", "aux", "nul", "conin$", "conout$"}) | frozenset(
    f"{port}{number}" for port in ("com", "lpt") for number in range(10)
)
# Folders whose Markdown some client or host runs or obeys. Folders that start with a dot are refused
# as a whole: .claude, .github, .vscode, .cursor, and what the next tool will bring.
_OBEYED = frozenset(
    {"agents", "commands", "hooks", "node_modules", "plugins", "prompts", "rules", "skills"}
    | {"workflows"}
)


class PathKind(StrEnum):
    """What a writable path is."""

    TOPIC = "topic"
    INDEX = "index"
    PENDING = "pending"
    DETAILS = "details"
    INSTRUCTIONS = "instructions"
    SKILL = "skill"
    SCOPED = "scoped"
    GUARDS = "guards"
    DRAIN = "drain"


# An edit of these is a rule.
RULING = frozenset({PathKind.INSTRUCTIONS, PathKind.SKILL, PathKind.SCOPED, PathKind.GUARDS})
# What a client loads as instructions, so that no tainted flag gets there by itself: the index imports
# the topics, and says the newest open item. No client loads details, but `gitmem recall` shows them to the
# model, so they count.
LOADED = RULING | {PathKind.TOPIC, PathKind.PENDING, PathKind.DETAILS}


_NAMED = {INDEX_NAME: PathKind.INDEX, PENDING_NAME: PathKind.PENDING}


def writable(path: str, *, folder: str = "memory") -> PathKind:
    """What ``path`` (relative to the repository, with slashes) is; raises Refused for all else.

    ``folder`` is the memory folder. That nothing on the way is a link is for `check_tree_entry` and
    `check_tree_parent`.
    """
    reason = _objection(path)
    target = None if reason else _target(path, memory_folder(folder))
    if target is None:
        raise Refused(
            f"gitmem does not write {path[:80]!a}: {reason or 'it is not one of its files'}",
            hint="it writes memory, its own block, bodies of existing skills, its own rule files and "
            "guards, and its records",
        )
    return target


def details_of(path: str) -> str:
    """Return where the bodies of a memory file's lines are."""
    folder, _, name = path.rpartition("/")
    return f"{folder}/{DETAILS_NAME}/{name}"


def is_details(path: str, folder: str) -> bool:
    """Return whether a path is in the folder of the bodies."""
    return path.startswith(f"{folder}/{DETAILS_NAME}/")


def lines_file(details: str) -> str:
    """Return the memory file whose lines have their bodies in this details file."""
    folder, _, name = details.rpartition("/")
    return f"{folder.rpartition('/')[0]}/{name}"


def memory_folder(raw: str) -> str:
    """The memory folder as a setting gives it, without a final slash.

    1 to 3 components of ``A-Z a-z 0-9 . _ -``. Raises Refused for anything else, and for folders
    that tools obey.
    """
    folder = raw.removesuffix("/")
    parts = folder.split("/")
    reason = _objection(folder)
    if not reason and not all(_FOLDER_PART.fullmatch(part) for part in parts):
        reason = "only letters, digits, dots, hyphens and underscores may name it"
    if not reason and len(parts) > _MAX_FOLDER_PARTS:
        reason = f"it is more than {_MAX_FOLDER_PARTS} folders deep"
    if not reason and any(part[0] == "." or part.lower() in _OBEYED for part in parts):
        reason = "tools obey what is written there"
    if reason:
        raise Refused(
            f"the memory folder cannot be {raw[:80]!a}: {reason}",
            hint="choose a folder of its own, such as memory or docs/memory",
        )
    return folder


def check_tree_entry(path: str, mode: str, kind: str) -> None:
    """Raises Refused unless a path's entry in the tree is a plain file, as `git ls-tree` tells it."""
    if (mode, kind) != ("100644", "blob"):
        raise Refused(
            f"gitmem does not write {path[:80]!a}: it is no plain file in the tree"
            f" ({mode[:6]} {kind[:6]})",
            hint="links, submodules, folders and executable files are never written",
        )


def check_tree_parent(path: str, mode: str, kind: str) -> None:
    """Raises Refused unless a folder on the way to a path is a folder in the tree."""
    if (mode, kind) != ("040000", "tree"):
        raise Refused(
            f"gitmem does not write below {path[:80]!a}: it is no folder in the tree"
            f" ({mode[:6]} {kind[:6]})",
            hint="links and submodules are never followed; make it a folder, or, for the memory "
            "folder, set `memory:` in .gitmem/config.yaml to the one it leads to",
        )


def is_skill(path: str) -> bool:
    """Return whether a path is that of a skill's own file."""
    return bool(_SKILL.fullmatch(path))


def _target(path: str, folder: str) -> PathKind | None:
    name = path.removeprefix(f"{folder}/")
    if name != path:
        return _in_folder(name)
    if path in _INSTRUCTIONS:
        return PathKind.INSTRUCTIONS
    if is_skill(path):
        return PathKind.SKILL
    if _SCOPED.fullmatch(path):
        return PathKind.SCOPED
    if path == _GUARDS:
        return PathKind.GUARDS
    return PathKind.DRAIN if _DRAIN.fullmatch(path) else None


def _in_folder(name: str) -> PathKind | None:
    if name in _NAMED:
        return _NAMED[name]
    below = name.removeprefix(f"{DETAILS_NAME}/")
    if below != name:
        about = _in_folder(below) if "/" not in below else None
        return PathKind.DETAILS if about in {PathKind.TOPIC, PathKind.PENDING} else None
    topic = name.removesuffix(".md")
    return PathKind.TOPIC if topic != name and slug(topic) == topic else None


def _objection(path: str) -> str:
    """Why no path of this form is ever written; empty when nothing speaks against it."""
    if not path or len(path) > MAX_PATH:
        return f"a path has 1 to {MAX_PATH} characters"
    if not all("!" <= char <= "~" for char in path):
        return "it has a blank, a control character or a character beyond ASCII"
    if "\\" in path or ":" in path:
        return "it has a backslash or a colon"
    return next((why for part in path.split("/") if (why := _component_objection(part))), "")


def _component_objection(part: str) -> str:
    objections = (
        (part in {"", ".", ".."}, "it is not a plain relative path"),
        (part.startswith("-"), "a part starts with a hyphen"),
        (part.endswith("."), "a part ends with a dot"),
        (part.lower().startswith(".git") and part != ".gitmem", "it belongs to git"),
        ("~" in part, "a part may be the short name of another file"),
        (part.lower().split(".", 1)[0] in _DEVICES, "a part is the name of a device"),
    )
    return next((why for applies, why in objections if applies), "")

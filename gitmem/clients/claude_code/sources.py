"""What a settings file of the client means for gitmem's hooks: read leniently, never written.

Shapes as Claude Code 2.1.328 reads them. Editing these files is `gitmem.clients.claude_code.settings`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from gitmem.clients.abilities import Hook
from gitmem.clients.claude_code.settings import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator


class Where(StrEnum):
    """Whose file it is, in the order in which a later one overrides an earlier one."""

    PLUGIN = "plugin"
    USER = "user"
    PROJECT = "project"
    LOCAL = "local"
    MANAGED = "managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """One file that can bring hooks.

    ``path`` is as a person is told it, ``root`` the plugin's folder, ``problem`` why the file
    cannot be read (all else is empty then). ``hooks`` are gitmem's own in it. ``variables`` is what
    the file sets in the environment of hooks; ``plugins`` are ids switched on or off;
    ``auto_memory`` and ``off`` are the switches of those names, None and False when not set.
    """

    where: Where
    path: str
    root: str = ""
    problem: str = ""
    hooks: tuple[Hook, ...] = ()
    off: bool = False
    managed_only: bool = False
    allow: frozenset[str] = frozenset()
    variables: tuple[tuple[str, str], ...] = ()
    plugins: tuple[tuple[str, bool], ...] = ()
    auto_memory: bool | None = None


def read_source(where: Where, path: str, text: str, *, root: str = "") -> Source:
    """What the file's text says; with a problem when it is no JSON object."""
    try:
        found = json.loads(text.removeprefix("\ufeff") or "{}")
    except (ValueError, RecursionError) as error:
        return Source(where=where, path=path, root=root, problem=f"is not plain JSON: {error}")
    if not isinstance(found, dict):
        return Source(where=where, path=path, root=root, problem="is not a JSON object")
    memory = found.get("autoMemoryEnabled")
    only = (found.get("allowManagedHooksOnly"), found.get("strictPluginOnlyCustomization"))
    return Source(
        where=where,
        path=path,
        root=root,
        hooks=tuple(_hooks(found)),
        off=found.get("disableAllHooks") is True,
        managed_only=where is Where.MANAGED and (only[0] is True or _covers_hooks(only[1])),
        allow=frozenset(_strings(_object(found.get("permissions")).get("allow"))),
        variables=_pairs(found.get("env")),
        plugins=tuple(
            (name, value is True) for name, value in _object(found.get("enabledPlugins")).items()
        ),
        auto_memory=memory if isinstance(memory, bool) else None,
    )


def _covers_hooks(value: object) -> bool:
    return value is True or (isinstance(value, list) and "hooks" in value)


def _hooks(found: dict[str, Any]) -> Iterator[Hook]:
    for event, groups in _object(found.get("hooks")).items():
        for group in groups if isinstance(groups, list) else ():
            matcher = _object(group).get("matcher")
            handlers = _object(group).get("hooks")
            for handler in handlers if isinstance(handlers, list) else ():
                command = _object(handler).get("command")
                if isinstance(command, str) and OURS in command:
                    timeout = _object(handler).get("timeout")
                    yield Hook(
                        event=event,
                        matcher=matcher if isinstance(matcher, str) else "",
                        command=command,
                        timeout=timeout if isinstance(timeout, int) else None,
                    )


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(text)) for name, text in _object(value).items() if text is not None)


def variables(sources: list[Source]) -> dict[str, str]:
    """The environment that all the files set together; `sources` in the order of `Where`."""
    return {name: text for source in sources for name, text in source.variables}


def enabled_plugins(sources: list[Source]) -> list[str]:
    """The ids of plugins that are switched on once all files were heard."""
    heard = {name: on for source in sources for name, on in source.plugins}
    return [name for name, on in heard.items() if on]

"""Find and read Claude Code's settings files: a person's own, the project's, plugins', managed ones.

Places and shapes as Claude Code 2.1.328 has them (measured; the managed ones are those its program
names). Read leniently, never written; editing them is `gitmem.clients.claude_code.settings`.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients.abilities import ClientPlace, SettingsFile, Where
from gitmem.clients.claude_code.settings import OURS
from gitmem.clients.probing import as_object, hooks_in, read_object

if TYPE_CHECKING:
    from collections.abc import Iterator

_MANAGED = {
    "linux": "/etc/claude-code",
    "darwin": "/Library/Application Support/ClaudeCode",
}
_LARGEST = 4 << 20  # bytes of a settings file; the client's own state file grows to some hundred kB
_HOOKS = "hooks/hooks.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsPlaces:
    """Where a client looks.

    ``start`` is the folder a session starts in: the client reads the project's settings there and
    nowhere above; but a person's own for the project also at ``top``, the repository's. ``config`` is the person's own folder (`~/.claude`), ``state`` the file with what
    they trust, ``managed`` the administrator's folder.
    """

    start: Path
    top: Path
    config: Path
    state: Path
    managed: Path

    @staticmethod
    def of(place: ClientPlace) -> SettingsPlaces:
        """Return the places for a person's environment."""
        environ = place.environ
        home = Path(environ.get("HOME") or "/")
        config = environ.get("CLAUDE_CONFIG_DIR", "")
        return SettingsPlaces(
            start=place.start,
            top=place.top,
            config=Path(config) if config else home / ".claude",
            state=(Path(config) if config else home) / ".claude.json",
            managed=Path(_MANAGED.get(place.system, _MANAGED["linux"])),
        )


def sources(places: SettingsPlaces) -> list[SettingsFile]:
    """Return every settings file that exists, in the order of `Where`; each is read once."""
    found = [
        source
        for where, path in _files(places)
        if (source := _read(where, path, _said(path, places))) is not None
    ]
    return [*_plugins(places, enabled_plugins(found)), *found]


def trusted(places: SettingsPlaces) -> bool | None:
    """Whether the person told the client to trust this folder or one above it; None: never asked."""
    projects = read_object(places.state).get("projects")
    if not isinstance(projects, dict):
        return None
    for folder in (places.start, *places.start.parents):
        entry = projects.get(str(folder))
        if isinstance(entry, dict) and entry.get("hasTrustDialogAccepted") is True:
            return True
    return False if projects else None


def _files(places: SettingsPlaces) -> Iterator[tuple[Where, Path]]:
    yield Where.USER, places.config / "settings.json"
    yield Where.PROJECT, places.start / ".claude/settings.json"
    for folder in dict.fromkeys((places.top, places.start)):
        yield Where.LOCAL, folder / ".claude/settings.local.json"
    yield Where.MANAGED, places.managed / "managed-settings.json"
    for path in sorted(places.managed.glob("managed-settings.d/*.json")):
        yield Where.MANAGED, path


def _plugins(places: SettingsPlaces, enabled: list[str]) -> list[SettingsFile]:
    """The plugins that are switched on and bring hooks of gitmem's."""
    installed = read_object(places.config / "plugins/installed_plugins.json").get("plugins")
    found = []
    for name in enabled:
        entries = installed.get(name) if isinstance(installed, dict) else None
        for root in _roots(places, name, entries if isinstance(entries, list) else []):
            source = _read(Where.PLUGIN, root / _HOOKS, f"plugin {name}", root=str(root))
            if source and source.hooks:
                found.append(source)
                break
    return found


def _roots(places: SettingsPlaces, name: str, entries: list[Any]) -> Iterator[Path]:
    """Where the plugin's files may lie: copied at its installation, or in a marketplace's folder."""
    for entry in entries:
        path = entry.get("installPath") if isinstance(entry, dict) else None
        if isinstance(path, str):
            yield Path(path)
    market = read_object(places.config / "plugins/known_marketplaces.json").get(
        name.rpartition("@")[2]
    )
    path = market.get("installLocation") if isinstance(market, dict) else None
    if isinstance(path, str):
        yield Path(path)


def _read(where: Where, path: Path, said: str, *, root: str = "") -> SettingsFile | None:
    """The file, or None when there is none."""
    try:
        if not path.is_file():
            return None
        with path.open("rb") as file:
            content = file.read(_LARGEST)
    except OSError as error:
        return SettingsFile(
            where=where, path=said, root=root, problem=f"cannot be read: {error.strerror}"
        )
    return read_source(where, said, content.decode("utf-8", "replace"), root=root)


def _said(path: Path, places: SettingsPlaces) -> str:
    """The path as a person would say it."""
    if path.is_relative_to(places.top):
        return path.relative_to(places.top).as_posix()
    if path.is_relative_to(places.config) and places.config.name == ".claude":
        return "~/.claude/" + path.relative_to(places.config).as_posix()
    return str(path)


def read_source(where: Where, path: str, text: str, *, root: str = "") -> SettingsFile:
    """Return what the file's text says; with a problem when it is not a JSON object."""
    try:
        found = json.loads(text.removeprefix("\ufeff") or "{}")
    except (ValueError, RecursionError) as error:
        return SettingsFile(
            where=where, path=path, root=root, problem=f"is not plain JSON: {error}"
        )
    if not isinstance(found, dict):
        return SettingsFile(where=where, path=path, root=root, problem="is not a JSON object")
    memory = found.get("autoMemoryEnabled")
    only = (found.get("allowManagedHooksOnly"), found.get("strictPluginOnlyCustomization"))
    return SettingsFile(
        where=where,
        path=path,
        root=root,
        hooks=tuple(hooks_in(found, OURS)),
        off=found.get("disableAllHooks") is True,
        managed_only=where is Where.MANAGED and (only[0] is True or _covers_hooks(only[1])),
        allow=frozenset(_strings(as_object(found.get("permissions")).get("allow"))),
        variables=_pairs(found.get("env")),
        plugins=tuple(
            (name, value is True) for name, value in as_object(found.get("enabledPlugins")).items()
        ),
        auto_memory=memory if isinstance(memory, bool) else None,
    )


def _covers_hooks(value: object) -> bool:
    return value is True or (isinstance(value, list) and "hooks" in value)


def _strings(value: object) -> list[str]:
    return [entry for entry in value if isinstance(entry, str)] if isinstance(value, list) else []


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((name, str(text)) for name, text in as_object(value).items() if text is not None)


def enabled_plugins(sources: list[SettingsFile]) -> list[str]:
    """Return the ids of the plugins that are switched on when all files are taken together."""
    heard = {name: on for source in sources for name, on in source.plugins}
    return [name for name, on in heard.items() if on]

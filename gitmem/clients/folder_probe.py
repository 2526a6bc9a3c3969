"""The probe of a client that keeps JSON settings and trusted folders in a folder of its own.

Gemini CLI 0.61.0 and Qwen Code 0.24.4 do: `~/.NAME/settings.json`, `.NAME/settings.json` where a session
starts, and `~/.NAME/trustedFolders.json`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients import json_text
from gitmem.clients.abilities import ClientState, SettingsFile, Where
from gitmem.clients.probing import HookProbe, as_object, hooks_in, read_object, write
from gitmem.core.failures import NeedsPerson
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from gitmem.clients.abilities import ClientPlace, Hook
    from gitmem.clients.hook_settings import HookSettings

_LARGEST = 4 << 20  # bytes of a file
_PARENT, _NEVER = "TRUST_PARENT", "DO_NOT_TRUST"


class FolderProbe(HookProbe):
    """The part that is the same for these clients.

    ``settings`` are the project's, ``second`` is how many of the client's units of a timeout make one,
    ``managed`` an administrator's file. ``own`` is what the settings of a throw-away home say besides.
    """

    once = True  # measured: an equal command of the person's file and the project's runs once
    settings: HookSettings
    second = 1
    managed = ""
    own: Mapping[str, object] = {}

    def look(self, place: ClientPlace) -> ClientState:
        """Return the person's file, the project's and an administrator's, and whether the folder is trusted."""
        name = self.settings.name
        home = Path(place.environ.get("HOME") or "/")
        project = place.start / name
        said = project.relative_to(place.top) if project.is_relative_to(place.top) else project
        places = [
            (Where.USER, home / name, f"~/{name}"),
            (Where.PROJECT, project, str(said)),
            *([(Where.MANAGED, Path(self.managed), self.managed)] if self.managed else []),
        ]
        found = [self._read(*one) for one in places]
        trusted = self.trusts(home, place)
        return ClientState(files=[file for file in found if file], trusted=trusted)

    def trusts(self, home: Path, place: ClientPlace) -> bool | None:
        """Return whether the person trusts the folder; None: never asked."""
        return trusts(read_object((home / self.settings.name).with_name(_TRUST)), place.start)

    def is_off(self, found: Mapping[str, Any]) -> bool:
        """Whether settings switch gitmem's hooks off."""
        return found.get("disableAllHooks") is True

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Write gitmem's part of each settings file; the person's says nothing else but how to be quiet."""
        del url
        parts = {Where.USER: dict(self.own)}
        for file in files:
            if file.where is not Where.MANAGED:
                parts[file.where] = {**parts.get(file.where, {}), **self._part(file)}
        for where, part in parts.items():
            folder = home if where is Where.USER else Path(top)
            write(folder / self.settings.name, json.dumps(part))
        return []

    def _part(self, file: SettingsFile) -> dict[str, object]:
        part: dict[str, object] = {"hooks": self.settings.events(map(self._in_units, file.hooks))}
        if file.named:
            part["context"] = {"fileName": list(file.named)}
        return part

    def _in_units(self, hook: Hook) -> Hook:
        if hook.timeout is None:
            return hook
        return replace(hook, timeout=hook.timeout * self.second)

    def _read(self, where: Where, path: Path, said: str) -> SettingsFile | None:
        text = local.read_plain(str(path), _LARGEST).decode("utf-8", "replace")
        if not text.strip():
            return None
        try:
            found = json_text.plain(json_text.parse(text, name="it", comments=True))
        except NeedsPerson as error:
            return SettingsFile(where=where, path=said, problem=f"cannot be read: {error.message}")
        if not isinstance(found, dict):
            return SettingsFile(where=where, path=said, problem="is not a JSON object")
        names = as_object(found.get("context")).get("fileName")
        return SettingsFile(
            where=where,
            path=said,
            hooks=tuple(hooks_in(found, self.settings.ours, second=self.second)),
            off=self.is_off(found),
            named=tuple(
                name
                for name in (names if isinstance(names, list) else [names])
                if isinstance(name, str)
            ),
        )


_TRUST = "trustedFolders.json"


def trusts(rules: Mapping[str, Any], start: Path) -> bool | None:
    """Return what rules about folders say of one; the rule of the nearest folder above it counts.

    None without a rule: the person was never asked about any folder.
    """
    if not rules:
        return None
    best = (-1, "")
    for name, level in rules.items():
        folder = Path(name).parent if level == _PARENT else Path(name)
        if isinstance(level, str) and start.is_relative_to(folder):
            best = max(best, (len(folder.parts), level))
    return best[0] >= 0 and best[1] != _NEVER

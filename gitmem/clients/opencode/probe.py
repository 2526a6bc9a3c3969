"""What `gitmem doctor` asks of OpenCode and tries with it.

OpenCode starts no hooks: gitmem's plugin runs inside of it and starts `gitmem hook opencode EVENT`. Fired here is
what the plugin starts, with payloads recorded from version 1.18.33.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients.abilities import (
    ClientState,
    Hook,
    HookOutput,
    SettingsFile,
    Where,
)
from gitmem.clients.opencode.wiring import SHIPPED
from gitmem.clients.probing import HookProbe, apart, write
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.abilities import ClientPlace
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/opencode/payloads.json"
_LARGEST = 1 << 20  # bytes of a plugin
_OURS = "gitmem hook opencode"
_KEYS = {"model", "person", "hold"}
_FOLDERS = {
    "XDG_DATA_HOME": "data",
    "XDG_CONFIG_HOME": "config",
    "XDG_STATE_HOME": "state",
    "XDG_CACHE_HOME": "cache",
}
_QUIET = ("AUTOUPDATE", "MODELS_FETCH", "LSP_DOWNLOAD", "SHARE")


class OpenCodeProbe(HookProbe):
    """OpenCode, looked at and tried."""

    program = "opencode"
    ends = "end"
    once = False  # measured: a plugin in the home and one in the project both run
    untrusted = ""
    fields = (("session_id", "session"), ("cwd", "cwd"), ("prompt_id", "prompt"))

    def __init__(self, read: Read, *, path: str, events: Sequence[str]) -> None:
        super().__init__(read(_PAYLOADS))
        self._plugin, self._path = read(SHIPPED), path
        self._hooks = tuple(
            Hook(event=event, matcher="", command=f"{_OURS} {event}") for event in events
        )

    def look(self, place: ClientPlace) -> ClientState:
        """Return the plugin, in the person's home and in the project; the client asks about no trust."""
        home = place.environ.get("XDG_CONFIG_HOME") or f"{place.environ.get('HOME') or '/'}/.config"
        name = Path(self._path).name
        own = Path(home, "opencode/plugins", name)
        found = [
            SettingsFile(where=where, path=said, hooks=self._hooks)
            for where, path, said in (
                (Where.USER, own, str(own)),
                (Where.PROJECT, place.top / self._path, self._path),
            )
            if _OURS.encode() in local.read_plain(str(path), _LARGEST)
        ]
        return ClientState(files=found, trusted=True)

    def heard(self, event: str, out: str) -> HookOutput:
        """Return what the plugin would make of the output."""
        del event
        if not out.strip():
            return HookOutput()
        try:
            said = json.loads(out)
        except ValueError:
            said = None
        if not isinstance(said, dict) or set(said) - _KEYS:
            return HookOutput(problem=f"the plugin cannot read its answer: {out[:80]!r}")
        return HookOutput(person=str(said.get("person", "")), model=str(said.get("model", "")))

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        return "bash", {"command": command, "description": "a chapter"}

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Write the shipped plugin where one is, and settings with this model alone."""
        model = {"name": "Scripted", "limit": {"context": 200_000, "output": 4_000}}
        provider = {
            "npm": "@ai-sdk/openai-compatible",
            "name": "Scripted",
            "options": {"baseURL": f"{url}/v1", "apiKey": "none"},
            "models": {"scripted": model},
        }
        settings = {
            "autoupdate": False,
            "share": "disabled",
            "model": "scripted/scripted",
            "small_model": "scripted/scripted",
            "provider": {"scripted": provider},
        }
        config = home / "config/opencode"
        write(config / "opencode.json", json.dumps(settings))
        for file in files:
            place = (
                config / "plugins/gitmem.js" if file.where is Where.USER else Path(top) / self._path
            )
            if file.hooks:
                write(place, self._plugin)
        return ["run"]

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        del url
        folders = {name: str(home / folder) for name, folder in _FOLDERS.items()}
        quiet = {f"OPENCODE_DISABLE_{name}": "1" for name in _QUIET}
        # It installs a package of its own beside a plugin, and waits for it.
        return {**apart(environ, home), **folders, **quiet, "npm_config_offline": "true"}

"""What `gitmem doctor` asks of Qwen Code and tries with it. Shapes as recorded from version 0.24.4."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.clients.folder_probe import FolderProbe
from gitmem.clients.probing import apart, as_object, read_object
from gitmem.clients.qwen.wiring import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from gitmem.clients.abilities import ClientPlace, SettingsFile
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/qwen/payloads.json"

#: How a throw-away home is quiet.
_OWN = {
    "general": {"enableAutoUpdate": False},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "security": {"auth": {"selectedType": "openai"}},
}


class QwenProbe(FolderProbe):
    """Qwen Code, looked at and tried."""

    program = "qwen"
    ends = ""  # a session without a terminal does not fire it
    settings = SETTINGS
    managed = "/etc/qwen-code/settings.json"
    untrusted = "it reads no settings of the folder"
    fields = (*FolderProbe.fields, ("prompt_id", "prompt"))
    own = _OWN

    def __init__(self, read: Read) -> None:
        super().__init__(read(_PAYLOADS))

    def trusts(self, home: Path, place: ClientPlace) -> bool | None:
        """Return whether the person trusts the folder; without that switch it trusts every one."""
        security = as_object(read_object(home / SETTINGS.name).get("security"))
        if as_object(security.get("folderTrust")).get("enabled") is not True:
            return True
        return super().trusts(home, place)

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment."""
        inherited = super().environment(environ, files, top, session)
        return {**inherited, "QWEN_PROJECT_DIR": top}

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        given = {"command": command, "is_background": False, "description": "a chapter"}
        return "run_shell_command", given

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Prepare a home and a folder; no person is asked about what this model runs."""
        super().settle(files, top, home, url)
        return ["--approval-mode", "yolo"]

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        model = {
            "OPENAI_API_KEY": "none",
            "OPENAI_BASE_URL": f"{url}/v1",
            "OPENAI_MODEL": "scripted",
        }
        return {**apart(environ, home), **model}

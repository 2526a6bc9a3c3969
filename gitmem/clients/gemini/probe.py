"""What `gitmem doctor` asks of Gemini CLI and tries with it. Shapes as recorded from version 0.61.0."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients.abilities import Told
from gitmem.clients.folder_probe import FolderProbe
from gitmem.clients.gemini.wiring import POLICY, POLICY_FILE, SETTINGS
from gitmem.clients.probing import apart, as_object, read_object
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.clients.abilities import ClientPlace, SettingsFile
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/gemini/payloads.json"
_TRUSTS_ALL = "GEMINI_CLI_TRUST_WORKSPACE"
_LARGEST = 1 << 20  # bytes of a policy file

#: How a throw-away home is quiet.
_OWN = {
    "general": {"enableAutoUpdate": False, "disableAutoUpdate": True, "disableUpdateNag": True},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "security": {"auth": {"selectedType": "gemini-api-key"}},
}


class GeminiProbe(FolderProbe):
    """Gemini CLI, looked at and tried."""

    program = "gemini"
    settings = SETTINGS
    second = 1000
    managed = "/etc/gemini-cli/settings.json"
    untrusted = "it reads no settings of the folder, and does not start there without a terminal"
    own = _OWN

    def __init__(self, read: Read) -> None:
        super().__init__(read(_PAYLOADS))
        self._policy = read(POLICY)

    def trusts(self, home: Path, place: ClientPlace) -> bool | None:
        """Return whether the person trusts the folder, in its file or by the variable of that purpose."""
        security = as_object(read_object(home / SETTINGS.name).get("security"))
        off = as_object(security.get("folderTrust")).get("enabled") is False
        if off or place.environ.get(_TRUSTS_ALL) == "true":
            return True
        return super().trusts(home, place)

    def is_off(self, found: Mapping[str, Any]) -> bool:
        """Return whether settings switch gitmem's hooks off: all hooks, or those of its name."""
        config = as_object(found.get("hooksConfig"))
        disabled = config.get("disabled")
        named = isinstance(disabled, list) and "gitmem" in disabled
        return named or config.get("enabled") is False

    def ask(self, place: ClientPlace, program: str) -> Sequence[Told]:
        """Return whether the person's policy lets a capture through; nothing is started for that."""
        del program
        home = Path(place.environ.get("HOME") or "/")
        text = local.read_plain(str(home / POLICY_FILE), _LARGEST).decode("utf-8", "replace")
        if self._policy in text:
            return (
                Told(
                    check="permissions",
                    what="the agent may run gitmem flag and snag without asking",
                ),
            )
        said = "the client asks before each gitmem flag, and refuses it without a terminal"
        hint = "gitmem init --client gemini --personal writes a policy into your home"
        return (Told(check="permissions", what=said, hint=hint),)

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment."""
        inherited = super().environment(environ, files, top, session)
        own = {"GEMINI_PROJECT_DIR": top, "GEMINI_CWD": top, "GEMINI_SESSION_ID": session}
        return {**inherited, **own}

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        return "run_shell_command", {"command": command, "description": "a chapter"}

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Prepare a home and a folder; no person is asked about what this model runs."""
        super().settle(files, top, home, url)
        return ["-m", "gemini-2.5-flash", "--approval-mode", "yolo"]

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        return {
            **apart(environ, home),
            "GEMINI_API_KEY": "none",
            "GOOGLE_GEMINI_BASE_URL": url,
            "GEMINI_TELEMETRY_ENABLED": "false",
            _TRUSTS_ALL: "true",
        }

"""What `gitmem doctor` asks of Claude Code and tries with it.

Shapes as recorded from version 2.1.328. A rehearsal gives the client a home of its own, a trusted folder,
and of the person's settings what concerns gitmem's hooks, verbatim; other hooks do not run.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients.abilities import (
    ClientState,
    HookAnswer,
    HookOutput,
    RecordedSession,
    Where,
    variables,
)
from gitmem.clients.claude_code import settings, settings_files, wiring
from gitmem.clients.probing import FOREIGN, HookProbe, apart, outside

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from gitmem.clients.abilities import ClientPlace, SettingsFile
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/claude-code/payloads.json"
_TOOL = "Bash"
_BOOT = "SessionStart"
# The one event whose plain text goes to a model: to the one that writes the summary.
_PLAIN = "PreCompact"
_ARGUMENTS = (
    "-p",
    "--output-format=stream-json",
    "--include-hook-events",
    "--verbose",
)
_VERSION = "claude_code_version"  # in the stream's first line
#: What else the session that called gitmem left in the environment; the hook is not a part of it.
_FOREIGN = ("CLAUDE", "COPILOT_", *FOREIGN)
_QUIET = {
    "ANTHROPIC_API_KEY": "none",
    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
    "DISABLE_AUTOUPDATER": "1",
    "DISABLE_TELEMETRY": "1",
}


class ClaudeProbe(HookProbe):
    """Claude Code, looked at and tried."""

    program = "claude"
    once = True
    untrusted = "it drops the permission rules"
    fields = (*HookProbe.fields, ("prompt_id", "prompt"))

    def __init__(self, read: Read) -> None:
        super().__init__(read(_PAYLOADS))

    def project(self, environ: Mapping[str, str]) -> str:
        """Return the folder of the session that this runs in."""
        return environ.get("CLAUDE_PROJECT_DIR", "")

    def look(self, place: ClientPlace) -> ClientState:
        """Return every settings file, and whether the person trusts the folder."""
        places = settings_files.SettingsPlaces.of(place)
        return ClientState(
            files=settings_files.sources(places), trusted=settings_files.trusted(places)
        )

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment."""
        return {
            **outside(environ, _FOREIGN),
            **variables(files),
            "CLAUDECODE": "1",
            "CLAUDE_CODE_ENTRYPOINT": "cli",
            "CLAUDE_CODE_SESSION_ATTENDED": "1",
            "CLAUDE_CODE_CHILD_SESSION": "1",
            "CLAUDE_CODE_SESSION_ID": session,
            "CLAUDE_PROJECT_DIR": top,
            "PWD": top,
        }

    def of_plugin(self, root: str, data: str) -> dict[str, str]:
        """Return what a hook of the plugin in the folder ``root`` finds besides."""
        return {"CLAUDE_PLUGIN_ROOT": root, "CLAUDE_PLUGIN_DATA": data}

    def heard(self, event: str, out: str) -> HookOutput:
        """Return what the client would make of a hook's output."""
        if event == _PLAIN and out.strip():
            return HookOutput(model=out.strip())
        return super().heard(event, out)

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        return _TOOL, {"command": command, "description": "a chapter"}

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Write gitmem's part of each settings file and the trust in the folder."""
        del url
        files = list(files)
        _settle(files, top, home)
        return [*_ARGUMENTS, f"--allowedTools={_TOOL}(git commit *)", *_plugins(files)]

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        return {**apart(environ, home), **_QUIET, "ANTHROPIC_BASE_URL": url}

    def read(self, out: str, err: str) -> RecordedSession:
        """Return what `--output-format=stream-json` told of the session."""
        del err
        streamed = list(_stream(out))
        result = next((line for line in streamed if line.get("type") == "result"), {})
        versions = [str(line[_VERSION]) for line in streamed if _VERSION in line]
        return RecordedSession(
            version=versions[0] if versions else "",
            printed=str(result.get("result", "")),
            answers=tuple(answer for line in streamed if (answer := _hook_answer(line))),
        )


def _settle(files: Iterable[SettingsFile], top: str, home: Path) -> None:
    """What the client finds: a trusted folder, and gitmem's part of each settings file."""
    config = home / ".claude"
    config.mkdir(parents=True)
    trust = {"projects": {top: {"hasTrustDialogAccepted": True}}}
    (home / ".claude.json").write_text(json.dumps(trust), encoding="utf-8")
    places = {
        Where.USER: config / "settings.json",
        Where.PROJECT: Path(top) / ".claude/settings.json",
        Where.LOCAL: Path(top) / ".claude/settings.local.json",
    }
    for file in files:
        if file.where in places:
            places[file.where].parent.mkdir(exist_ok=True)
            text = json.dumps(_part(file))
            places[file.where].write_text(text, encoding="utf-8")


def _part(file: SettingsFile) -> dict[str, object]:
    """What of a settings file concerns gitmem's hooks."""
    path = dict(file.variables).get("PATH")
    allow = [rule for rule in wiring.ALLOW if rule in file.allow]
    return {
        "hooks": settings.SETTINGS.events(file.hooks),
        "permissions": {"allow": allow},
        **({"disableAllHooks": True} if file.off else {}),
        **({"env": {"PATH": path}} if path is not None else {}),
    }


def _plugins(files: Iterable[SettingsFile]) -> list[str]:
    roots = [file.root for file in files if file.where is Where.PLUGIN and file.root]
    return [word for root in roots for word in ("--plugin-dir", root)]


def _hook_answer(line: Mapping[str, object]) -> HookAnswer | None:
    """What a hook of gitmem's answered, as the client streams it; None for anything else."""
    output = line.get("output")
    if line.get("subtype") != "hook_response" or not isinstance(output, str):
        return None
    try:
        answer = json.loads(output)
    except ValueError:
        return None
    specific = answer.get("hookSpecificOutput") if isinstance(answer, dict) else None
    model = specific.get("additionalContext", "") if isinstance(specific, dict) else ""
    person = answer.get("systemMessage", "") if isinstance(answer, dict) else ""
    if "gitmem" not in f"{person}{model}":
        return None
    boot = line.get("hook_event") == _BOOT
    return HookAnswer(person=str(person), model=str(model), boot=boot)


def _stream(out: str) -> Iterator[dict[str, object]]:
    for line in out.splitlines():
        try:
            row = json.loads(line)
        except ValueError:
            continue
        if isinstance(row, dict):
            yield row

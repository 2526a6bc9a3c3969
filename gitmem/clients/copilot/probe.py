"""What `gitmem doctor` asks of Copilot CLI and tries with it.

Measured with version 1.0.102. It runs Claude Code's settings in the folder where a session starts, files of its
own beside them there and in the person's home, and each of them: an equal command of two files runs twice.
What Claude Code has in the person's home it does not read.
"""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.clients import json_text
from gitmem.clients.abilities import (
    ClientState,
    Hook,
    HookOutput,
    SettingsFile,
    Told,
    Where,
)
from gitmem.clients.claude_code.settings import NAME, SETTINGS
from gitmem.clients.copilot.wiring import FIRED
from gitmem.clients.probing import FOREIGN, HookProbe, apart, as_object, outside, write
from gitmem.core.failures import NeedsPerson
from gitmem.git import local

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from gitmem.clients.abilities import ClientPlace, Recorded
    from gitmem.clients.client import Read

_PAYLOADS = "hooks/copilot/payloads.json"
_LARGEST = 4 << 20  # bytes of a file
_OURS = "gitmem hook "
#: What it reads beside `NAME` where a session starts; a switch in one of these turns every hook off.
_BESIDE = (
    ".claude/settings.local.json",
    ".github/copilot/settings.json",
    ".github/copilot/settings.local.json",
)
_FOLDER = ".github/hooks"
_SWITCH = "disableAllHooks"
_TRUSTS_ALL = "COPILOT_ALLOW_ALL"
# Its own names of events, for those of Claude Code.
_NAMES = {
    "userPromptSubmitted": "UserPromptSubmit",
    "agentStop": "Stop",
    **{event[0].lower() + event[1:]: event for event in FIRED},
}
_KEYS = {"additionalContext", "permissionDecision", "permissionDecisionReason"}
#: What a payload says of the session: its field, in both of the client's spellings.
_SESSION = {
    "session_id": "session",
    "sessionId": "session",
    "transcript_path": "transcript",
    "transcriptPath": "transcript",
    "cwd": "cwd",
}
_MODEL = {
    "COPILOT_OFFLINE": "true",
    "COPILOT_PROVIDER_TYPE": "openai",
    "COPILOT_PROVIDER_API_KEY": "none",
    "COPILOT_MODEL": "scripted",
    "COPILOT_AUTO_UPDATE": "false",
    "COPILOT_PROVIDER_MAX_PROMPT_TOKENS": "100000",
    "COPILOT_PROVIDER_MAX_OUTPUT_TOKENS": "2000",
    "CI": "1",
}


class CopilotProbe(HookProbe):
    """Copilot CLI, looked at and tried."""

    program = "copilot"
    once = False
    reads: tuple[str, ...] = ("CLAUDE.md", "AGENTS.md")
    untrusted = "it runs no hooks of the folder"

    def __init__(self, read: Read) -> None:
        super().__init__(read(_PAYLOADS))

    def look(self, place: ClientPlace) -> ClientState:
        """Return the person's files and those of the folder, and whether the person trusts it."""
        home = _home(place.environ)
        said = "~/.copilot" if home.name == ".copilot" else str(home)
        own = [home / "settings.json", *sorted((home / "hooks").glob("*.json"))]
        start = place.start
        there = [*(start / name for name in _BESIDE), *sorted((start / _FOLDER).glob("*.json"))]
        found = [
            *(_read(Where.USER, path, f"{said}/{path.relative_to(home)}") for path in own),
            _read(Where.PROJECT, start / NAME, _said(start / NAME, place.top)),
            *(_read(Where.LOCAL, path, _said(path, place.top)) for path in there),
        ]
        return ClientState(files=[file for file in found if file], trusted=_trusts(home, place))

    def ask(self, place: ClientPlace, program: str) -> Sequence[Told]:
        """Return how the agent may run a capture; nothing is started for that."""
        del place, program
        # Measured: neither Claude Code's rules nor a rule for `gitmem flag` alone lets one through.
        said = (
            "the client asks before each gitmem flag; without a terminal it takes "
            "--allow-tool 'shell(gitmem:*)'"
        )
        return (Told(check="permissions", what=said),)

    def shell(self, environ: Mapping[str, str]) -> Sequence[str]:
        """Return the words before the command with which the client starts a hook."""
        del environ
        return "/bin/bash", "-c"

    def environment(
        self, environ: Mapping[str, str], files: Iterable[SettingsFile], top: str, session: str
    ) -> dict[str, str]:
        """Return what a hook finds in its environment; no file adds to it."""
        del files, session
        own = {"COPILOT_CLI": "1", "COPILOT_PROJECT_DIR": top, "CLAUDE_PROJECT_DIR": top}
        return {**outside(environ, ("CLAUDE", "COPILOT_", *FOREIGN)), **own, "PWD": top}

    def body(self, recorded: Recorded, base: Mapping[str, str]) -> bytes:
        """Return the bytes that a hook reads; which fields there are differs from event to event."""
        own = {name: base[said] for name, said in _SESSION.items() if name in recorded.body}
        return json.dumps({**recorded.body, **own}).encode()

    def heard(self, event: str, out: str) -> HookOutput:
        """Return what the client would make of a hook's output: it passes over Claude Code's nested answer."""
        del event
        if not out.strip():
            return HookOutput()
        try:
            said = json.loads(out)
        except ValueError:
            said = None
        if not isinstance(said, dict):
            return HookOutput(problem=f"the client cannot read its answer: {out[:80]!r}")
        odd = next((key for key in said if key not in _KEYS), "")
        if odd:
            return HookOutput(
                problem=f"its answer has the key {odd!r}, which the client passes over"
            )
        return HookOutput(model=str(said.get("additionalContext", "")))

    def call(self, command: str) -> tuple[str, dict[str, object]]:
        """Return the tool by which its model runs a shell command, and what the tool is given."""
        return "bash", {"command": command, "description": "a chapter", "initial_wait": 30}

    def settle(self, files: Iterable[SettingsFile], top: str, home: Path, url: str) -> list[str]:
        """Write gitmem's part of each file, and the trust in the folder."""
        del url
        own = home / ".copilot"
        numbers = count(1)
        for file in files:
            if not file.hooks:
                continue
            path = Path(top) / NAME
            if file.where is not Where.PROJECT:
                folder = own / "hooks" if file.where is Where.USER else Path(top) / _FOLDER
                path = folder / f"gitmem-{next(numbers)}.json"
            write(path, json.dumps({"version": 1, "hooks": SETTINGS.events(file.hooks)}))
        write(own / "config.json", json.dumps({"trustedFolders": [top]}))
        return ["--silent", "--allow-all-tools", "--disable-client-telemetry", "--no-auto-update"]

    def alone(self, environ: Mapping[str, str], home: Path, url: str) -> dict[str, str]:
        """Return the environment of a session in that home whose only model listens at ``url``."""
        own = {
            "COPILOT_HOME": str(home / ".copilot"),
            "COPILOT_PROVIDER_BASE_URL": f"{url}/v1",
        }
        return {**apart(environ, home), **_MODEL, **own}


def _home(environ: Mapping[str, str]) -> Path:
    own = environ.get("COPILOT_HOME")
    return Path(own) if own else Path(environ.get("HOME") or "/") / ".copilot"


def _said(path: Path, top: Path) -> str:
    return path.relative_to(top).as_posix() if path.is_relative_to(top) else str(path)


def _read(where: Where, path: Path, said: str) -> SettingsFile | None:
    """The file, or None when there is none; comments are for the person's settings alone."""
    text = local.read_plain(str(path), _LARGEST).decode("utf-8", "replace")
    if not text.strip():
        return None
    whole = path.parent.name != "hooks"
    own = where is Where.USER
    try:
        found = _with_comments(text) if own and whole else json.loads(text)
    except (ValueError, RecursionError, NeedsPerson) as error:
        return SettingsFile(where=where, path=said, problem=f"is not plain JSON: {error}")
    if not isinstance(found, dict):
        return SettingsFile(where=where, path=said, problem="is not a JSON object")
    off = found.get(_SWITCH) is True
    every = whole and not own  # in the other files the switch is for the file's own hooks
    return SettingsFile(
        where=where,
        path=said,
        hooks=() if off and not every else tuple(_hooks(found)),
        off=off and every,
    )


def _with_comments(text: str) -> object:
    return json_text.plain(json_text.parse(text, name="it", comments=True))


def _hooks(found: Mapping[str, Any]) -> Iterator[Hook]:
    """gitmem's hooks that the client runs: in Claude Code's shape, and handlers without a group."""
    for name, groups in as_object(found.get("hooks")).items():
        event = _NAMES.get(name, name)
        for group in groups if isinstance(groups, list) and event in FIRED else ():
            inner = as_object(group).get("hooks")
            matcher = as_object(group).get("matcher")
            for handler in inner if isinstance(inner, list) else [group]:
                yield from _hook(event, matcher if isinstance(matcher, str) else "", handler)


def _hook(event: str, matcher: str, handler: object) -> Iterator[Hook]:
    given = as_object(handler)
    command = given.get("command") or given.get("bash")
    if isinstance(command, str) and _OURS in command:
        timeout = given.get("timeout", given.get("timeoutSec"))
        seconds = timeout if isinstance(timeout, int) else None
        yield Hook(event=event, matcher=matcher, command=command, timeout=seconds)


def _trusts(home: Path, place: ClientPlace) -> bool | None:
    """Whether the person trusts the folder or one above it; None: they have not used the client yet."""
    if place.environ.get(_TRUSTS_ALL) == "true":
        return True
    text = local.read_plain(str(home / "config.json"), _LARGEST).decode("utf-8", "replace")
    if not text.strip():
        return None
    try:
        found = as_object(_with_comments(text))
    except NeedsPerson:
        return False
    # The second name is an older one, which the client still takes.
    folders = found.get("trustedFolders", found.get("trusted_folders"))
    return any(
        isinstance(folder, str) and place.start.is_relative_to(folder)
        for folder in (folders if isinstance(folders, list) else ())
    )

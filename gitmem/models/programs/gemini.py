"""The preset `gemini`: `gemini` without a prompt on its command line, measured with Gemini CLI 0.61.0.

It has no options against hooks, MCP servers, memory and a history, only settings. So it runs in a home of
its own, with the person's login linked into it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.models.programs import person
from gitmem.models.programs.program import Program, document, failed, found, part, total, words
from gitmem.models.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Attempt, Prompt

_LOGIN = ("oauth_creds.json", "google_accounts.json", "gemini-credentials.json")
_SETTINGS: Mapping[str, Any] = {
    "general": {"enableAutoUpdate": False, "enableAutoUpdateNotification": False, "maxAttempts": 3},
    "privacy": {"usageStatisticsEnabled": False},
    "telemetry": {"enabled": False},
    "tools": {"core": []},
    "hooksConfig": {"enabled": False},
    "skills": {"enabled": False},
    "experimental": {"enableAgents": False},
    # No file has this name.
    "context": {"fileName": "gitmem-no-such-file", "includeDirectoryTree": False},
    # Of a folder that is not trusted it would start nothing; there is nothing in this one.
    "security": {"folderTrust": {"enabled": False}},
    # A .env above the folder is not read: others of this machine may write one into /tmp.
    "advanced": {"ignoreLocalEnv": True},
}


def arguments(call: ProgramCall) -> Sequence[str]:
    """Without a terminal and a prompt it answers what is on standard input. No extension is called `none`."""
    return ("--model", call.model, "--output-format", "json", "--extensions", "none")


def prepare(call: ProgramCall) -> Mapping[str, str]:
    """Make its home: our settings, the person's login, and what leads to the model."""
    home = person.folder(call.environ, "GEMINI_CLI_HOME", "")
    own = Path(call.folder) / ".gemini"
    own.mkdir()
    theirs = person.read_settings(home / ".gemini/settings.json")
    security = {**_SETTINGS["security"], **person.taken(part(theirs, "security"), ["auth"])}
    person.write_settings(
        own / "settings.json",
        {**person.taken(theirs, ("modelConfigs", "billing")), **_SETTINGS, "security": security},
    )
    person.link(home / ".gemini", (*_LOGIN, ".env"), own)
    if not (own / ".env").exists():
        person.link(home, (".env",), own)
    (own / ".env").touch()  # where there is one, it looks no further up
    return {"GEMINI_CLI_HOME": call.folder, "GEMINI_SYSTEM_MD": call.order_file}


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `--output-format json`: one object with the answer, the models and an error.

    With an error it is on standard error, below warnings.
    """
    session = _session(ended)
    models = part(session, "stats", "models")
    usage = _usage([part(model, "tokens") for model in models.values()])
    if ended.code or session.get("error"):
        return failed(program, f"ended with {ended.code}", trouble(ended), usage=usage)
    answer = found(words(session.get("response")), prompt)
    return replace(answer, usage=usage, answered=", ".join(map(str, models)))


def trouble(ended: ProgramExit) -> str:
    """Return the message of the error that it ended with."""
    return words(part(_session(ended), "error").get("message")) or ended.complaint


def _session(ended: ProgramExit) -> dict[str, Any]:
    return document(ended.printed) or document(ended.complained)


def _usage(models: Sequence[dict[str, Any]]) -> Usage:
    """Return the tokens of all models; cached ones are in the prompt, thoughts beside the answer."""
    return Usage(
        tokens_in=total(models, "prompt"),
        tokens_out=total(models, "candidates", "thoughts"),
        dollars=None,
    )


GEMINI = Program(
    program="gemini",
    arguments=arguments,
    read=read,
    trouble=trouble,
    prepare=prepare,
    model="flash",
    settings={"GEMINI_TELEMETRY_ENABLED": "false", "GEMINI_CLI_NO_RELAUNCH": "true"},
    homes=("GEMINI_CLI_HOME", "GEMINI_CLI_SYSTEM_SETTINGS_PATH", "GEMINI_CLI_SYSTEM_DEFAULTS_PATH"),
    leads=("GEMINI_SANDBOX", "GEMINI_WRITE_SYSTEM_MD", "SANDBOX_", "BUILD_SANDBOX"),
)

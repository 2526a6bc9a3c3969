"""The preset `copilot`: `copilot` without a prompt on its command line, measured with Copilot CLI 1.0.102.

It has no options against a person's hooks and a history, only settings. So it runs in a home of its own, with
the person's login linked into it.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.models.programs import person
from gitmem.models.programs.program import (
    Program,
    document,
    failed,
    found,
    part,
    rows,
    total,
    words,
)
from gitmem.models.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Attempt, Prompt

#: What leads to the model; everything else of the person's settings stays out.
_TAKEN = ("model", "contextTier", "autoTier", "proxyUrl", "proxyKerberosServicePrincipal")
_SETTINGS: Mapping[str, Any] = {"disableAllHooks": True, "memory": False, "autoUpdate": False}


def arguments(call: ProgramCall) -> Sequence[str]:
    """Without a terminal and a prompt it answers what is on standard input. No tool is called `none`."""
    return (
        *(("--model", call.model) if call.model else ()),
        "--available-tools=none",
        "--no-custom-instructions",
        "--disable-builtin-mcps",
        "--no-ask-user",
        "--no-auto-update",
        "--no-remote",
        "--no-remote-export",
        "--no-bash-env",
        "--disable-client-telemetry",
        "--no-color",
        *("--stream", "off"),
        *("--log-level", "none"),
        *("--output-format", "json"),
        *("--usage-output-file", call.usage_file),
    )


def prepare(call: ProgramCall) -> Mapping[str, str]:
    """Make its home: our settings, the person's login, and what leads to the model."""
    home = Path(call.folder) / "home"
    home.mkdir()
    theirs = person.folder(call.environ, "COPILOT_HOME", ".copilot")
    settings = person.taken(person.read_settings(theirs / "settings.json"), _TAKEN)
    person.write_settings(home / "settings.json", {**settings, **_SETTINGS})
    person.link(theirs, ("config.json",), home)
    return {"COPILOT_HOME": str(home)}


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `--output-format json`: an event on each line; its figures are in a file."""
    events = rows(ended.printed)
    models = part(document(ended.usage), "modelMetrics")
    usage = _usage([part(model, "usage") for model in models.values()])
    if ended.code:
        return failed(program, f"ended with {ended.code}", trouble(ended), usage=usage)
    messages = [part(row, "data") for row in events if row.get("type") == "assistant.message"]
    answer = found(words(messages[-1].get("content")) if messages else "", prompt)
    return replace(answer, usage=usage, answered=", ".join(map(str, models)))


def trouble(ended: ProgramExit) -> str:
    """Return the last error of the session.

    Before there is one, it explains itself on standard error: the first line says what is wrong.
    """
    errors = [
        part(row, "data") for row in rows(ended.printed) if row.get("type") == "session.error"
    ]
    said = [words(error.get("message")) for error in errors]
    return next(filter(None, reversed(said)), "") or ended.complained.partition("\n")[0]


def _usage(models: Sequence[dict[str, Any]]) -> Usage:
    """Return the tokens of all models, cached ones among those read. It charges requests, no dollars."""
    return Usage(
        tokens_in=total(models, "inputTokens"),
        tokens_out=total(models, "outputTokens"),
        dollars=None,
    )


COPILOT = Program(
    program="copilot",
    arguments=arguments,
    read=read,
    trouble=trouble,
    prepare=prepare,
    settings={"COPILOT_ALLOW_ALL": "false", "COPILOT_AUTO_UPDATE": "false"},
    homes=("COPILOT_HOME", "COPILOT_CUSTOM_INSTRUCTIONS_DIRS"),
    leads=(
        "COPILOT_PROVIDER_",
        "COPILOT_GH_HOST",
        "GH_HOST",
        "COPILOT_API_",
        "COPILOT_CLI_DIST_DIR",
    ),
)

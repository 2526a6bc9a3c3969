"""The preset `opencode`: `opencode run`, measured with OpenCode 1.18.33."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.core.jsonline import figure
from gitmem.models.programs import person
from gitmem.models.programs.program import Program, failed, found, part, rows, total, words
from gitmem.models.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Attempt, Prompt

#: The agent that answers; its name is in no file of the person.
_AGENT = "gitmem-close"
_CONTENT = "OPENCODE_CONFIG_CONTENT"
_UNEXPLAINED = "UnknownError"
#: The error in a line of its log.
_LOGGED = re.compile(r'\berror(?:\.\w+)*="((?:\\.|[^"\\])*)"')
_FILES = ("config.json", "opencode.json", "opencode.jsonc")


def arguments(call: ProgramCall) -> Sequence[str]:
    """`--pure` leaves plugins out; a title saves the question for one."""
    return (
        "run",
        "--pure",
        *("--format", "json"),
        *("--print-logs", "--log-level", "ERROR"),
        *("--agent", _AGENT),
        *("--title", "gitmem close"),
        *(("--model", call.model) if call.model else ()),
    )


def prepare(call: ProgramCall) -> Mapping[str, str]:
    """Return an agent without tools as settings that go before the person's, which name model and login."""
    ours = person.settings_in(call.environ.get(_CONTENT, ""))
    agent = {
        "mode": "primary",
        "prompt": Path(call.order_file).read_text(encoding="utf-8"),
        "tools": {"*": False},
        "permission": {"*": "deny"},
    }
    ours |= {"autoupdate": False, "share": "disabled", "snapshot": False}
    ours["agent"] = part(ours, "agent") | {_AGENT: agent}
    off = {name: {"enabled": False} for name in _servers(call.environ)}
    ours["mcp"] = part(ours, "mcp") | off
    return {_CONTENT: json.dumps(ours)}


def _servers(environ: Mapping[str, str]) -> list[str]:
    """Return the MCP servers of the person: each is switched off by its name, there is no other way."""
    home = Path(environ.get("HOME", "/nonexistent"))
    folders = [
        person.folder(environ, "XDG_CONFIG_HOME", ".config") / "opencode",
        home / ".opencode",
    ]
    if environ.get("OPENCODE_CONFIG_DIR"):
        folders.append(Path(environ["OPENCODE_CONFIG_DIR"]))
    files = [folder / name for folder in folders for name in _FILES]
    if environ.get("OPENCODE_CONFIG"):
        files.append(Path(environ["OPENCODE_CONFIG"]))
    return [
        name for file in files for name in person.names_in(person.read_settings(file).get("mcp"))
    ]


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `--format json`: an event on each line."""
    events = rows(ended.printed)
    usage = _usage([part(row, "part") for row in events if row.get("type") == "step_finish"])
    if ended.code or any(row.get("type") == "error" for row in events):
        how = f"ended with {ended.code}" if ended.code else "failed"
        return failed(program, how, trouble(ended), usage=usage)
    said = [words(part(row, "part").get("text")) for row in events if row.get("type") == "text"]
    return replace(found("\n".join(said), prompt), usage=usage)


def trouble(ended: ProgramExit) -> str:
    """Return the last error that it printed; of one that it does not explain, the last one of its log."""
    errors = [part(row, "error") for row in rows(ended.printed) if row.get("type") == "error"]
    said = words(part(errors[-1], "data").get("message")) if errors else ""
    if said and words(errors[-1].get("name")) != _UNEXPLAINED:
        return said
    logged = _LOGGED.search(ended.complained.rpartition("\n")[2])
    return (logged[1] if logged else "") or said or ended.complaint


def _usage(steps: Sequence[dict[str, Any]]) -> Usage:
    """Return tokens and cost of all steps.

    What came from the cache and what went into it was read, too; thoughts are counted beside the answer.
    Of a model without a known price the cost is 0, which is no figure.
    """
    cost = sum(figure(step.get("cost")) for step in steps)
    tokens = [part(step, "tokens") for step in steps]
    caches = [part(one, "cache") for one in tokens]
    return Usage(
        tokens_in=total(tokens, "input") + total(caches, "read", "write"),
        tokens_out=total(tokens, "output", "reasoning"),
        dollars=cost or None,
    )


OPENCODE = Program(
    program="opencode",
    arguments=arguments,
    read=read,
    trouble=trouble,
    prepare=prepare,
    settings={
        "OPENCODE_DB": ":memory:",  # its history
        "OPENCODE_DISABLE_PROJECT_CONFIG": "1",
        "OPENCODE_DISABLE_CLAUDE_CODE": "1",
        "OPENCODE_DISABLE_EXTERNAL_SKILLS": "1",
        "OPENCODE_DISABLE_AUTOUPDATE": "1",
        "OPENCODE_DISABLE_LSP_DOWNLOAD": "1",
        "OPENCODE_AUTO_SHARE": "false",
    },
    homes=(
        *("OPENCODE_CONFIG", "OPENCODE_CONFIG_DIR", "OPENCODE_MODELS_PATH"),
        *("XDG_CONFIG_HOME", "XDG_DATA_HOME"),
    ),
    leads=(_CONTENT, "OPENCODE_AUTH_CONTENT", "OPENCODE_MODELS_URL", "OPENCODE_PERMISSION"),
)

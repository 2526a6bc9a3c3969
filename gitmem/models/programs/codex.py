"""The preset `codex`: `codex exec`, measured with Codex 0.171.0.

The answer is the last message; the file for it is what is left where a version prints no events.
"""

from __future__ import annotations

import json
import tomllib
from dataclasses import replace
from typing import TYPE_CHECKING

from gitmem.models.programs import person
from gitmem.models.programs.program import Program, failed, found, part, rows, total, words
from gitmem.models.usage import Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Attempt, Prompt

#: What Codex would add. Here an unknown name is not an error; with --disable it is.
_WITHOUT = (
    *("hooks", "shell_tool", "unified_exec", "view_image", "multi_agent", "goals"),
    *("apps", "plugins", "skill_search", "memories"),
)
_SETTINGS = (
    *(f"features.{name}=false" for name in _WITHOUT),
    'web_search="disabled"',
    "tools.experimental_request_user_input.enabled=false",
    "tools.update_plan.enabled=false",
    "skills.include_instructions=false",
    "notify=[]",  # a program that the person has started after each turn
    "project_doc_max_bytes=0",
    "include_permissions_instructions=false",
    "include_environment_context=false",
)


def arguments(call: ProgramCall) -> Sequence[str]:
    """Replace its 17 KB of instructions for coding by one sentence; ours are in the question."""
    settings = [*_SETTINGS, f"model_instructions_file={json.dumps(call.order_file)}"]
    servers = _servers(call)
    if servers:
        off = ",".join(f"{json.dumps(name)}={{enabled=false}}" for name in servers)
        settings.append(f"mcp_servers={{{off}}}")
    return (
        "exec",
        "--skip-git-repo-check",
        "--ephemeral",
        "--ignore-rules",
        *("--sandbox", "read-only"),
        *(word for setting in settings for word in ("-c", setting)),
        *(("-m", call.model) if call.model else ()),
        *("--color", "never"),
        "--json",
        *("--output-schema", call.schema_file),
        *("-o", call.answer_file),
        "-",
    )


def _servers(call: ProgramCall) -> list[str]:
    """Return the MCP servers of the person: each is switched off by its name, there is no other way."""
    path = person.folder(call.environ, "CODEX_HOME", ".codex") / "config.toml"
    try:
        settings = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return []
    return person.names_in(settings.get("mcp_servers"))


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `codex exec --json`: an event on each line."""
    events = rows(ended.printed)
    usage = _usage([part(row, "usage") for row in events if row.get("type") == "turn.completed"])
    if ended.code:
        return failed(program, f"ended with {ended.code}", trouble(ended), usage=usage)
    return replace(found(_last_message(events) or ended.answer, prompt), usage=usage)


def trouble(ended: ProgramExit) -> str:
    """Return the last error that it printed."""
    errors = [
        words(row.get("message")) or words(part(row, "error").get("message"))
        for row in rows(ended.printed)
    ]
    return next(filter(None, reversed(errors)), "") or ended.complaint


def _last_message(events: Sequence[dict[str, object]]) -> str:
    items = [part(row, "item") for row in events]
    said = [words(item.get("text")) for item in items if item.get("type") == "agent_message"]
    return said[-1] if said else ""


def _usage(turns: Sequence[dict[str, object]]) -> Usage:
    """Return the tokens of all turns; cached ones are among those read, thoughts among those written."""
    return Usage(
        tokens_in=total(turns, "input_tokens"),
        tokens_out=total(turns, "output_tokens"),
        dollars=None,
    )


CODEX = Program(
    program="codex", arguments=arguments, read=read, trouble=trouble, homes=("CODEX_HOME",)
)

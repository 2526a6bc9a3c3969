"""The preset `qwen`: `qwen` without a prompt on its command line, measured with Qwen Code 0.24.4.

`--bare` would leave out more, but also the person's login.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.models.programs import person
from gitmem.models.programs.program import Program, failed, found, part, rows, words
from gitmem.models.usage import Usage, sound

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Attempt, Prompt

#: Every tool that it lists at its start; one that a newer version adds is stopped by `--max-tool-calls`.
_TOOLS = [
    "agent",
    "list_agents",
    "skill",
    "tool_call",
    "tool_search",
    "get_goal",
    "update_goal",
    "read_file",
    "run_shell_command",
    "edit",
    "write_file",
    "notebook_edit",
    "web_fetch",
    "read_mcp_resource",
    "send_message",
    "zoom_image",
    "report_findings",
    "enter_worktree",
    "exit_worktree",
    "record_artifact",
    "cron_create",
    "cron_list",
    "cron_delete",
    "loop_wakeup",
    "task_stop",
    "grep_search",
    "glob",
    "todo_write",
    "save_memory",
    "list_directory",
]
#: How it says that the model answered in words instead of the call that the schema asks for.
_IN_WORDS = "plain text instead of"


def arguments(call: ProgramCall) -> Sequence[str]:
    """The schema makes one tool, through which the model answers; no other is left."""
    return (
        *(("--model", call.model) if call.model else ()),
        "--safe-mode",
        *("--chat-recording", "false"),
        *("--exclude-tools", ",".join(_TOOLS)),
        *("--max-tool-calls", "0"),
        *("--output-format", "json"),
        *("--json-schema", json.dumps(call.prompt.schema)),
        *("--system-prompt", call.prompt.system),
    )


def prepare(call: ProgramCall) -> Mapping[str, str]:
    """Make its home, so that nothing of the question stays in the person's, and link the login into it."""
    home = Path(call.folder) / "home"
    home.mkdir()
    theirs = person.folder(call.environ, "QWEN_HOME", ".qwen")
    person.link(theirs, ("settings.json", "oauth_creds.json", ".env"), home)
    return {"QWEN_HOME": str(home)}


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `--output-format json`: a list of events, the last one about the session."""
    events = rows(ended.printed)
    session = _session(events)
    messages = [part(row, "message") for row in events if row.get("type") == "assistant"]
    counts = part(session, "usage")
    usage = Usage(  # cached tokens are among those read
        tokens_in=sound(counts.get("input_tokens")),
        tokens_out=sound(counts.get("output_tokens")),
        dollars=None,
    )
    if _IN_WORDS in trouble(ended):
        answer = found(_said(messages), prompt)
    elif ended.code or session.get("is_error"):
        return failed(program, f"ended with {ended.code}", trouble(ended), usage=usage)
    else:
        answer = found(words(session.get("result")), prompt)
    models = dict.fromkeys(words(message.get("model")) for message in messages)
    return replace(answer, usage=usage, answered=", ".join(filter(None, models)))


def trouble(ended: ProgramExit) -> str:
    """Return the message of the error that the session ended with."""
    session = _session(rows(ended.printed))
    return (
        words(part(session, "error").get("message"))
        or words(session.get("result"))
        # What it says beside a session is about the program, not about the question.
        or (ended.complaint if ended.code else "")
    )


def _session(events: Sequence[dict[str, Any]]) -> dict[str, Any]:
    ends = [row for row in events if row.get("type") == "result"]
    return ends[-1] if ends else {}


def _said(messages: Sequence[dict[str, Any]]) -> str:
    """Return the words of the last message."""
    blocks = messages[-1].get("content") if messages else ()
    return "".join(
        words(part(block).get("text")) for block in (blocks if isinstance(blocks, list) else ())
    )


QWEN = Program(
    program="qwen",
    arguments=arguments,
    question=lambda call: call.prompt.text,
    read=read,
    trouble=trouble,
    prepare=prepare,
    settings={"QWEN_TELEMETRY_ENABLED": "false"},
    homes=("QWEN_HOME", "QWEN_CODE_SYSTEM_SETTINGS_PATH", "QWEN_CODE_SYSTEM_DEFAULTS_PATH"),
    leads=("QWEN_SANDBOX",),
)

"""The preset `claude`: `claude -p`, measured with Claude Code 2.1.328."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gitmem.core.jsonline import figure
from gitmem.models.extract import outline
from gitmem.models.programs.program import Program, failed, found, read_text, words
from gitmem.models.reply import Attempt, Stop
from gitmem.models.usage import Usage, token_counts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.models.programs.program import ProgramCall, ProgramExit
    from gitmem.models.reply import Prompt

_ACCOUNT = frozenset({401, 402, 403})


def arguments(call: ProgramCall) -> Sequence[str]:
    """Use `--bare` with an API key, because it reads no login; else load no settings at all.

    Both keep hooks and memory out. `--tools` is variadic: no positional word may follow it.
    """
    without_settings = ("--setting-sources", "", "--strict-mcp-config", "--disable-slash-commands")
    return (
        "-p",
        *(("--bare",) if call.has_key else without_settings),
        *("--tools", ""),
        *("--model", call.model),
        *("--effort", "low"),
        "--no-session-persistence",
        *("--output-format", "json"),
        *("--json-schema", json.dumps(call.prompt.schema)),
        *("--system-prompt", call.prompt.system),
    )


def read(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `claude -p --output-format json`: one JSON object about the session.

    Success alone says little: after plain prose `structured_output` is missing.
    """
    try:
        session = json.loads(ended.answer)
    except (ValueError, RecursionError):
        session = None
    if not isinstance(session, dict):
        return read_text(program, replace(ended, answer=""), prompt)
    said = words(session.get("result"))
    if ended.code or session.get("is_error"):
        why = said or str(session.get("subtype") or ended.complaint)
        refused = session.get("api_error_status") in _ACCOUNT
        return _with_usage(failed(program, "failed", why, refused=refused), session)
    data = session.get("structured_output")
    if isinstance(data, dict) and not outline(data, prompt.schema):
        return _with_usage(Attempt(stop=Stop.END, data=data), session)
    return _with_usage(found(said, prompt), session)


def _with_usage(outcome: Attempt, session: dict[str, Any]) -> Attempt:
    """Return the result with the session's counts; the dollars are the program's own figure."""
    dollars = session.get("total_cost_usd")
    models = session.get("modelUsage")
    tokens_in, tokens_out = token_counts(session.get("usage"))
    return replace(
        outcome,
        usage=Usage(
            tokens_in=tokens_in,
            tokens_out=tokens_out,
            dollars=figure(dollars) if isinstance(dollars, int | float) else None,
        ),
        answered=", ".join(map(str, models)) if isinstance(models, dict) else "",
    )


CLAUDE = Program(
    program="claude",
    arguments=arguments,
    question=lambda call: call.prompt.text,
    read=read,
    model="haiku",
    # By default it asks ten times more, with pauses that outlast a close.
    settings={"CLAUDE_CODE_MAX_RETRIES": "2", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    homes=("CLAUDE_CONFIG_DIR",),
)

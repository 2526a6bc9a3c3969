"""Programs that bring their own login: how each is started, and how its answer is read.

The flags were measured with Claude Code 2.1.328, Codex 0.169.0 and llm 0.36: no tool that acts, no
hooks, no project files, nothing kept on disk. What a program prints is as hostile as a server's answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from gitmem.core.jsonline import figure
from gitmem.models.extract import extract, outline
from gitmem.models.reply import Attempt, Credentials, Prompt, Stop
from gitmem.models.shapes import with_schema
from gitmem.models.usage import Usage, token_counts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

#: What the programs say when a person must log in or pay; matched only when they failed.
_LOGIN = re.compile(
    r"not logged in|/login|no key found|missing environment variable|invalid api key"
    r"|failed to authenticate|\b401\b|unauthorized|credit balance|insufficient_quota",
    re.IGNORECASE,
)
_TOO_LARGE = re.compile(r"too long|context (?:length|window)|request too large", re.IGNORECASE)
_ACCOUNT = frozenset({401, 402, 403})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramExit:
    """A program that ended by itself: its exit code, its answer, its last line of complaint."""

    code: int
    answer: str
    complaint: str


def read_text(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of a program whose answer is, or holds, the JSON object.

    Raises Credentials when it failed because a person must log in.
    """
    if ended.code:
        raise_for_login(program, ended.complaint)
        problem = f"{program} ended with {ended.code}: {ended.complaint or 'it did not say why'}"
        return Attempt(stop=_why(ended.complaint), problem=problem)
    return _found(ended.answer, prompt)


def read_claude(program: str, ended: ProgramExit, prompt: Prompt) -> Attempt:
    """Return the result of `claude -p --output-format json`: one JSON object about the session.

    Success alone says little: after plain prose `structured_output` is missing.
    """
    try:
        session = json.loads(ended.answer)
    except (ValueError, RecursionError):
        session = None
    if not isinstance(session, dict):
        return read_text(program, replace(ended, answer=""), prompt)
    words = session.get("result")
    words = words if isinstance(words, str) else ""
    if ended.code or session.get("is_error"):
        why = words or str(session.get("subtype") or ended.complaint)
        raise_for_login(program, why, refused=session.get("api_error_status") in _ACCOUNT)
        return _with_usage(Attempt(stop=_why(why), problem=f"{program} failed: {why}"), session)
    data = session.get("structured_output")
    if isinstance(data, dict) and not outline(data, prompt.schema):
        return _with_usage(Attempt(stop=Stop.END, data=data), session)
    return _with_usage(_found(words, prompt), session)


def raise_for_login(program: str, words: str, *, refused: bool = False) -> None:
    """Raise Credentials when a failed program's words, or ``refused``, say that a login is missing."""
    if refused or _LOGIN.search(words):
        raise Credentials(
            f"{program} is not logged in, or may not ask: {words}",
            hint=f"put {program}'s login in order; the queue is as it was",
        )


def _why(words: str) -> Stop:
    return Stop.TOO_LARGE if _TOO_LARGE.search(words) else Stop.FAILED


def _found(text: str, prompt: Prompt) -> Attempt:
    if not text.strip():
        return Attempt(stop=Stop.INVALID, problem="the answer says nothing")
    extraction = extract(text, prompt.schema)
    if extraction.data is None:
        problem = f"the answer is not what was asked for: {extraction.reason}"
        return Attempt(stop=Stop.INVALID, problem=problem)
    return Attempt(stop=Stop.END, data=extraction.data)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCall:
    """One start of a program: the question, the model, and the files made for it.

    ``schema_file`` holds the JSON schema and ``order_file`` the bare order to answer; the program
    may write its answer into ``answer_file``. ``has_key`` says whether the vendor's key is set.
    """

    prompt: Prompt
    model: str
    schema_file: str
    order_file: str
    answer_file: str
    has_key: bool


def in_one(call: ProgramCall) -> str:
    """Return instructions, schema and data as one text, for programs that take no more."""
    return f"{with_schema(call.prompt)}\n\n{call.prompt.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """How to ask a program: its command line, its standard input, how its answer is read.

    ``model`` is the default; empty leaves the choice to the program. ``settings`` are environment
    variables, ``name`` is a preset's.
    """

    program: str
    arguments: Callable[[ProgramCall], Sequence[str]]
    question: Callable[[ProgramCall], str] = in_one
    read: Callable[[str, ProgramExit, Prompt], Attempt] = read_text
    model: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


def _claude(call: ProgramCall) -> Sequence[str]:
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


#: What Codex would add. Here an unknown name is not an error; with --disable it is.
_CODEX_WITHOUT = ["hooks", "shell_tool", "unified_exec", "view_image", "multi_agent", "goals"]
_CODEX_WITHOUT += ["apps", "plugins", "skill_search"]


def _codex(call: ProgramCall) -> Sequence[str]:
    """Replace its 17 KB of instructions for coding by one sentence; ours are in the question."""
    settings = [f"features.{name}=false" for name in _CODEX_WITHOUT]
    settings += ['web_search="disabled"', "project_doc_max_bytes=0"]
    settings += ["include_permissions_instructions=false", "include_environment_context=false"]
    settings += [f"model_instructions_file={json.dumps(call.order_file)}"]
    return (
        "exec",
        "--skip-git-repo-check",
        "--ephemeral",
        *("--sandbox", "read-only"),
        *(word for setting in settings for word in ("-c", setting)),
        *(("-m", call.model) if call.model else ()),
        *("--color", "never"),
        *("--output-schema", call.schema_file),
        *("-o", call.answer_file),
        "-",
    )


def _llm(call: ProgramCall) -> Sequence[str]:
    """Switch its log off: the question stays out of the database that llm keeps."""
    model = ("-m", call.model) if call.model else ()
    return ("prompt", "--no-log", "--no-stream", *model, "--schema", call.schema_file)


PRESETS: Mapping[str, Program] = {
    "claude": Program(
        program="claude",
        arguments=_claude,
        question=lambda call: call.prompt.text,
        read=read_claude,
        model="haiku",
        # By default it asks ten times more, with pauses that outlast a close.
        settings={"CLAUDE_CODE_MAX_RETRIES": "2", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    ),
    "codex": Program(program="codex", arguments=_codex),
    "llm": Program(program="llm", arguments=_llm),
}


def program(words: Sequence[str], model: str) -> Program:
    """Return how to ask the program of a command line that a person configured.

    One word, a preset's name or a path to it, is that preset. Otherwise the words are the command
    line; in each, `{model}`, `{schema}` (a file) and `{answer}` (a file for the answer, instead of
    standard output) are replaced. It reads instructions, schema and data on standard input.
    """
    first, *rest = words
    preset = PRESETS.get(PurePath(first).name)
    if preset and not rest:
        return Program(
            program=first,
            name=preset.program,
            arguments=preset.arguments,
            question=preset.question,
            read=preset.read,
            model=model or preset.model,
            settings=preset.settings,
        )

    def arguments(call: ProgramCall) -> Sequence[str]:
        files = {"{schema}": call.schema_file, "{answer}": call.answer_file, "{model}": call.model}
        return [_filled(word, files) for word in rest]

    return Program(program=first, arguments=arguments, model=model)


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word

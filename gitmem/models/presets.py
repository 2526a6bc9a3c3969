"""How programs that bring their own login are started.

The flags are those measured with Claude Code 2.1.328, Codex 0.169.0 and llm 0.36: no tool that acts,
no hooks, no project files, nothing kept on disk.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import TYPE_CHECKING

from gitmem.models import printed
from gitmem.models.shapes import with_schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gitmem.models.outcome import Outcome
    from gitmem.models.reply import Prompt


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
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


def in_one(call: Call) -> str:
    """Instructions, schema and data as one text, for programs that take no more."""
    return f"{with_schema(call.prompt)}\n\n{call.prompt.text}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A program's ways: its command line, what it reads on standard input, how it answers.

    ``model`` is asked for when nobody names one; empty leaves the choice to the program.
    ``settings`` are environment variables, ``name`` is a preset's.
    """

    program: str
    arguments: Callable[[Call], Sequence[str]]
    question: Callable[[Call], str] = in_one
    read: Callable[[str, printed.Ended, Prompt], Outcome] = printed.read_text
    model: str = ""
    settings: Mapping[str, str] = field(default_factory=dict)
    name: str = ""


def _claude(call: Call) -> Sequence[str]:
    """With an API key `--bare`, which reads no login; else the same by loading no settings at all.

    Either keeps hooks and memory out. `--tools` is variadic: no positional word may follow it.
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


#: What Codex would bring along otherwise. An unknown name is no error here, as it is with --disable.
_CODEX_WITHOUT = ["hooks", "shell_tool", "unified_exec", "view_image", "multi_agent", "goals"]
_CODEX_WITHOUT += ["apps", "plugins", "skill_search"]


def _codex(call: Call) -> Sequence[str]:
    """Its instructions of 17 KB for coding are replaced by one sentence; ours are in the question."""
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


def _llm(call: Call) -> Sequence[str]:
    """Without its log: the question stays out of the database that llm keeps."""
    model = ("-m", call.model) if call.model else ()
    return ("prompt", "--no-log", "--no-stream", *model, "--schema", call.schema_file)


PRESETS: Mapping[str, Program] = {
    "claude": Program(
        program="claude",
        arguments=_claude,
        question=lambda call: call.prompt.text,
        read=printed.read_claude,
        model="haiku",
        # By itself it asks ten times more, with pauses that outlast a close.
        settings={"CLAUDE_CODE_MAX_RETRIES": "2", "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1"},
    ),
    "codex": Program(program="codex", arguments=_codex),
    "llm": Program(program="llm", arguments=_llm),
}


def program(words: Sequence[str], model: str) -> Program:
    """The ways of a command line that a person configured.

    One word, a preset's name or a path to it, is that preset. Otherwise the words are the command
    line; in each, `{model}`, `{schema}` (a file) and `{answer}` (a file to write the answer to, in
    place of standard output) are replaced. It reads instructions, schema and data on standard input.
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

    def arguments(call: Call) -> Sequence[str]:
        files = {"{schema}": call.schema_file, "{answer}": call.answer_file, "{model}": call.model}
        return [_filled(word, files) for word in rest]

    return Program(program=first, arguments=arguments, model=model)


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word

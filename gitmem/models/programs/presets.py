"""The programs that a close knows by name, and how the program of a command line is asked."""

from __future__ import annotations

from dataclasses import replace
from pathlib import PurePath
from typing import TYPE_CHECKING

from gitmem.models.programs.claude import CLAUDE
from gitmem.models.programs.codex import CODEX
from gitmem.models.programs.copilot import COPILOT
from gitmem.models.programs.gemini import GEMINI
from gitmem.models.programs.opencode import OPENCODE
from gitmem.models.programs.program import Program
from gitmem.models.programs.qwen import QWEN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.models.programs.program import ProgramCall


def _llm(call: ProgramCall) -> Sequence[str]:
    """Switch its log off: the question stays out of the database that llm 0.36 keeps."""
    model = ("-m", call.model) if call.model else ()
    return ("prompt", "--no-log", "--no-stream", *model, "--schema", call.schema_file)


LLM = Program(program="llm", arguments=_llm, homes=("LLM_USER_PATH",))
#: Each preset by its name, which is its program's.
PRESETS: Mapping[str, Program] = {
    one.program: one for one in (CLAUDE, CODEX, GEMINI, OPENCODE, COPILOT, QWEN, LLM)
}
#: Variables that lead one of the programs to files, and those that lead it to a server or a command.
HOMES = tuple(name for one in PRESETS.values() for name in one.homes)
LEADS = tuple(name for one in PRESETS.values() for name in one.leads)


def program(words: Sequence[str], model: str) -> Program:
    """Return how to ask the program of a command line that a person configured.

    One word, a preset's name or a path to it, is that preset. Otherwise the words are the command
    line; in each, `{model}`, `{schema}` (a file) and `{answer}` (a file for the answer, instead of
    standard output) are replaced. It reads instructions, schema and data on standard input.
    """
    first, *rest = words
    preset = PRESETS.get(PurePath(first).name)
    if preset and not rest:
        return replace(preset, program=first, name=preset.program, model=model or preset.model)

    def arguments(call: ProgramCall) -> Sequence[str]:
        files = {"{schema}": call.schema_file, "{answer}": call.answer_file, "{model}": call.model}
        return [_filled(word, files) for word in rest]

    return Program(program=first, arguments=arguments, model=model)


def _filled(word: str, values: Mapping[str, str]) -> str:
    for name, value in values.items():
        word = word.replace(name, value)
    return word

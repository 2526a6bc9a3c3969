"""Edits of the files that a client obeys: rules, skills, rule files for paths, guards (pure).

Each has a budget: what a client loads into every session must stay small enough to be read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, assert_never

from gitmem.core.errors import Internal, Refused
from gitmem.memory import guard_file, instructions
from gitmem.memory import path_rules as scoped
from gitmem.memory import skills as skill
from gitmem.memory import topics as memory
from gitmem.memory.guard import Guard
from gitmem.safety.paths import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Operation

# Lines of a file that gitmem adds to. Of a skill: what the Agent Skills format recommends for a body
# (https://agentskills.io/specification); of rules: half of what makes an instruction file hard to follow.
BUDGET = {Target.INSTRUCTIONS: 100, Target.SCOPED: 60, Target.SKILL: 500}

Ruling = Literal[Target.INSTRUCTIONS, Target.SKILL, Target.SCOPED, Target.GUARDS]


@dataclass(slots=True, kw_only=True)
class Edits:
    """What happens to one file: lines replaced, then lines added, each with its section.

    ``paths`` are those a rule file is for, ``guards`` what is added to the file of guards.
    """

    replaced: list[tuple[str, str]] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    paths: tuple[str, ...] = ()

    def add(self, operation: Operation, flags: Sequence[Flag]) -> None:
        """Takes in an operation that adds a line."""
        self.added.append(operation.text)
        self.sections.append(operation.section)
        self.paths = self.paths or next((flag.paths for flag in flags if flag.paths), ())
        if operation.match:
            ids = [*([operation.again] if operation.again else []), *operation.flags]
            guard = Guard(operation.tools, operation.match, operation.text, flags=ids)
            self.guards.append(guard)


def edited(path: str, target: Ruling, text: str | None, edits: Edits) -> str:
    """The file's text after the edits; None: there is no such file yet.

    Raises Refused when it cannot take them: it is not there, somebody else's, unusual, or full.
    """
    match target:
        case Target.INSTRUCTIONS:
            after = _with_rules(text or "", edits)
            _refuse_full(path, target, len(instructions.rules(after)), edits)
        case Target.SKILL:
            if text is None:
                raise Refused(f"gitmem does not create {path}")
            after = _with_body_lines(path, text, edits)
            _refuse_full(path, target, after.count("\n"), edits)
        case Target.SCOPED:
            after = _with_scoped(text, edits)
            _refuse_full(path, target, len(memory.facts(after)), edits)
        case Target.GUARDS:
            if len(edits.guards) != len(edits.added):
                raise Refused("it names no command or path that a guard could match")
            after = guard_file.add(text or "", edits.guards)
        case _:
            assert_never(target)
    return after


def _refuse_full(path: str, target: Target, lines: int, edits: Edits) -> None:
    if edits.added and lines > BUDGET[target]:
        raise Refused(
            f"{path} is full: it may have {BUDGET[target]} lines",
            hint="take out, or unite, what is no longer needed; then close again",
        )


def _with_rules(text: str, edits: Edits) -> str:
    for old, new in edits.replaced:
        text = instructions.replace_rule(text, old, new)
    return instructions.add_rules(text, edits.added)


def _with_scoped(text: str | None, edits: Edits) -> str:
    if text is None:
        text = scoped.new_file(scoped.scope(edits.paths))
    for old, new in edits.replaced:
        text = skill.replace_body_line(text, old, new)
    return scoped.add_lines(text, edits.added)


def _with_body_lines(path: str, text: str, edits: Edits) -> str:
    """Each step is proved to do no more than it should."""
    try:
        for old, new in edits.replaced:
            after = skill.replace_body_line(text, old, new)
            skill.assert_only_replaced(text, after)
            text = after
        for section in dict.fromkeys(edits.sections):
            lines = [
                line
                for line, own in zip(edits.added, edits.sections, strict=True)
                if own == section
            ]
            after = skill.add_body_lines(text, lines, section=section)
            skill.assert_only_added(text, after)
            text = after
    except Internal as error:
        raise Refused(f"{path} is too unusual to add a line to: {error.message}") from error
    return text

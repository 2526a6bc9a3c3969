"""Where a line can go in the tree that a close builds on, and how strong a fix is there: its rung (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.markdown.lines import front_matter_lines
from gitmem.memory import path_rules as scoped
from gitmem.memory.topics import default_topic
from gitmem.safety.paths import PENDING_NAME, PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.core.flag import Flag
    from gitmem.memory.guard import Guard
    from gitmem.memory.tree import MemoryLine

INSTRUCTIONS = ("CLAUDE.md", "AGENTS.md")
_SHOWN = 5  # names in a sentence


class Rung(StrEnum):
    """How strong a fix is, weakest first."""

    NOTE = "note"
    RULE = "rule"
    SKILL = "skill"
    GUARD = "guard"
    HOLD = "hold"  # a guard of mode once


_LADDER = tuple(Rung)


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """Where the fix of a loop that came back goes: file, rung, and a remark for the reviewer.

    ``tools``, ``match`` and ``mode`` are those of a guard, ``root`` is the id of the flag that opened the loop.
    ``higher``: the rung is stronger than that of the edit in force.
    """

    file: str
    rung: Rung
    remark: str
    tools: tuple[str, ...] = ()
    match: str = ""
    mode: str = ""
    root: str = ""
    higher: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a snag's lesson goes, and a remark for the reviewer when the snag asked for another place.

    ``fixed``: the snag asked for this file, so an engine does not choose another one.
    """

    file: str
    remark: str = ""
    fixed: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledLine:
    """The record that filed a line, and the ids of the flags that it comes from."""

    drain: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """The places for lines in the tree that a close builds on.

    ``folder`` is the memory folder, ``lines`` its lines, ``instructions`` the instruction file for rules,
    ``rules`` each name of an instruction file to the file it leads to, ``skills`` skill name to path,
    ``scoped`` all rule files for paths (path to text), also those of others. ``rule_lines`` are the lines
    of the files that take rules, ``bodies`` their texts. ``fixed_lines`` is what the instruction files say. ``about`` says what a skill is for, for skills
    that may get a rule without being named, ``topics`` the same of topic files with a description of their
    own. ``movable`` are the lines of a catch-all topic as a drain filed
    them. ``climbs`` says where the flags of returning loops go (by flag
    id), ``guards`` are the sound lines of the guard file, ``earlier`` which snags may be the same as a flag's.
    ``days`` says when a line was filed (its text to YYYY-MM-DD), where a record tells.
    """

    folder: str
    lines: tuple[MemoryLine, ...] = ()
    rule_lines: tuple[MemoryLine, ...] = ()
    fixed_lines: tuple[MemoryLine, ...] = ()
    instructions: str = "CLAUDE.md"
    rules: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[str, str] = field(default_factory=dict)
    scoped: Mapping[str, str] = field(default_factory=dict)
    bodies: Mapping[str, str] = field(default_factory=dict)
    about: Mapping[str, str] = field(default_factory=dict)
    topics: Mapping[str, str] = field(default_factory=dict)
    guards: tuple[Guard, ...] = ()
    movable: Mapping[MemoryLine, FiledLine] = field(default_factory=dict)
    climbs: Mapping[str, Climb] = field(default_factory=dict)
    earlier: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    days: Mapping[str, str] = field(default_factory=dict)

    @property
    def pending_file(self) -> str:
        """Where open questions go."""
        return f"{self.folder}/{PENDING_NAME}"

    def topic_file(self, flag: Flag) -> str:
        """Return the topic file that a flag asks for, else that of its kind."""
        return f"{self.folder}/{flag.topic or default_topic(flag.kind)}.md"

    def rule_place(self, flag: Flag) -> Place:
        """Return where a snag's lesson goes; raises Refused when it names a place that does not exist."""
        if flag.id in self.climbs:
            climb = self.climbs[flag.id]
            return Place(file=climb.file, remark=climb.remark)
        return self.own_place(flag)

    def own_place(self, flag: Flag) -> Place:
        """Return where a snag's lesson goes without its loop; raises Refused as `rule_place`."""
        if flag.skill:
            return Place(file=self._skill(flag.skill))
        if flag.rule:
            if flag.rule in INSTRUCTIONS and flag.rule not in self.rules:
                return Place(file=self.instructions, remark=f"{flag.rule} is not there")
            return Place(file=self._rule(flag.rule))
        if flag.paths:
            paths = scoped.globs_for(flag.paths)
            if paths:
                return Place(file=scoped.file_for(paths, self.scoped))
            return Place(file=self.instructions, remark="its paths are all files; filed as a rule")
        return Place(file=self.instructions, fixed=False)

    def headed(self, path: str) -> bool:
        """Whether a skill has front matter; without it the file is not a skill."""
        return front_matter_lines(self.bodies.get(path, "---\n---\n")) != 0

    def _skill(self, name: str) -> str:
        if name in self.skills:
            return self._whole(self.skills[name])
        alike = [path for known, path in self.skills.items() if known.lower() == name.lower()]
        if len(alike) == 1:
            return self._whole(alike[0])
        there = ", ".join(sorted(self.skills)[:_SHOWN])
        raise Refused(
            f"there is no skill named {name}" + (f" (there are: {there})" if there else ""),
        )

    def _whole(self, path: str) -> str:
        if not self.headed(path):
            raise Refused(
                f"{path} has no front matter, so it is not a skill yet",
                hint="add front matter with name and description, and close again",
            )
        return path

    def _rule(self, file: str) -> str:
        if file in self.rules:
            return self.rules[file]
        if file in self.skills.values():
            return self._whole(file)
        if file in self.scoped and scoped.paths_of(self.scoped[file]) is not None:
            return file
        raise Refused(self._foreign(file))

    def _foreign(self, file: str) -> str:
        try:
            target = writable(file, folder=self.folder)
        except Refused:
            return f"{file[:80]} is not a file that gitmem writes rules to"
        if target is PathKind.SCOPED and file in self.scoped:
            return f"{file} is somebody else's: gitmem did not make it"
        return f"{file} is not there, and gitmem does not make it for a rule"


def rung_of(file: str, folder: str) -> Rung:
    """Return the rung of a line in this file; whether a guard holds, only its mode tells."""
    try:
        target = writable(file, folder=folder)
    except Refused:
        return Rung.NOTE
    rungs = {PathKind.SKILL: Rung.SKILL, PathKind.GUARDS: Rung.GUARD}
    rungs |= {PathKind.INSTRUCTIONS: Rung.RULE, PathKind.SCOPED: Rung.RULE}
    return rungs.get(target, Rung.NOTE)


def rungs_above(rung: Rung) -> tuple[Rung, ...]:
    """Return the stronger rungs, weakest first."""
    return _LADDER[_LADDER.index(rung) + 1 :]

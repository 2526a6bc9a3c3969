"""What a close intends, as values: requests to an engine, operations it answers with."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.domain.memory import PENDING_NAME, default_topic

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.domain.flag import Flag

CHUNK = 32  # flags of one memory request


class Work(StrEnum):
    """What a request is about."""

    MEMORY = "memory"
    PENDING = "pending"
    RULES = "rules"


class Op(StrEnum):
    """What an engine may do with a flag."""

    KEEP = "keep"
    MERGE = "merge"
    SUPERSEDE = "supersede"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    EDIT = "edit"
    SKIP = "skip"


@dataclass(frozen=True, slots=True, kw_only=True)
class Existing:
    """A line that is in memory already."""

    file: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One unit of judgement: these flags, into one of these files, beside these lines."""

    work: Work
    flags: tuple[Flag, ...]
    files: tuple[str, ...]
    existing: tuple[Existing, ...] = ()
    # Where each flag goes when nobody judges; flag id to file.
    usual: Mapping[str, str] = field(default_factory=dict)
    # Said to the reviewer about a flag's usual file; flag id to sentence.
    remarks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What shall become of the flags named by ``flags`` (ids).

    ``file`` and ``text`` are the resulting line. ``survivor`` is what a duplicate folds into (a flag
    id, or an existing line's text), or the existing line that a supersede, or a merge, replaces.
    ``reason`` is for the reviewer.
    """

    op: Op
    flags: tuple[str, ...]
    file: str = ""
    text: str = ""
    survivor: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a close will ask, what a person has decided already, and all flags by id."""

    requests: tuple[Request, ...]
    dropped: tuple[Operation, ...] = ()
    flags: Mapping[str, Flag] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """What the tree that a close builds on has to offer as targets.

    ``folder`` is the memory folder, ``lines`` its present lines, ``rule_lines`` those of the
    instruction files and skills, ``instructions`` the instruction file for rules, ``rules`` each name of an instruction file to the file it leads to, ``skills``
    skill name to path.
    """

    folder: str
    lines: tuple[Existing, ...] = ()
    rule_lines: tuple[Existing, ...] = ()
    instructions: str = "CLAUDE.md"
    rules: Mapping[str, str] = field(default_factory=dict)
    skills: Mapping[str, str] = field(default_factory=dict)

    @property
    def pending_file(self) -> str:
        """Where open questions go."""
        return f"{self.folder}/{PENDING_NAME}"

    def topic_file(self, flag: Flag) -> str:
        """The topic file a flag asks for, else its kind's."""
        return f"{self.folder}/{flag.topic or default_topic(flag.kind)}.md"

    def rule_file(self, flag: Flag) -> tuple[str, str]:
        """Where a snag's lesson goes, and a remark when that is not what it asked for."""
        if flag.skill:
            if flag.skill in self.skills:
                return self.skills[flag.skill], ""
            return self.instructions, f"there is no skill named {flag.skill}; filed as a rule"
        if not flag.rule or flag.rule in self.rules:
            return self.rules.get(flag.rule, self.instructions), ""
        if flag.rule in self.skills.values():
            return flag.rule, ""
        return self.instructions, f"{flag.rule} does not hold rules; filed as a rule"


def make_plan(flags: Sequence[Flag], places: Places, drops: Mapping[str, str]) -> Plan:
    """Splits the flags by kind into requests; ``drops`` is flag id to a person's reason.

    Memory requests hold 32 flags each but the last, in queue order with equal topics together.
    """
    dropped = [
        Operation(op=Op.SKIP, flags=(flag.id,), reason=drops[flag.id])
        for flag in flags
        if flag.id in drops
    ]
    left = [flag for flag in flags if flag.id not in drops]
    requests = [
        *_memory([flag for flag in left if flag.kind not in {"pending", "snag"}], places),
        *_pending([flag for flag in left if flag.kind == "pending"], places),
        *_rules([flag for flag in left if flag.kind == "snag"], places),
    ]
    return Plan(
        requests=tuple(requests), dropped=tuple(dropped), flags={flag.id: flag for flag in flags}
    )


def _memory(flags: Sequence[Flag], places: Places) -> list[Request]:
    topics: dict[str, list[Flag]] = {}
    for flag in flags:
        topics.setdefault(places.topic_file(flag), []).append(flag)
    ordered = [flag for group in topics.values() for flag in group]
    existing = tuple(line for line in places.lines if line.file != places.pending_file)
    parts = [ordered[start : start + CHUNK] for start in range(0, len(ordered), CHUNK)]
    return [_memory_request(part, existing, places) for part in parts]


def _memory_request(
    flags: Sequence[Flag], existing: tuple[Existing, ...], places: Places
) -> Request:
    usual = {flag.id: places.topic_file(flag) for flag in flags}
    return Request(
        work=Work.MEMORY,
        flags=tuple(flags),
        files=tuple(sorted({line.file for line in existing} | set(usual.values()))),
        existing=existing,
        usual=usual,
    )


def _pending(flags: Sequence[Flag], places: Places) -> list[Request]:
    if not flags:
        return []
    file = places.pending_file
    return [
        Request(
            work=Work.PENDING,
            flags=tuple(flags),
            files=(file,),
            existing=tuple(line for line in places.lines if line.file == file),
            usual={flag.id: file for flag in flags},
        )
    ]


def _rules(flags: Sequence[Flag], places: Places) -> list[Request]:
    by_file: dict[str, list[Flag]] = {}
    remarks: dict[str, str] = {}
    for flag in flags:
        file, remark = places.rule_file(flag)
        by_file.setdefault(file, []).append(flag)
        if remark:
            remarks[flag.id] = remark
    return [
        Request(
            work=Work.RULES,
            flags=tuple(group),
            files=(file,),
            existing=tuple(line for line in places.rule_lines if line.file == file),
            usual={flag.id: file for flag in group},
            remarks={flag.id: remarks[flag.id] for flag in group if flag.id in remarks},
        )
        for file, group in by_file.items()
    ]

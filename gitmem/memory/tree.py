"""The files of a tree that a close may write, as a value, and their lines (pure)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from gitmem.core.bounds import BUDGET
from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.memory import instructions, topics
from gitmem.safety.paths import PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLine:
    """A line that a memory file or a file of rules has."""

    file: str
    text: str


def comparable_lines(target: PathKind, text: str) -> list[str]:
    """Return the lines of a file that a new line may duplicate."""
    if target is PathKind.GUARDS:
        return []  # a lesson for another command is another guard
    return [line.text for line in topics.facts(text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTree:
    """The files of a tree that a close may write: path to text.

    ``odd`` are files that exist and cannot be written: path to reason. ``links`` are those among them
    that are links: path to target. ``folder`` is the memory folder; its other Markdown files are in
    ``texts`` for the index, whose imports follow ``budget`` (bytes) and ``newest`` (path to the newest
    drain record that wrote a line there).
    """

    folder: str
    texts: Mapping[str, str]
    odd: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    budget: int = BUDGET
    newest: Mapping[str, str] = field(default_factory=dict)


def existing_lines(ground: MemoryTree) -> tuple[MemoryLine, ...]:
    """Return every line of memory: facts of topic files and open items of PENDING.md."""
    return tuple(
        MemoryLine(file=path, text=text)
        for path in sorted(ground.texts)
        if path.startswith(ground.folder + "/")
        for text in lines_of(ground, path)
    )


def rule_lines(ground: MemoryTree) -> tuple[MemoryLine, ...]:
    """Return every rule of the managed blocks and list item of the skills; none of a broken block."""
    lines: list[MemoryLine] = []
    for path in sorted(ground.texts):
        if path.startswith(ground.folder + "/"):
            continue
        with suppress(Refused, NeedsPerson):  # adding a line to it reports that
            lines += [MemoryLine(file=path, text=text) for text in lines_of(ground, path)]
    return tuple(lines)


def fixed_lines(ground: MemoryTree) -> tuple[MemoryLine, ...]:
    """Return what the instruction files say, a person's own text too, and the rules for paths.

    A flag may repeat them and never changes them. Of one text in two files the first is here.
    """
    found: dict[str, MemoryLine] = {}
    for path in sorted(ground.texts):
        with suppress(Refused, NeedsPerson):  # adding a line to it reports that
            target = writable(path, folder=ground.folder)
            if target not in {PathKind.INSTRUCTIONS, PathKind.SCOPED}:
                continue
            own = target is PathKind.INSTRUCTIONS
            said = instructions.own_lines(ground.texts[path]) if own else []
            for text in (*(line.text for line in said), *lines_of(ground, path)):
                found.setdefault(text, MemoryLine(file=path, text=text))
    return tuple(found.values())


def lines_of(ground: MemoryTree, path: str) -> list[str]:
    """Return the lines of a file that a new line may duplicate; none for a file that gitmem does not write."""
    text = ground.texts[path]
    try:
        target = writable(path, folder=ground.folder)
    except Refused:
        return []
    match target:
        case PathKind.TOPIC:
            found = topics.facts(text)
        case PathKind.SKILL | PathKind.SCOPED | PathKind.GUARDS:
            return comparable_lines(target, text)
        case PathKind.PENDING:
            found = topics.pending(text)
        case PathKind.INSTRUCTIONS:
            found = instructions.rules(text)
        case PathKind.INDEX | PathKind.DRAIN | PathKind.DETAILS:
            found = []
        case _:
            assert_never(target)
    return [line.text for line in found]

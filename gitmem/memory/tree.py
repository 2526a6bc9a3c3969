"""The files of a tree that a close may write, and the lines that are in them (pure)."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, assert_never

from gitmem.core.errors import NeedsPerson, Refused
from gitmem.memory import instructions, topics
from gitmem.safety.paths import Target, writable

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryLine:
    """A line that is in memory, or in a file of rules, already."""

    file: str
    text: str


def comparable_lines(target: Target, text: str) -> list[str]:
    """The lines that a new one may be a duplicate of."""
    if target is Target.GUARDS:
        return []  # the same lesson for another command is another guard
    return [line.text for line in topics.facts(text)]


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryTree:
    """The files of a tree that a close may write: path to text.

    ``odd`` are those that are there and cannot be written: path to reason. ``links`` are those of
    them that are links: path to where it leads. ``folder`` is the memory folder; its other Markdown
    files are in ``texts`` for the index.
    """

    folder: str
    texts: Mapping[str, str]
    odd: Mapping[str, str] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)


def existing_lines(ground: MemoryTree) -> tuple[MemoryLine, ...]:
    """Every line of memory: facts of topic files and open items of PENDING.md."""
    return tuple(
        MemoryLine(file=path, text=text)
        for path in sorted(ground.texts)
        if path.startswith(ground.folder + "/")
        for text in lines_of(ground, path)
    )


def rule_lines(ground: MemoryTree) -> tuple[MemoryLine, ...]:
    """Every rule of the managed blocks and list item of the skills; none of a broken block."""
    found: list[MemoryLine] = []
    for path in sorted(ground.texts):
        if path.startswith(ground.folder + "/"):
            continue
        with suppress(Refused, NeedsPerson):  # who adds a line to it hears of it
            found += [MemoryLine(file=path, text=text) for text in lines_of(ground, path)]
    return tuple(found)


def lines_of(ground: MemoryTree, path: str) -> list[str]:
    """The lines of a file that a new one may be a duplicate of; none for what is not ours."""
    text = ground.texts[path]
    try:
        target = writable(path, folder=ground.folder)
    except Refused:
        return []
    match target:
        case Target.TOPIC:
            found = topics.facts(text)
        case Target.SKILL | Target.SCOPED | Target.GUARDS:
            return comparable_lines(target, text)
        case Target.PENDING:
            found = topics.pending(text)
        case Target.INSTRUCTIONS:
            found = instructions.rules(text)
        case Target.INDEX | Target.DRAIN:
            found = []
        case _:
            assert_never(target)
    return [line.text for line in found]

"""A project of this eval: its flags close by close, its instruction file, and the labels."""

from __future__ import annotations

import json
import re
from base64 import b32encode
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gitmem.core import flag as flags

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag

NAMES = ("brasswire", "kelpline", "tallybook")
AUTHOR = ("Ines Marlow", "ines@marlow.example")
_DATA = Path(__file__).with_name("projects")
_INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words that stand in one line together; of a word with ``|`` one form is enough."""

    words: tuple[str, ...]

    def is_in(self, line: str) -> bool:
        """Return whether a line has all of the words, whatever their case and order."""
        plain = line.replace("`", "").casefold()
        return all(
            any(_pattern(form).search(plain) for form in word.split("|")) for word in self.words
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Atom:
    """Something that a flag says; it must stay in memory unless the flag ``until`` makes it false."""

    phrase: Phrase
    until: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stale:
    """What an earlier flag (``id``) said wrongly from then on.

    A line with ``phrase`` still says it, unless it has one of ``unless``, the words of the new state.
    """

    id: str
    phrase: Phrase
    unless: tuple[str, ...]

    def is_in(self, line: str) -> bool:
        """Return whether a line still says it."""
        excused = any(Phrase(words=(word,)).is_in(line) for word in self.unless)
        return self.phrase.is_in(line) and not excused


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What a careful person does with one flag.

    ``topics`` are its group and others that are as good; ``duplicate_of`` is a flag, ``instruction`` a
    line of the instruction file. ``line`` is what a person writes in place of several lines.
    """

    id: str
    topics: tuple[str, ...] = ()
    duplicate_of: str = ""
    instruction: str = ""
    supersedes: tuple[Stale, ...] = ()
    settles: tuple[str, ...] = ()
    worthless: bool = False
    line: str = ""
    atoms: tuple[Atom, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Project:
    """One project. Flags go by the short ids of its files, such as `k07`."""

    name: str
    instructions: Mapping[str, str]
    rows: Sequence[Mapping[str, Any]]
    labels: Mapping[str, Label] = field(default_factory=dict)

    @property
    def closes(self) -> list[int]:
        """The numbers of the closes, in order."""
        return sorted({row["close"] for row in self.rows})

    @cached_property
    def short(self) -> dict[str, str]:
        """The short id of each flag, by the id that it has in the queue."""
        return {self.flag_id(row["id"]): row["id"] for row in self.rows}

    @cached_property
    def close_of(self) -> dict[str, int]:
        """The close that each flag comes in, by short id."""
        return {row["id"]: row["close"] for row in self.rows}

    def flag_id(self, short: str) -> str:
        """Return the id that a flag has in the queue: always the same, and like any other."""
        digest = sha256(f"{self.name} {short}".encode()).digest()
        return b32encode(digest).decode().lower()[: flags.ID_LENGTH]

    def flags(self, close: int) -> list[Flag]:
        """Return the flags that are made before a close, in order."""
        name, email = AUTHOR
        kept = ("kind", "text", "body", "at", "topic", "better", "paths")
        return [
            flags.make(
                {
                    "id": self.flag_id(row["id"]),
                    "by": f"{name} <{email}>",
                    "branch": "main",
                    **{key: row[key] for key in kept if key in row},
                }
            )
            for row in self.rows
            if row["close"] == close
        ]

    def words(self) -> str:
        """Return all that was ever said: the flags and the instruction file."""
        said = [row.get(key, "") for row in self.rows for key in ("text", "body", "better")]
        return "\n".join([*said, *self.instructions.values()])


def read(name: str) -> Project:
    """Return a project with its labels."""
    folder = _DATA / name
    return Project(
        name=name,
        instructions={
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(folder.iterdir())
            if path.name in _INSTRUCTIONS
        },
        rows=_rows(folder / "flags.jsonl"),
        labels={row["id"]: _label(row) for row in _rows(folder / "labels.jsonl")},
    )


def _rows(file: Path) -> list[dict[str, Any]]:
    return [json.loads(row) for row in file.read_text(encoding="utf-8").splitlines() if row]


def _label(row: Mapping[str, Any]) -> Label:
    same = row.get("duplicate_of", "")
    return Label(
        id=row["id"],
        topics=tuple(row.get("topic", ())),
        duplicate_of=same if isinstance(same, str) else "",
        instruction="" if isinstance(same, str) else same["instruction"],
        supersedes=tuple(
            Stale(
                id=one["id"],
                phrase=Phrase(words=tuple(one["stale"])),
                unless=tuple(one["unless"]),
            )
            for one in row.get("supersedes", ())
        ),
        settles=tuple(row.get("settles", ())),
        worthless=row.get("worthless", False),
        line=row.get("line", ""),
        atoms=tuple(
            Atom(phrase=Phrase(words=tuple(one["words"])), until=one.get("until", ""))
            for one in row.get("atoms", ())
        ),
    )


def _pattern(word: str) -> re.Pattern[str]:
    """Return what finds a word as a whole; one that ends in ``*`` may go on."""
    stem = word.casefold().removesuffix("*")
    begin = r"(?<!\w)" if stem[0].isalnum() else ""
    end = "" if word.endswith("*") or not stem[-1].isalnum() else r"(?!\w)"
    return re.compile(begin + re.escape(stem) + end)

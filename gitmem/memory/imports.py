"""Which topic files the index imports, so that a client loads their lines (pure).

A client that follows imports loads a topic file as instructions, whole (Claude Code 2.1.328, Gemini
CLI, Copilot CLI and Qwen Code). What is imported follows from the tree alone, so every clone derives
the same index (docs/adr/0012).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING

from gitmem.core.bounds import BUDGET, LARGEST_BUDGET
from gitmem.markdown.blocks import BlockKind, blocks
from gitmem.markdown.lines import blank, front_matter_lines, front_value, rows, split_lines
from gitmem.memory.passages import row_text
from gitmem.safety.active import find_active
from gitmem.safety.paths import INDEX_NAME, PENDING_NAME
from gitmem.safety.text import find_hidden

if TYPE_CHECKING:
    from collections.abc import Mapping

PART = 4_000
"""Bytes of a topic file; the next line begins the topic's next part."""

# What Claude Code 2.1.328 takes whole as a path behind an @, without a sign that it reads otherwise.
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\.md")
_PINNED = frozenset({"true", "yes", "on"})
# A table's rule, an underline, a drawn line: no text, so nothing that a client acts on.
_DRAWN = re.compile(r"[\s|:=+*_~>#-]+")

_SETTING = re.compile(rb"^memory\.budget:[ \t]*([0-9]{1,9})[ \t]*(?:#.*)?$", re.MULTILINE)

# As `gitmem.memory.index` writes an import, below the line of its topic.
_IMPORT = re.compile(r"^[ \t]*@([A-Za-z0-9][A-Za-z0-9._-]*\.md)[ \t]*\r?$", re.MULTILINE)

NOT_YET = "the next close imports it"
OVER_BUDGET = "over the budget"
SCOPED = "shown when such a file is touched"


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why a topic file is not imported, and its 1-based line (0: the file as a whole)."""

    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Imports:
    """What of the memory folder is imported: file names, the first to be kept first.

    ``left`` has the other topic files, name to reason. ``size`` is the bytes of imported text.
    """

    names: tuple[str, ...]
    left: Mapping[str, Refusal]
    size: int
    budget: int

    @property
    def total(self) -> int:
        """How many topic files there are."""
        return len(self.names) + len(self.left)


def imports(
    files: Mapping[str, str], newest: Mapping[str, str], *, folder: str, budget: int = BUDGET
) -> Imports:
    """Return which of ``files`` (repository path to text) the index in ``folder`` imports.

    ``newest`` maps a path to the name of the newest drain record that wrote a line of it. Pinned
    files come first, then those of newer records, then by name (of a topic's parts the last first); what
    does not fit into ``budget`` bytes is passed over for what does.
    """
    topics = {name: files[f"{folder}/{name}"] for name in topic_names(files, folder)}
    order = sorted(topics, key=lambda name: _by_name(name, topics[name]))
    order.sort(key=lambda name: newest.get(f"{folder}/{name}", ""), reverse=True)
    order.sort(key=lambda name: not _pinned(topics[name]))
    names: list[str] = []
    left: dict[str, Refusal] = {}
    used = 0
    for name in order:
        refusal = refused(name, topics[name])
        size = imported_size(topics[name])
        if refusal is None and used + size > budget:
            refusal = Refusal(reason=OVER_BUDGET)
        if refusal is None:
            names.append(name)
            used += size
        else:
            left[name] = refusal
    return Imports(names=tuple(names), left=left, size=used, budget=budget)


def imported_now(files: Mapping[str, str], *, folder: str, budget: int) -> Imports:
    """Return what the index that is among ``files`` imports, as a client that reads it loads it."""
    listed = _IMPORT.findall(files.get(f"{folder}/{INDEX_NAME}", ""))
    topics = topic_names(files, folder)
    names = tuple(name for name in topics if name in listed)
    left = {
        name: refused(name, files[f"{folder}/{name}"])
        or Refusal(reason=OVER_BUDGET if listed else NOT_YET)
        for name in topics
        if name not in names
    }
    size = sum(imported_size(files[f"{folder}/{name}"]) for name in names)
    return Imports(names=names, left=left, size=size, budget=budget)


def budget_in(settings: bytes) -> int:
    """Return the budget that the text of `.gitmem/config.yaml` sets, in bytes; the usual one without.

    A plain look: `gitmem.bootstrap.settings` reads the file as YAML and refuses what is wrong in it.
    """
    match = _SETTING.search(settings)
    return min(int(match[1]), LARGEST_BUDGET) if match else BUDGET


def topic_names(files: Mapping[str, str], folder: str) -> list[str]:
    """Return the names of the topic files right in ``folder``, sorted."""
    inside = [path.removeprefix(f"{folder}/") for path in files if path.startswith(f"{folder}/")]
    return sorted(
        name
        for name in inside
        if name.endswith(".md") and "/" not in name and name not in {INDEX_NAME, PENDING_NAME}
    )


def refused(name: str, text: str) -> Refusal | None:
    """Return why a topic file may not be imported at all; None for one that may."""
    if not _NAME.fullmatch(name):
        return Refusal(reason="its name cannot be imported: letters, digits, `.`, `_` and `-` can")
    if not text.strip():
        return Refusal(reason="it is empty, or cannot be read")
    if scopes(text):
        return Refusal(reason=SCOPED)
    return acts(text)


def acts(text: str) -> Refusal | None:
    """Return the first line that hides, or that a client would act on; None without one.

    Code in a fence and comments on lines of their own are passed over, as clients do.
    """
    lines = rows(text)
    for number, row in enumerate(lines, 1):
        if find_hidden(row.replace("\t", " ")):
            return Refusal(reason="it has hidden text", line=number)
    for block in blocks(text):
        if block.kind is BlockKind.OPAQUE:
            continue
        for number in range(block.first, block.last + 1):
            row = row_text(lines[number])
            reason = None if blank(row) or _DRAWN.fullmatch(row) else find_active(row)
            if reason is not None:
                return Refusal(reason=reason.partition(". ")[0].rstrip("."), line=number + 1)
    return None


def scopes(text: str) -> tuple[str, ...]:
    """Return the globs of the front matter's ``paths``; empty for a topic about every file."""
    front = rows(text)[: front_matter_lines(text) or 0]
    start = next((at for at, row in enumerate(front) if row.rstrip() == "paths:"), None)
    if start is None:
        listed = front_value(text, "paths").strip("[]").split(",")
    else:
        items = takewhile(lambda row: row.lstrip().startswith("- "), front[start + 1 :])
        listed = [row.lstrip()[2:] for row in items]
    return tuple(glob for one in listed if (glob := one.strip().strip("\"'").strip()))


def imported_size(text: str) -> int:
    """Return the bytes that a client loads of a topic file: all but its front matter."""
    return len("".join(split_lines(text)[front_matter_lines(text) or 0 :]).strip().encode())


def _by_name(name: str, text: str) -> tuple[str, int, str]:
    """The order by name; of a topic's parts the last one first, because it has the newest lines."""
    topic = front_value(text, "part_of")
    number = name.removesuffix(".md").removeprefix(f"{topic}-") if topic else ""
    return topic or name.removesuffix(".md"), -int(number) if number.isdecimal() else 0, name


def _pinned(text: str) -> bool:
    return front_value(text, "pin").lower() in _PINNED

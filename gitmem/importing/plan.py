"""What an import would make of its sources: new flags, duplicates, and what a guard refuses; then the flags."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.capture.capture import CaptureResult, FlagDraft
from gitmem.core import agent_clients
from gitmem.core.errors import Refused
from gitmem.importing.items import MOST_ITEMS, LeftOut
from gitmem.loops import flag_history
from gitmem.memory import tree_reader
from gitmem.memory.topics import fact_key
from gitmem.memory.tree import existing_lines, fixed_lines, rule_lines
from gitmem.records.target import leading_commit
from gitmem.session import session_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from gitmem.importing.items import Item, SourceContents
    from gitmem.importing.place import ImportPlace
    from gitmem.records.snapshot import Snapshot

_AT_ONCE = 250  # flags in one commit of the queue
_TAINT = "taint gitmem import"  # a line of a session's file


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFlag:
    """An item that becomes a flag, and the fields of that flag as the guards left them."""

    item: Item
    fields: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Duplicate:
    """An item that something says already: ``known`` names it."""

    item: Item
    known: str


@dataclass(slots=True, kw_only=True)
class SourcePlan:
    """What becomes of one source."""

    contents: SourceContents
    new: list[NewFlag] = field(default_factory=list)
    duplicates: list[Duplicate] = field(default_factory=list)
    refused: list[LeftOut] = field(default_factory=list)


def plan(place: ImportPlace, seen: Snapshot, sources: Iterable[SourceContents]) -> list[SourcePlan]:
    """Return what becomes of each source; write nothing. Raises what reading the memory raises."""
    known = _Known(place, seen)
    plans = []
    room = MOST_ITEMS
    for contents in sources:
        made = SourcePlan(contents=contents)
        plans.append(made)
        over = 0
        for item in contents.items:
            try:
                fields = _fields(place, item)
            except Refused as refused:
                made.refused.append(
                    LeftOut(place=item.source, reason=refused.message.removeprefix("--"))
                )
                continue
            same = known.finds(fields)
            if same:
                made.duplicates.append(Duplicate(item=item, known=same))
            elif room:
                room -= 1
                made.new.append(NewFlag(item=item, fields=fields))
                known.add(item, fields)
            else:
                over += 1
        if over:
            reason = f"{over:,} more items than one import takes ({MOST_ITEMS:,}): import again for the next"
            contents.leave(contents.name, reason)
    return plans


def keep(
    place: ImportPlace, new: Sequence[NewFlag], *, session: Mapping[str, str], at: str
) -> list[CaptureResult]:
    """Flag all of these, durable part by part; what is kept stays when a later part fails. Raises NotSaved."""
    parts = [new[start : start + _AT_ONCE] for start in range(0, len(new), _AT_ONCE)]
    return [
        capture.keep(place.repo, [one.fields for one in part], session=session, at=at)
        for part in parts
    ]


def taint(place: ImportPlace, plans: Iterable[SourcePlan]) -> None:
    """Note in the sessions around this process that they are told what somebody else wrote."""
    if not any(item.tainted for one in plans for item in one.contents.items):
        return
    for session in agent_clients.sessions(place.environ):
        with suppress(OSError):  # then the session cannot be written, and counts as tainted
            session_file.mark(place.repo.folder, session, [_TAINT])


def _fields(place: ImportPlace, item: Item) -> dict[str, object]:
    draft = FlagDraft(
        item.text,
        body=item.body,
        kind=item.kind,
        topic=item.topic,
        source=item.source,
        paths=item.paths[: capture.MOST_PATHS],
    )
    fields = capture.checked(draft, cwd=place.repo.top, repo=place.repo)
    return {**fields, "tainted": True} if item.tainted else fields


class _Known:
    """What memory and flags say, by the key that exact duplicates share."""

    def __init__(self, place: ImportPlace, seen: Snapshot) -> None:
        commit, _ = leading_commit(place.repo, seen.target)
        ground = tree_reader.read_tree(place.repo, commit, place.folder)
        own = [*existing_lines(ground), *rule_lines(ground)]
        loaded = [line for line in fixed_lines(ground) if place.loader(line.file)]
        self._said: dict[str, str] = {}
        self._bodies: dict[str, str] = {}
        for line in (*own, *loaded):
            self._said.setdefault(fact_key(line.text), f"{line.file} has it")
        history = flag_history.read(place.repo, seen)
        for entry in history.entries:
            key = fact_key(entry.flag.text)
            dropped = ", dropped," if entry.flag.id in history.dropped else ""
            self._said.setdefault(key, f"flag {entry.flag.id}{dropped} has it")
            self._bodies.setdefault(key, entry.flag.body)

    def add(self, item: Item, fields: Mapping[str, object]) -> None:
        """Take in what this import flags."""
        key = fact_key(str(fields["text"]))
        self._said[key] = f"{item.source} says the same"
        self._bodies[key] = str(fields.get("body", ""))

    def finds(self, fields: Mapping[str, object]) -> str:
        """Return what says the headline of such a flag already; empty for nothing."""
        key = fact_key(str(fields["text"]))
        said = self._said.get(key, "")
        other = key in self._bodies and self._bodies[key] != fields.get("body", "")
        return f"{said}, with another body" if said and other else said

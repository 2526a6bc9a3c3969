"""New topics: which of those that operations ask for a close makes, and where the other lines go (pure).

A topic that is not made never keeps a flag in the queue: its lines go where they go without it, and the
reviewer is told why.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.flag import slug
from gitmem.core.topic_names import alike, is_part_of
from gitmem.drain import gate
from gitmem.drain.beside import takes_moved
from gitmem.drain.plan import Op, Operation
from gitmem.memory.imports import topic_names
from gitmem.memory.index import MAX_DESCRIPTION
from gitmem.memory.topics import CATCH_ALL, fact_key
from gitmem.memory.tree import existing_lines
from gitmem.safety.active import find_active
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.memory.tree import MemoryTree

MOST = 5  # new topics of one close
LEAST = 3  # lines of a close in a new topic that no reason is given for
_ADDING = (Op.KEEP, Op.MERGE)
_TOO_MANY = f"one close makes at most {MOST} new topics"


@dataclass(slots=True, kw_only=True)
class _Proposal:
    """One new topic: its slug, and the places of its operations, in order."""

    name: str
    places: list[int] = field(default_factory=list)


def with_new_topics(
    operations: Sequence[Operation], ground: MemoryTree, moves: Sequence[Operation] = ()
) -> tuple[list[Operation], list[Operation]]:
    """Return the operations and what comes beside them, in order, each with the file of its topic.

    The operations are in the order of the queue, whatever the order of the answers was, and have the file
    that their lines go to without a new topic. Those of a topic that is made have its first sound
    description. A line moves to such a topic, and makes none.
    """
    done = list(operations)
    names = _Names(ground)
    proposals: list[_Proposal] = []
    for place, operation in enumerate(operations):
        if not operation.topic or operation.op not in _ADDING or operation.replaced:
            continue
        name, remark = names.settled(operation.topic)
        known = next((one for one in proposals if name and _one(name, one.name)), None)
        if not name:
            done[place] = _filed(operation, operation.file, remark)
        elif name in names.files:
            done[place] = _filed(operation, names.files[name], remark)
        elif known is None:
            proposals.append(_Proposal(name=name, places=[place]))
        else:
            known.places.append(place)
            known.name = name if is_part_of(known.name, (name,)) else known.name
    there = {fact_key(line.text) for line in existing_lines(ground)}
    counted = [(one, _lines([operations[at] for at in one.places], there)) for one in proposals]
    made: list[str] = []
    # Those with the most lines first, of equals the one that the queue has first.
    for one, lines in sorted(counted, key=lambda pair: (-pair[1], pair[0].places[0])):
        mine = [operations[at] for at in one.places]
        reason = _too_small(mine, lines) or (_TOO_MANY if len(made) >= MOST else "")
        about = "" if reason else _about(mine)
        for at, operation in zip(one.places, mine, strict=True):
            told = f"no new topic {one.name}: {reason}" if reason else _joins(operation, one.name)
            file = operation.file if reason else names.path(one.name)
            done[at] = replace(_filed(operation, file, told), about=about)
        made += [] if reason else [one.name]
    placed = [_moved(move, names, made, ground.folder) for move in moves]
    return done, [move for move in placed if move is not None]


def _moved(move: Operation, names: _Names, made: Sequence[str], folder: str) -> Operation | None:
    """Return a move to the topic that it asks for; None where there is no such topic."""
    if not move.topic or move.op is not Op.MOVE:
        return move
    name, _ = names.settled(move.topic)
    new = next((one for one in made if name and _one(name, one)), "")
    file = names.path(new) if new else names.files.get(name, "")
    return _filed(move, file, "") if takes_moved(file, move.replaced[0].file, folder) else None


def _one(name: str, other: str) -> bool:
    """Tell whether two proposed names are one topic."""
    parts = is_part_of(name, (other,)) or is_part_of(other, (name,))
    return bool(parts) or alike(name, other)


class _Names:
    """The names of the topics there are, and the path of each."""

    def __init__(self, ground: MemoryTree) -> None:
        self._folder, self._odd = ground.folder, ground.odd
        beside = {**dict.fromkeys(ground.odd, ""), **ground.texts}
        found = [name.removesuffix(".md") for name in topic_names(beside, ground.folder)]
        # A default topic has its name before it has a file.
        self.files = {name: self.path(name) for name in (*found, *sorted(CATCH_ALL))}

    def path(self, name: str) -> str:
        """Return the path of a topic."""
        return f"{self._folder}/{name}.md"

    def settled(self, asked: str) -> tuple[str, str]:
        """Return the name to use (empty: none) and what the reviewer is told of another than was asked for."""
        try:
            name = slug(asked)
        except Refused as refused:
            return "", f"no new topic: {refused.message}"
        whole = is_part_of(name, self.files)
        exact = name if name in self.files else ""
        near = whole or exact or next((one for one in sorted(self.files) if alike(name, one)), "")
        if not near:
            return name, ""
        try:
            target = writable(self.files[near], folder=self._folder)
        except Refused as refused:
            return "", f"no new topic {name}: {near} is there, and {refused.message}"
        odd = self._odd.get(self.files[near], "" if target is PathKind.TOPIC else "it is no topic")
        if odd:
            return "", f"no new topic {name}: {near} is there, and {odd}"
        return near, "" if name == near else f"no new topic {name}: {near} is there already"


def _lines(operations: Sequence[Operation], there: set[str]) -> int:
    """Count the lines that these operations add to memory."""
    texts = {fact_key(harmless(one.text)) for one in operations if one.op in _ADDING}
    return len(texts - there)


def _too_small(operations: Sequence[Operation], lines: int) -> str:
    if lines >= LEAST or (lines and any(_stated(one.because) for one in operations)):
        return ""
    return f"it would have fewer than {LEAST} lines of this close"


def _stated(reason: str) -> bool:
    """Tell whether a reason is given that may stand in a review."""
    return bool(reason.strip()) and not gate.bad_text(reason, find_active(reason, skill=True))


def _about(operations: Sequence[Operation]) -> str:
    """Return the first description that the lines of a topic bear out; empty when none does."""
    lines = [one.text for one in operations]
    told = [" ".join(harmless(one.about).split()) for one in operations]
    return next((one for one in told if one and _sound(one, lines)), "")


def _sound(about: str, lines: Sequence[str]) -> bool:
    if len(about) > MAX_DESCRIPTION or gate.bad_text(about, find_active(about, skill=True)):
        return False
    from gitmem.drain.faithful import describes  # it loads the judge

    return describes(about, lines)


def _joins(operation: Operation, name: str) -> str:
    asked = "-".join(operation.topic.lower().replace("_", " ").split())
    return "" if asked == name else f"no new topic {asked[:40]}: {name} is new in this close"


def _filed(operation: Operation, file: str, remark: str) -> Operation:
    return _told(replace(operation, file=file, topic="", about=""), remark)


def _told(operation: Operation, remark: str) -> Operation:
    return replace(operation, reason="; ".join(one for one in (operation.reason, remark) if one))

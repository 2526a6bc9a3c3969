"""Where this clone and a remote disagree about a queue: lines that went, and two lines of one id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.git.process import ANY
from gitmem.queue.lines import Conflict, same
from gitmem.records import in_tree as records
from gitmem.records.snapshot import ARCHIVED, JOURNAL, QUEUE, RECORD
from gitmem.sync import seen as exchange

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.sync.unite import Side

_NAMED = 3  # conflicts, and ids, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Queues:
    """What is compared: this clone's branch, the remote's, and what was seen at the remote before.

    ``remote`` is its name. ``main`` is the commit that the target is at there; empty where that
    is not known, so that nothing can be said of lines that went.
    """

    remote: str
    ours: Side
    theirs: Side
    seen: Sequence[Side] = ()
    main: str = ""


@dataclass(slots=True, kw_only=True)
class Disagreement:
    """What a person must settle.

    ``there`` and ``here`` are ids of flags that went from the remote's queue and from this clone's
    without a record, ``conflicts`` ids with two different lines. ``keeps`` is the line of such an
    id that this clone has (in its journal, on its branch, in its archive, in a record); without one
    it cannot say which is the right one. ``recorded``: ids of which a record holds that line.
    ``unsure``: sentences on flags of which this cannot be told, as part of a queue is not read.
    """

    remote: str
    there: set[str] = field(default_factory=set)
    here: set[str] = field(default_factory=set)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    keeps: dict[str, bytes] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    unsure: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.there or self.here or self.conflicts)

    @property
    def told(self) -> str:
        """All of it in words."""
        parts = [str(one) for one in list(self.conflicts.values())[:_NAMED]]
        if len(self.conflicts) > _NAMED:
            parts.append(f"{len(self.conflicts) - _NAMED} more ids have two lines")
        for ids, where in ((self.there, f"at {self.remote}"), (self.here, "in this clone")):
            if ids:
                parts.append(_went(ids, f"gitmem/queue {where}"))
        return "; ".join(parts)


def _went(ids: set[str], where: str) -> str:
    named = ", ".join(sorted(ids)[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
    count = "1 flag" if len(ids) == 1 else f"{len(ids)} flags"
    return f"{count} went from {where} without a record: {named}"


def find(repo: Repository, looked: Snapshot | None, queues: Queues) -> Disagreement:
    """Compares; ``looked`` is what this clone knows (None: its target is not here). Writes nothing."""
    found = Disagreement(remote=queues.remote)
    _conflicts(repo, looked, queues, found)
    if looked and queues.main:
        _gone(repo, looked, queues, found)
    return found


def _conflicts(
    repo: Repository, looked: Snapshot | None, queues: Queues, found: Disagreement
) -> None:
    at = f"at {queues.remote}"
    unknown: dict[str, str] = {}
    for key in queues.theirs.lines.keys() | queues.ours.lines.keys():
        there = [_text(line) for line in queues.theirs.lines.get(key, [])]
        here = [_text(line) for line in queues.ours.lines.get(key, [])]
        first, name = _known(looked, queues, key)
        lines = [*((line, QUEUE) for line in here), *((line, at) for line in there)]
        other = next((pair for pair in lines if not same(pair[0], first or lines[0][0])), None)
        if other:
            one = (first, name) if first else lines[0]
            found.conflicts[key] = Conflict(key, one, other)
            if first:
                found.keeps[key] = first.encode()
        elif not first:
            unknown[key] = lines[0][0]
    if looked:
        _recorded(repo, looked, unknown, at, found)


def _known(looked: Snapshot | None, queues: Queues, key: str) -> tuple[str, str]:
    """The line of an id that this clone vouches for, and where it has it; empty without one."""
    if looked and looked.queue.journal.line(key):
        return looked.queue.journal.line(key), JOURNAL
    for side, name in ((queues.ours, QUEUE), *((side, "seen before") for side in queues.seen)):
        lines = side.lines.get(key, [])
        if len(lines) == 1:
            return _text(lines[0]), name
    archived = looked.queue.archive.line(key) if looked else ""
    return archived, ARCHIVED


def _recorded(
    repo: Repository, looked: Snapshot, unknown: dict[str, str], at: str, found: Disagreement
) -> None:
    """Lines that this clone meets for the first time, under an id that has landed with another one."""
    # The person's own fetch may have brought such a line: then it is in conflict already.
    landed = unknown.keys() & {*looked.records.deciding, *looked.state.conflicts}
    if not landed:
        return
    texts = records.Texts({key: unknown[key] for key in landed})
    same_line = records.ids(repo, looked.target.deciding, texts)
    for key in texts.other.keys() - same_line:
        line = texts.other[key]
        found.conflicts[key] = Conflict(key, (line, RECORD), (unknown[key], at))
        found.keeps[key] = line.encode()
        found.recorded.add(key)


def _gone(repo: Repository, looked: Snapshot, queues: Queues, found: Disagreement) -> None:
    """Lines that went although the target has no record of them, nor ever had one.

    A shallow clone cannot tell what the target once had: there they come back without a word.
    Nor can it be told of a queue of which something is set aside, which may hold them: nobody is
    stopped then, as whoever can push could stop everybody for good; they are named, and come back.
    """
    theirs, ours = queues.theirs, queues.ours
    before: set[str] = set().union(*[side.ids for side in queues.seen])
    there = before - theirs.ids
    ahead = ours.tip and theirs.tip and exchange.continues(repo, ours.tip, theirs.tip)
    here = theirs.ids - ours.ids if ahead else set()
    if there or here:
        recorded = {*looked.records.deciding, *records.ids(repo, queues.main)}
        there, here = there - recorded, here - recorded
    if not (there or here) or _is_shallow(repo):
        return
    once = records.taken_back(repo, queues.main)
    there, here = there - once, here - once
    if not any(side.aside for side in (theirs, ours, *queues.seen)):
        found.there, found.here = there, here
        return
    for ids, where in ((there, f"at {queues.remote}"), (here, "in this clone")):
        if ids:
            found.unsure.append(
                f"{_went(ids, f'what is read of gitmem/queue {where}')}; both sides hold them again"
            )


def _is_shallow(repo: Repository) -> bool:
    return repo.git("rev-parse", "--is-shallow-repository", ok=ANY).text == "true"


def _text(line: bytes) -> str:
    return line.decode("utf-8", "replace")

"""Where this clone and a remote disagree about the queue: lost lines, and two lines with one id."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.git.process import ANY
from gitmem.queue.lines import Conflict, same
from gitmem.records import record_files
from gitmem.records.snapshot import ARCHIVED, JOURNAL, QUEUE, RECORD
from gitmem.sync import remote_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.records.snapshot import Snapshot
    from gitmem.sync.unite import Side

_NAMED = 3  # conflicts, and ids, in one sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The queues to compare: this clone's branch, the remote's, and what was seen at the remote before.

    ``remote`` is the remote's name. ``main`` is the commit of the target there; where it is not known
    (empty), nothing can be said about lost lines.
    """

    remote: str
    ours: Side
    theirs: Side
    seen: Sequence[Side] = ()
    main: str = ""


@dataclass(slots=True, kw_only=True)
class Disagreement:
    """What a person must settle.

    ``lost_there`` and ``lost_here`` are ids of flags that went without a record from the remote's
    queue and from this clone's. ``conflicts`` are ids with two different lines. ``keeps`` is the line
    that this clone has of such an id (in its journal, on its branch, in its archive, in a record);
    without one it cannot say which line is right. ``recorded`` are the ids whose line a record holds.
    ``unsure`` are sentences on flags that may be lost or not, as part of a queue is not read.
    """

    remote: str
    lost_there: set[str] = field(default_factory=set)
    lost_here: set[str] = field(default_factory=set)
    conflicts: dict[str, Conflict] = field(default_factory=dict)
    keeps: dict[str, bytes] = field(default_factory=dict)
    recorded: set[str] = field(default_factory=set)
    unsure: list[str] = field(default_factory=list)

    def __bool__(self) -> bool:
        """Whether there is any disagreement."""
        return bool(self.lost_there or self.lost_here or self.conflicts)

    @property
    def summary(self) -> str:
        """All of it in words."""
        parts = [str(one) for one in list(self.conflicts.values())[:_NAMED]]
        if len(self.conflicts) > _NAMED:
            parts.append(f"{len(self.conflicts) - _NAMED} more ids have two lines")
        for ids, where in (
            (self.lost_there, f"at {self.remote}"),
            (self.lost_here, "in this clone"),
        ):
            if ids:
                parts.append(_went(ids, f"gitmem/queue {where}"))
        return "; ".join(parts)


def _went(ids: set[str], where: str) -> str:
    named = ", ".join(sorted(ids)[:_NAMED]) + (" …" if len(ids) > _NAMED else "")
    count = "1 flag" if len(ids) == 1 else f"{len(ids)} flags"
    return f"{count} went from {where} without a record: {named}"


def compare(repo: Repository, looked: Snapshot | None, queues: Comparison) -> Disagreement:
    """Compare the queues; ``looked`` is what this clone knows (None: its target is not here).

    Writes nothing.
    """
    found = Disagreement(remote=queues.remote)
    _conflicts(repo, looked, queues, found)
    if looked and queues.main:
        _lost(repo, looked, queues, found)
    return found


def _conflicts(
    repo: Repository, looked: Snapshot | None, queues: Comparison, found: Disagreement
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


def _known(looked: Snapshot | None, queues: Comparison, key: str) -> tuple[str, str]:
    """Return the line of an id that this clone vouches for, and its place; empty without one."""
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
    """Note lines that are new to this clone under an id that has landed with another line."""
    # The person's own fetch may have brought such a line: then it is a conflict already.
    landed = unknown.keys() & {*looked.records.deciding, *looked.state.conflicts}
    if not landed:
        return
    texts = record_files.Texts({key: unknown[key] for key in landed})
    same_line = record_files.ids(repo, looked.target.deciding, texts)
    for key in texts.other.keys() - same_line:
        line = texts.other[key]
        found.conflicts[key] = Conflict(key, (line, RECORD), (unknown[key], at))
        found.keeps[key] = line.encode()
        found.recorded.add(key)


def _lost(repo: Repository, looked: Snapshot, queues: Comparison, found: Disagreement) -> None:
    """Note lines that went although the target has no record of them and never had one.

    A shallow clone does not know the target's past: there the lines come back without a word. Where
    something of a queue is set aside, it may hold them: they are named and come back. A sync does not
    stop for that, since a single push could then stop every clone for good.
    """
    theirs, ours = queues.theirs, queues.ours
    before: set[str] = set().union(*[side.ids for side in queues.seen])
    there = before - theirs.ids
    ahead = ours.tip and theirs.tip and remote_queue.continues(repo, ours.tip, theirs.tip)
    here = theirs.ids - ours.ids if ahead else set()
    if there or here:
        recorded = {*looked.records.deciding, *record_files.ids(repo, queues.main)}
        there, here = there - recorded, here - recorded
    if not (there or here) or _is_shallow(repo):
        return
    once = record_files.taken_back(repo, queues.main)
    there, here = there - once, here - once
    if not any(side.aside for side in (theirs, ours, *queues.seen)):
        found.lost_there, found.lost_here = there, here
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

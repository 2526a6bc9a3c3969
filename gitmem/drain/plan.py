"""What a close intends, as values: requests to an engine, and the operations it answers (pure)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.memory import path_rules
from gitmem.memory.passages import line_key

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.memory.places import Climb, FiledLine, Place, Places
    from gitmem.memory.tree import MemoryLine

CHUNK = 32  # flags of one memory request
CHOICES = 64  # files that a snag without a target may go to


class Work(StrEnum):
    """What a request is about."""

    MEMORY = "memory"
    PENDING = "pending"
    RULES = "rules"


def own_words(flag: Flag, work: Work) -> str:
    """Return what the flag says itself: the text; for a snag the better path."""
    return (flag.better or flag.text) if work is Work.RULES else flag.text


class Op(StrEnum):
    """What an engine may do with a flag."""

    KEEP = "keep"
    MERGE = "merge"
    SUPERSEDE = "supersede"
    DUPLICATE = "duplicate"
    PENDING = "pending"
    EDIT = "edit"
    SKIP = "skip"
    SETTLED = "settled"
    MOVE = "move"


#: What comes beside the one operation that accounts for a flag, or accounts for none.
BESIDE = frozenset({Op.SETTLED, Op.MOVE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One unit of judgement: these flags, into one of these files, beside these lines."""

    work: Work
    flags: tuple[Flag, ...]
    files: tuple[str, ...]
    existing: tuple[MemoryLine, ...] = ()
    # Lines that a duplicate may name and nothing replaces: open items of PENDING.md beside a question
    # about memory, which a flag may settle, and what the instruction files and the rules for paths say.
    pending_lines: tuple[MemoryLine, ...] = ()
    fixed_lines: tuple[MemoryLine, ...] = ()
    # Where each flag goes without judgement; flag id to file.
    usual: Mapping[str, str] = field(default_factory=dict)
    # Said to the reviewer about a flag's usual file; flag id to sentence.
    remarks: Mapping[str, str] = field(default_factory=dict)
    # Of rules: the flags that may go nowhere but to their usual file.
    fixed: frozenset[str] = frozenset()
    # What a file says it is about: of rules a skill, of memory a topic.
    about: Mapping[str, str] = field(default_factory=dict)
    # The present text of the file that the request is about.
    body: str = ""
    # The existing line that a flag says is wrong; flag id to it.
    corrected: Mapping[str, MemoryLine] = field(default_factory=dict)
    # The lines that may move to another topic, as a drain filed them.
    movable: Mapping[MemoryLine, FiledLine] = field(default_factory=dict)
    # Earlier snags that a flag may be a return of; flag id to them.
    earlier: Mapping[str, tuple[Flag, ...]] = field(default_factory=dict)
    # When a line was filed, where a record tells; its text to YYYY-MM-DD.
    days: Mapping[str, str] = field(default_factory=dict)
    # The judgement of an earlier close, which is not asked again, and its engine and model.
    told: tuple[Operation, ...] = ()
    told_by: tuple[str, str] = ("", "")

    @property
    def items(self) -> tuple[MemoryLine, ...]:
        """The open items that this request shows, which a flag may settle."""
        return self.existing if self.work is Work.PENDING else self.pending_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """What to do with the flags in ``flags`` (ids).

    ``file`` and ``text`` are the resulting line. ``replaced`` are the existing lines that go: those
    that it takes the place of (the first of them gives it the place), the items that it settles, or
    the one line that moves. ``survivor`` is what a duplicate folds into: a flag id, or an existing
    line's text, which is then in ``within``. ``filed`` says where a line that moves comes from.
    ``topic`` and ``about`` are the slug and the description of a new topic that the line asks for,
    ``because`` why it has few lines. ``reason`` is for the reviewer. ``rule`` is the text of a rule without its why (empty: it has none).
    ``worded_by`` is the person who reworded the line in a review, and ``was`` how it read before.
    """

    op: Op
    flags: tuple[str, ...]
    file: str = ""
    text: str = ""
    replaced: tuple[MemoryLine, ...] = ()
    survivor: str = ""
    within: str = ""
    filed: FiledLine | None = None
    topic: str = ""
    about: str = ""
    because: str = ""
    reason: str = ""
    section: str = ""
    again: str = ""
    rule: str = ""
    tools: tuple[str, ...] = ()
    match: str = ""
    mode: str = ""
    worded_by: str = ""
    was: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything a close will ask, what a person has decided already, and all flags by id.

    ``unplaced`` are flags that ask for a place that does not exist (id to reason): they stay queued.
    ``climbs`` says where a loop's next edit goes when it comes back: by the id of a flag of this
    close, and by the id of any earlier snag that a flag may be a return of. ``recurred`` has a
    sentence for each loop that came back.
    """

    requests: tuple[Request, ...]
    dropped: tuple[Operation, ...] = ()
    unplaced: Mapping[str, str] = field(default_factory=dict)
    climbs: Mapping[str, Climb] = field(default_factory=dict)
    recurred: tuple[str, ...] = ()
    flags: Mapping[str, Flag] = field(default_factory=dict)


def make_plan(flags: Sequence[Flag], places: Places, drops: Mapping[str, str]) -> Plan:
    """Split the flags by kind into requests; ``drops`` is flag id to a person's reason.

    Memory requests hold CHUNK flags each (the last one fewer), dealt out with equal topics together.
    The flags of every request are in the order of the queue.
    """
    dropped = [
        Operation(op=Op.SKIP, flags=(flag.id,), reason=drops[flag.id])
        for flag in flags
        if flag.id in drops
    ]
    left = [flag for flag in flags if flag.id not in drops]
    rules, unplaced = _rules([flag for flag in left if flag.kind == "snag"], places)
    requests = [
        *_memory([flag for flag in left if flag.kind not in {"pending", "snag"}], places),
        *_pending([flag for flag in left if flag.kind == "pending"], places),
        *rules,
    ]
    return Plan(
        requests=tuple(replace(request, days=places.days) for request in requests),
        dropped=tuple(dropped),
        unplaced=unplaced,
        climbs=places.climbs,
        flags={flag.id: flag for flag in flags},
    )


def _memory(flags: Sequence[Flag], places: Places) -> list[Request]:
    topics: dict[str, list[Flag]] = {}
    for flag in flags:
        # Flags that correct one line come together: of two questions only one can replace it.
        topics.setdefault(flag.corrects or places.topic_file(flag), []).append(flag)
    ordered = [flag for group in topics.values() for flag in group]
    place = {flag.id: number for number, flag in enumerate(flags)}
    existing, pending = _lines(places)
    # Of two that contradict each other the newer one holds, so a question keeps their order.
    parts = [
        sorted(ordered[start : start + CHUNK], key=lambda flag: place[flag.id])
        for start in range(0, len(ordered), CHUNK)
    ]
    return [
        replace(_memory_request(part, existing, places), pending_lines=pending) for part in parts
    ]


def _lines(places: Places) -> tuple[tuple[MemoryLine, ...], tuple[MemoryLine, ...]]:
    """Return the lines of the topics, and the open items."""
    file = places.pending_file
    return (
        tuple(line for line in places.lines if line.file != file),
        tuple(line for line in places.lines if line.file == file),
    )


def _memory_request(
    flags: Sequence[Flag], existing: tuple[MemoryLine, ...], places: Places
) -> Request:
    usual = {flag.id: places.topic_file(flag) for flag in flags}
    corrected = {flag.id: line for flag in flags if (line := _corrected(flag, existing))}
    remarks = {
        flag.id: _correction(flag, corrected.get(flag.id)) for flag in flags if flag.corrects
    }
    files = tuple(sorted({line.file for line in existing} | set(usual.values())))
    return Request(
        work=Work.MEMORY,
        flags=tuple(flags),
        files=files,
        about={file: places.topics[file] for file in files if file in places.topics},
        existing=existing,
        fixed_lines=places.fixed_lines,
        usual=usual,
        remarks=remarks,
        corrected=corrected,
        movable=places.movable,
    )


def _corrected(flag: Flag, existing: Sequence[MemoryLine]) -> MemoryLine | None:
    """Return the line that a flag says is wrong, first in the file that it names; None when it is gone."""
    if not flag.corrects:
        return None
    file, _, words = flag.corrects.partition(": ")
    same = [line for line in existing if line_key(line.text) == line_key(words)]
    return min(same, key=lambda line: line.file != file, default=None)


def _correction(flag: Flag, line: MemoryLine | None) -> str:
    """Return what the reviewer is told of a flag that corrects a line."""
    if line is None:
        return f"it corrects a line that is gone: {flag.corrects}"
    return f"it corrects {line.file}: {line.text}"


def _pending(flags: Sequence[Flag], places: Places) -> list[Request]:
    if not flags:
        return []
    file = places.pending_file
    facts, items = _lines(places)
    return [
        Request(
            work=Work.PENDING,
            flags=tuple(flags),
            files=(file,),
            existing=items,
            fixed_lines=(*facts, *places.fixed_lines),
            usual={flag.id: file for flag in flags},
        )
    ]


def _rules(flags: Sequence[Flag], places: Places) -> tuple[list[Request], dict[str, str]]:
    """Return a request for each file, and the flags that ask for a place that does not exist."""
    by_file: dict[str, list[Flag]] = {}
    chosen: dict[str, Place] = {}
    unplaced: dict[str, str] = {}
    made: dict[str, tuple[str, ...]] = {}
    for flag in flags:
        try:
            place = _apart(places.rule_place(flag), flag, places, made)
        except Refused as refused:
            unplaced[flag.id] = refused.message
            continue
        chosen[flag.id] = place
        by_file.setdefault(place.file, []).append(flag)
    requests = [_rules_request(file, group, chosen, places) for file, group in by_file.items()]
    return requests, unplaced


def _apart(place: Place, flag: Flag, places: Places, made: dict[str, tuple[str, ...]]) -> Place:
    """Return the place, renamed where this close makes a rule file of that name for other paths.

    ``made`` maps the new rule files of this close to their paths; this adds to it.
    """
    new = place.file.startswith(path_rules.FOLDER) and place.file not in places.scoped
    if not new:
        return place
    paths = path_rules.globs_for(flag.paths)
    taken = {name for name, others in made.items() if others != paths}
    file = path_rules.file_for(paths, places.scoped, taken) if place.file in taken else place.file
    made[file] = paths
    return replace(place, file=file)


def _rules_request(
    file: str, flags: Sequence[Flag], chosen: Mapping[str, Place], places: Places
) -> Request:
    """Return the request: flags that name no file may go to any existing one, the others to theirs."""
    fixed = frozenset(flag.id for flag in flags if chosen[flag.id].fixed)
    free = len(fixed) < len(flags)
    others = [path for path in _choices(places) if path != file] if free else []
    own = tuple(line for line in places.rule_lines if line.file == file)
    return Request(
        work=Work.RULES,
        flags=tuple(flags),
        files=(file, *others),
        existing=own,
        fixed_lines=tuple(line for line in places.fixed_lines if line not in own),
        usual={flag.id: file for flag in flags},
        remarks={flag.id: chosen[flag.id].remark for flag in flags if chosen[flag.id].remark},
        fixed=fixed,
        about={path: places.about[path] for path in others if path in places.about},
        body=places.bodies.get(file, ""),
        earlier={flag.id: places.earlier[flag.id] for flag in flags if places.earlier.get(flag.id)},
    )


def _choices(places: Places) -> list[str]:
    """Return the files that a rule may go to when it names none, at most CHOICES."""
    ours = [path for path, text in places.scoped.items() if path_rules.paths_of(text) is not None]
    return [*sorted(places.about), *sorted(ours)][:CHOICES]

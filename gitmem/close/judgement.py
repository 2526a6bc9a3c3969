"""The judgement in a review, used again when the review is rebuilt.

A record says what became of each flag. That is turned back into operations for the flags whose
judgement still holds on the present target. Only the other flags are asked about again.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.drain.plan import Op, Operation, Plan, Request, Work, own_words
from gitmem.git import objects
from gitmem.markdown import sections
from gitmem.markdown.lines import front_value
from gitmem.memory import tree_reader
from gitmem.memory.tree import MemoryLine, existing_lines, rule_lines
from gitmem.records import in_review, record_files
from gitmem.records.drain_record import (
    FORGET,
    Change,
    Fate,
    read_changes,
    read_header,
    read_outcomes,
)
from gitmem.safety.paths import PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from gitmem.close.base import Rework
    from gitmem.git.repository import Repository
    from gitmem.memory.tree import MemoryTree
    from gitmem.records.drain_record import LineChange, Outcome


_FILED: dict[Fate, tuple[Op, Work | None]] = {
    Fate.ADDED: (Op.KEEP, Work.MEMORY),
    Fate.MERGED: (Op.MERGE, Work.MEMORY),
    Fate.SUPERSEDED: (Op.SUPERSEDE, None),  # of memory or of rules: the file tells
    Fate.PENDING: (Op.PENDING, Work.PENDING),
    Fate.EDITED: (Op.EDIT, Work.RULES),
}
_BEGIN = 60  # characters of an item that a sentence to the reviewer has
_SHORTEST = 3  # letters of a word that says something
_SHARED = 0.5  # of the words of the shorter of two lines: then they may be about one thing
_LEAST = 2  # words in common, below which nothing is about one thing


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What a review says: its outcomes, who judged, and the ``new`` lines that came since.

    ``changes`` are the open items that it settles, and the lines that it moves. ``sections`` has the
    heading of each edit (by file and line), where that heading still exists. ``topics`` has the name and
    the description of each topic file that the review made and the target does not have.
    """

    outcomes: tuple[Outcome, ...]
    changes: tuple[LineChange, ...] = ()
    engine: str = ""
    model: str = ""
    new: tuple[MemoryLine, ...] = ()
    sections: Mapping[tuple[str, str], str] = field(default_factory=dict)
    topics: Mapping[str, tuple[str, str]] = field(default_factory=dict)


def split(plan: Plan, earlier: Judgement) -> tuple[Plan, tuple[Request, ...]]:
    """Return the plan without the flags whose judgement holds, and requests with that judgement.

    A judgement holds while its file is a target, the line it replaces or folds into exists, all flags
    of a merge are undrained, and no new line may be about the same thing. It passes the gate like
    any answer.
    """
    from gitmem.drain.faithful import faithful  # it loads the judge

    operations = _operations(earlier)
    kept: list[Request] = []
    for group in _groups(plan.requests):
        mine = _holding(group, operations, earlier)
        cited = {flag_id for operation in mine for flag_id in operation.flags}
        if cited:
            flags = tuple(flag for flag in group.flags if flag.id in cited)
            request = replace(group, flags=flags, told_by=(earlier.engine, earlier.model))
            told = faithful(request, mine)
            beside = _beside(request, earlier.changes)
            kept.append(replace(request, told=(*_missed(request, told, earlier.changes), *beside)))
    gone = {flag.id for request in kept for flag in request.flags}
    rest = [
        replace(request, flags=tuple(flag for flag in request.flags if flag.id not in gone))
        for request in plan.requests
    ]
    return replace(plan, requests=tuple(one for one in rest if one.flags)), tuple(kept)


def _groups(requests: Sequence[Request]) -> Iterable[Request]:
    """Return the requests joined again: one for each kind of work and, of rules, for each file."""
    found: dict[tuple[Work, tuple[str, ...]], Request] = {}
    for request in requests:
        key = (request.work, request.files if request.work is Work.RULES else ())
        known = found.get(key)
        found[key] = request if known is None else _joined(known, request)
    return found.values()


def _joined(one: Request, other: Request) -> Request:
    return replace(
        one,
        flags=(*one.flags, *other.flags),
        files=tuple(sorted({*one.files, *other.files})),
        existing=tuple(dict.fromkeys((*one.existing, *other.existing))),
        pending_lines=tuple(dict.fromkeys((*one.pending_lines, *other.pending_lines))),
        fixed_lines=tuple(dict.fromkeys((*one.fixed_lines, *other.fixed_lines))),
        usual={**one.usual, **other.usual},
        remarks={**one.remarks, **other.remarks},
        corrected={**one.corrected, **other.corrected},
    )


def _operations(earlier: Judgement) -> list[tuple[Operation, Work | None]]:
    """Return the outcomes as the operations they came from; flags with one line were one operation."""
    found: dict[tuple[str, ...], list[Outcome]] = {}
    for outcome in earlier.outcomes:
        alone = outcome.flag.id if outcome.fate not in _FILED else ""
        key = (
            outcome.fate.value,
            outcome.file,
            outcome.line,
            outcome.survivor,
            alone,
            outcome.worded_by,
            *outcome.also,
        )
        found.setdefault(key, []).append(outcome)
    operations: list[tuple[Operation, Work | None]] = []
    for group in found.values():
        first = group[0]
        other = Op.DUPLICATE if first.fate is Fate.DUPLICATE else Op.SKIP
        op, work = _FILED.get(first.fate, (other, None))
        operation = Operation(
            op=op,
            flags=tuple(outcome.flag.id for outcome in group),
            file=first.file,
            text=first.line,
            replaced=tuple(MemoryLine(file=file, text=text) for file, text in first.replaced),
            survivor="" if first.fate in _FILED else first.survivor,
            reason=first.reason,
            section=earlier.sections.get((first.file, first.line), ""),
            again=first.again,
            worded_by=first.worded_by,
            was=first.was,
        )
        operations.append((operation, work))
    return operations


def _beside(request: Request, changes: Iterable[LineChange]) -> list[Operation]:
    """Return what a review settles and moves, as far as it is still there; the gate judges it again."""
    ids = {flag.id for flag in request.flags}
    found: list[Operation] = []
    for change in changes:
        flags = tuple(key for key in change.flags if key in ids)
        settled = change.what is Change.SETTLED
        line = MemoryLine(file=change.file if settled else change.before, text=change.line)
        if settled and flags and line in request.items:
            found.append(Operation(op=Op.SETTLED, flags=flags, replaced=(line,)))
        elif not settled and line in request.existing:
            file, text = change.file, change.line
            found.append(Operation(op=Op.MOVE, flags=(), file=file, text=text, replaced=(line,)))
    return found


def _missed(
    request: Request, told: Sequence[Operation], changes: Iterable[LineChange]
) -> list[Operation]:
    """Return the operations, each with what it settled in the review and is not there as it was."""
    if request.work is Work.RULES:
        return [*told]
    texts = {line.text for line in request.items}
    gone: dict[str, list[str]] = {}
    for change in changes:
        if change.what is Change.SETTLED and change.line not in texts:
            for flag_id in change.flags:
                sentence = (
                    f"it was to settle {change.line[:_BEGIN]!r}, which is not there as it was"
                )
                gone.setdefault(flag_id, []).append(sentence)
    return [
        replace(one, reason="; ".join(dict.fromkeys(filter(None, [one.reason, *said]))))
        if (said := [word for key in one.flags for word in gone.get(key, ())])
        else one
        for one in told
    ]


def _holding(
    group: Request,
    operations: Sequence[tuple[Operation, Work | None]],
    earlier: Judgement,
) -> list[Operation]:
    """Return the operations about this group's flags that still hold."""
    flags = {flag.id: own_words(flag, group.work) for flag in group.flags}
    mine = [
        operation
        for operation, work in operations
        if flags.keys() >= set(operation.flags) and work in (None, group.work)
    ]
    lines = frozenset(group.existing)
    rivals = [line for line in earlier.new if line in lines]
    mine = [one for one in mine if not _has_rival([flags[key] for key in one.flags], rivals)]
    mine = [_asking(_matched(one, group), group, earlier.topics) for one in mine]
    sound = [one for one in mine if one.op is not Op.DUPLICATE and _fits(one, group, lines)]
    filed = {key for one in sound if one.op is not Op.SKIP for key in one.flags}
    fixed = {*group.pending_lines, *group.fixed_lines}
    stays = {line.text for line in fixed}
    named = {f"{line.file}: {line.text}": line for line in {*lines, *fixed}}
    texts = {line.text for line in named.values()}
    replaced = {line.text for one in sound for line in one.replaced}
    for one in mine:
        if one.op is Op.DUPLICATE:
            line = named.get(one.survivor)
            survivor = line.text if line else one.survivor
            there = survivor in stays or (survivor in texts and survivor not in replaced)
            if survivor in filed or there:
                # Where it goes as a line of its own, if it turns out not to be a duplicate.
                file = one.file or group.usual[one.flags[0]]
                within = line.file if line else ""
                sound.append(replace(one, survivor=survivor, within=within, file=file))
    return sound


def _asking(
    operation: Operation, group: Request, topics: Mapping[str, tuple[str, str]]
) -> Operation:
    """Return the operation; one for a topic that the review made asks for it again."""
    if operation.op not in (Op.KEEP, Op.MERGE) or operation.file not in topics:
        return operation
    name, about = topics[operation.file]
    return replace(
        operation,
        file=group.usual[operation.flags[0]],
        topic=name,
        about=about,
        because="it was new in the review before",
    )


def _matched(operation: Operation, group: Request) -> Operation:
    """Return the operation with its match to an earlier snag, unless a person took the match back.

    The loop that it belongs to decides again where such a line goes.
    """
    offered = {snag.id for key in operation.flags for snag in group.earlier.get(key, ())}
    if operation.again not in offered:
        return replace(operation, again="")
    edit = operation.op is Op.EDIT
    return replace(operation, file=group.usual[operation.flags[0]]) if edit else operation


def _fits(operation: Operation, group: Request, lines: Collection[MemoryLine]) -> bool:
    if operation.op is Op.SKIP:
        return True
    if not all(line in lines for line in operation.replaced):
        return False
    return operation.file in group.files


def _has_rival(texts: Sequence[str], new: Sequence[MemoryLine]) -> bool:
    """Tell whether a new line should have been shown with one of these flags."""
    told = [_words(text) for text in texts]
    return any(_near(words, _words(line.text)) for line in new for words in told)


def _near(one: frozenset[str], other: frozenset[str]) -> bool:
    shared = len(one & other)
    return shared >= _LEAST and shared >= _SHARED * min(len(one), len(other))


def _words(text: str) -> frozenset[str]:
    plain = "".join(letter if letter.isalnum() else " " for letter in text.casefold())
    return frozenset(word for word in plain.split() if len(word) >= _SHORTEST)


def read(repo: Repository, again: Rework, now: MemoryTree) -> Judgement:
    """Return the judgement of a review, for a close that builds on ``now``."""
    known = {line.text for line in _lines(tree_reader.read_tree(repo, again.base, now.folder))}
    # What the review added is not on the target, unless another clone landed it too.
    new = tuple(line for line in _lines(now) if line.text not in known)
    filed = in_review.filed_between(repo, again.base, again.tip)
    queued_again = in_review.taken_back(repo, filed)
    outcomes = tuple(one for one in filed if one.flag.id not in queued_again)
    engine, model = judges(repo, again.base, again.tip)
    return Judgement(
        outcomes=outcomes,
        changes=tuple(in_review.changes_between(repo, again.base, again.tip)),
        engine=engine,
        model=model,
        new=new,
        sections=_sections(repo, again.tip, outcomes, now),
        topics=_topics(repo, again.tip, outcomes, now),
    )


def of_record(repo: Repository, tip: str, text: str, now: MemoryTree) -> Judgement:
    """Return the judgement of one record of the review at ``tip``, to be made again on ``now``."""
    outcomes = tuple(read_outcomes(text))
    header = read_header(text)
    return Judgement(
        outcomes=outcomes,
        changes=tuple(read_changes(text)),
        engine=header.run.engine if header else "",
        model=header.run.model if header else "",
        sections=_sections(repo, tip, outcomes, now),
        topics=_topics(repo, tip, outcomes, now),
    )


def _lines(memory: MemoryTree) -> tuple[MemoryLine, ...]:
    return (*existing_lines(memory), *rule_lines(memory))


def _topics(
    repo: Repository, tip: str, outcomes: Sequence[Outcome], now: MemoryTree
) -> dict[str, tuple[str, str]]:
    """Map each topic file of the outcomes that ``now`` does not have to its name and description at ``tip``."""
    files = sorted({one.file for one in outcomes if one.file} - now.texts.keys() - now.odd.keys())
    made = {file for file in files if _is_topic(file, now.folder)}
    contents = objects.files(repo, tip, *sorted(made)) if made else {}
    texts = {file: content.decode("utf-8", "replace") for file, content in contents.items()}
    return {
        file: (
            front_value(text, "part_of") or file.rpartition("/")[2].removesuffix(".md"),
            front_value(text, "description"),
        )
        for file, text in texts.items()
    }


def _is_topic(file: str, folder: str) -> bool:
    try:
        return writable(file, folder=folder) is PathKind.TOPIC
    except Refused:
        return False


def _sections(
    repo: Repository, tip: str, outcomes: Sequence[Outcome], now: MemoryTree
) -> dict[tuple[str, str], str]:
    """Map file and line of each edit to its heading at ``tip``, if ``now`` has that heading too."""
    edits = {(one.file, one.line) for one in outcomes if one.fate is Fate.EDITED}
    files = {file for file, _ in edits if file in now.texts}
    contents = objects.files(repo, tip, *sorted(files)) if files else {}
    texts = {file: content.decode("utf-8", "replace") for file, content in contents.items()}
    return {
        (file, line): title
        for file, line in edits
        if file in texts and (title := sections.holding(texts[file], line))
        if sections.named(now.texts[file], title)
    }


def judges(repo: Repository, start: str, tip: str) -> tuple[str, str]:
    """Return the engines and models of the records that ``tip`` adds to ``start`` (empty: no commit)."""
    after, before = record_files.at(repo, tip), record_files.at(repo, start)
    new = {path: after[path] for path in sorted(after.keys() - before.keys())}
    headers = [read_header(text) for text in record_files.texts(repo, new).values()]
    named = [header.run for header in headers if header and header.run.engine != FORGET]
    engines = [word for run in named for word in run.engine.split(", ") if word]
    models = [word for run in named for word in run.model.split(", ") if word]
    return ", ".join(dict.fromkeys(engines)), ", ".join(dict.fromkeys(models))

"""Apply checked operations to the files of a tree: new texts, and what became of every flag (pure).

Files that a client obeys (rules, skills, rule files for paths, guards) have a budget, because a client
loads them into every session.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, assert_never

from gitmem.core.errors import Refused
from gitmem.core.failures import Internal
from gitmem.drain.bodies import BELOW, Bodies
from gitmem.drain.plan import Op, Operation
from gitmem.markdown.rule_text import rule_of
from gitmem.memory import guard_file, instructions, path_rules, skills, topics
from gitmem.memory.guard import Guard
from gitmem.memory.imports import Imports, imports
from gitmem.memory.index import update_index
from gitmem.memory.parts import Parts
from gitmem.memory.tree import MemoryLine, MemoryTree, lines_of
from gitmem.records.drain_record import NEXT, Change, Fate, LineChange, Outcome
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import INDEX_NAME, PENDING_NAME, PathKind, writable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.core.flag import Flag
    from gitmem.drain.plan import Operation

# Lines of a file that gitmem adds to. Of a skill: what the Agent Skills format recommends for a body
# (https://agentskills.io/specification); of rules: half of what makes an instruction file hard to follow.
BUDGET = {PathKind.INSTRUCTIONS: 100, PathKind.SCOPED: 60, PathKind.SKILL: 500}
Ruling = Literal[PathKind.INSTRUCTIONS, PathKind.SKILL, PathKind.SCOPED, PathKind.GUARDS]

_FATES = {
    Op.KEEP: Fate.ADDED,
    Op.MERGE: Fate.MERGED,
    Op.SUPERSEDE: Fate.SUPERSEDED,
    Op.DUPLICATE: Fate.DUPLICATE,
    Op.PENDING: Fate.PENDING,
    Op.EDIT: Fate.EDITED,
    Op.SKIP: Fate.SKIPPED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class AssembledTree:
    """The files that change (path to text; None: it goes), and one outcome per flag, in operation order.

    ``changes`` are the items that are settled, and the lines that are in another file now.
    ``imports``: what the index imports then; None where no file of memory changes.
    """

    files: Mapping[str, str | None]
    outcomes: tuple[Outcome, ...]
    imports: Imports | None = None
    changes: tuple[LineChange, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """The new texts of the files that change and stay."""
        return {path: text for path, text in self.files.items() if text is not None}


def assemble(
    ground: MemoryTree,
    operations: Sequence[Operation],
    flags: Mapping[str, Flag],
    kept: Mapping[str, tuple[str, str]] | None = None,
) -> AssembledTree:
    """Return the new texts and the outcomes, every line in its harmless form.

    A line that exists, or that an earlier operation adds, is folded: its flag becomes a duplicate
    with a named survivor. ``kept`` says where lines stay that a close had placed already, by the id of a flag, or
    by its words for a line that moves: the file, and the topic that this is a part of (empty: not known).
    Raises Refused or NeedsPerson when a file cannot take a line.
    """
    work = _Assembly(ground, flags, kept or {})
    for operation in operations:
        work.apply(operation)
    return work.finished()


class _Assembly:
    """The state of one assembly; `apply` every operation, then `finished` once."""

    def __init__(
        self,
        ground: MemoryTree,
        flags: Mapping[str, Flag],
        kept: Mapping[str, tuple[str, str]],
    ) -> None:
        self._ground = ground
        self._kept = kept
        self._flags = flags
        self._changes: dict[str, Edits] = {}
        self._outcomes: list[Outcome] = []
        # Pool and key of a line to what a duplicate of it folds into. The topics are one pool, so
        # that a fact is in one topic only; every other file is a pool of its own.
        self._known: dict[tuple[str, str], str] = {}
        self._learned: set[str] = set()
        self._gone: set[MemoryLine] = set()
        self._bodies = Bodies(ground)
        # Where the line of each flag is, and what each duplicate with a body folded into.
        self._placed: dict[str, MemoryLine] = {}
        self._folded: dict[str, MemoryLine | str] = {}
        self._beside: list[LineChange] = []
        self._parts = Parts(ground.folder, {**dict.fromkeys(ground.odd, ""), **ground.texts})
        for path in sorted(ground.texts):
            if self._pool(path) == ground.folder:
                self._learn(path)

    def apply(self, operation: Operation) -> None:
        """Note the changes and outcomes of one operation."""
        operation = replace(operation, text=harmless(operation.text), rule=harmless(operation.rule))
        match operation.op:
            case Op.KEEP | Op.PENDING | Op.EDIT:
                self._add(operation)
            case Op.MERGE if not operation.replaced:
                self._add(operation)
            case Op.SUPERSEDE | Op.MERGE:
                self._replace(operation)
            case Op.DUPLICATE:
                self._fold(operation, self._survivor(operation), operation.reason)
            case Op.SKIP:
                self._note(operation, Fate.SKIPPED)
            case Op.SETTLED:
                self._settle(operation)
            case Op.MOVE:
                self._move(operation)
            case _:
                assert_never(operation.op)

    def finished(self) -> AssembledTree:
        """Return all changed files, with an updated index."""
        ground = self._ground
        self._bring_bodies()
        for path in self._bodies.linked:
            self._change(path)
        texts: dict[str, str | None] = {
            path: self._left(path, self._changed(path, change), change)
            for path, change in self._changes.items()
        }
        loaded = None
        if any(path.startswith(ground.folder + "/") for path in texts):
            index = f"{ground.folder}/{INDEX_NAME}"
            _refuse_odd(ground, index)
            every = {**dict.fromkeys(ground.odd, ""), **ground.texts, **texts}
            beside = {path: text for path, text in every.items() if text is not None}
            # As the record will say it: a file that only gave a line away, or took one in, is no newer.
            written = [outcome.file for outcome in self._outcomes if outcome.file]
            newest = {**ground.newest, **dict.fromkeys(written, NEXT)}
            loaded = imports(beside, newest, folder=ground.folder, budget=ground.budget)
            texts[index] = update_index(
                ground.texts.get(index),
                beside,
                folder=ground.folder,
                newest=newest,
                budget=ground.budget,
            )
        texts |= self._bodies.files()
        changed = {path: text for path, text in texts.items() if text != ground.texts.get(path)}
        return AssembledTree(
            files=changed,
            outcomes=tuple(self._outcomes),
            imports=loaded,
            changes=tuple(self._beside),
        )

    def _add(self, operation: Operation) -> None:
        self._learn(operation.file)
        keys = self._keys(operation.file, operation.text, operation.rule)
        known = next((self._known[key] for key in keys if key in self._known), "")
        if known:
            self._fold(operation, known, "the same line is there already")
            return
        self._known |= dict.fromkeys(keys, operation.flags[0])
        flags = [self._flags[key] for key in operation.flags]
        file = self._file_with_room(operation, flags)
        operation = replace(operation, file=file)
        self._bodies.add(file, operation.text, flags)
        self._place(operation)
        self._change(file).add(operation, flags)
        self._note(operation, _FATES[operation.op])

    def _file_with_room(self, operation: Operation, flags: Sequence[Flag]) -> str:
        """Return the part of the topic that takes the line, its link and its bodies."""
        size = sum(len(flag.body.encode()) for flag in flags)
        placed = self._kept.get(operation.flags[0])
        if placed and self._pool(placed[0]) == self._ground.folder:
            return self._parts.put(placed[0], operation.text, placed[1])
        if not size:
            return self._parts.with_room(operation.file, operation.text)
        return self._parts.with_room(
            operation.file,
            operation.text + topics.link_of(operation.file),
            lambda path: 2 * size <= self._bodies.room(path),
        )

    def _place(self, operation: Operation) -> None:
        line = MemoryLine(file=operation.file, text=operation.text)
        self._placed |= dict.fromkeys(operation.flags, line)

    def _fold(self, operation: Operation, survivor: str, reason: str) -> None:
        """Note a duplicate; its bodies wait until every line has its place."""
        bodied = [key for key in operation.flags if self._flags[key].body]
        for key in bodied:
            file, _, text = survivor.partition(": ")
            there = MemoryLine(file=file, text=text) if text else survivor
            self._folded[key] = survivor if survivor in self._flags else there
        if bodied and BELOW not in reason:
            reason = f"{reason}; {BELOW}" if reason else BELOW
        self._note(operation, Fate.DUPLICATE, survivor=survivor, reason=reason)

    def _bring_bodies(self) -> None:
        """Bring the bodies of duplicates below the lines that they folded into."""
        for key in self._folded:
            home: MemoryLine | str | None = key
            seen: set[str] = set()
            while isinstance(home, str) and home not in seen:
                seen.add(home)
                home = self._placed.get(home) or self._folded.get(home)
            if isinstance(home, MemoryLine):
                new = home in self._placed.values()
                self._bodies.add(home.file, home.text, [self._flags[key]], there=not new)

    def _replace(self, operation: Operation) -> None:
        """Put the line in the place of the first line that it replaces; the others go.

        A line that an earlier operation took away is not there for this one.
        """
        there = [line for line in operation.replaced if line not in self._gone]
        first, *others = there or operation.replaced
        self._gone.update(operation.replaced)
        for line in operation.replaced:
            was = self._known.pop(self._key(line.file, line.text), "")
            rule = self._key(line.file, rule_of(line.text))
            if was and self._known.get(rule) == was:
                del self._known[rule]
        keys = self._keys(first.file, operation.text, operation.rule)
        self._known |= dict.fromkeys(keys, operation.flags[0])
        self._change(first.file).replaced.append((first.text, operation.text))
        for line in others:
            self._change(line.file).removed.append(line.text)
        operation = replace(operation, file=first.file)
        operation = replace(operation, reason=self._body_told(operation))
        self._place(operation)
        self._note(
            operation,
            _FATES[operation.op],
            survivor=first.text,
            also=tuple(others),
        )

    def _body_told(self, operation: Operation) -> str:
        """Bring the bodies of the replaced lines and of the flags to the new line; return the reason with that."""
        flags = [self._flags[key] for key in operation.flags]
        merged = operation.op is Op.MERGE
        told = [
            self._bodies.replace(line, operation.file, operation.text, flags, merged=merged)
            for line in operation.replaced
        ]
        self._bodies.add(operation.file, operation.text, flags)
        new = [one for one in dict.fromkeys(told) if one and one not in operation.reason]
        return "; ".join(one for one in (operation.reason, *new) if one)

    def _settle(self, operation: Operation) -> None:
        """Take out the items that a flag settles; of several flags the record has all."""
        for item in operation.replaced:
            if item not in self._gone:
                self._gone.add(item)
                self._change(item.file).removed.append(item.text)
                self._bodies.drop(item)
                self._beside.append(
                    LineChange(
                        what=Change.SETTLED, file=item.file, line=item.text, flags=operation.flags
                    )
                )
                continue
            self._beside = [
                replace(one, flags=tuple(dict.fromkeys([*one.flags, *operation.flags])))
                if (one.what, one.file, one.line) == (Change.SETTLED, item.file, item.text)
                else one
                for one in self._beside
            ]

    def _move(self, operation: Operation) -> None:
        """Put a line into another topic as it is; what was folded into it is named where it is now."""
        (line,) = operation.replaced
        if line in self._gone or operation.filed is None:
            return
        self._gone.add(line)
        placed = self._kept.get(line.text)
        file = (
            self._parts.put(placed[0], line.text, placed[1])
            if placed
            else self._parts.with_room(operation.file, line.text + topics.link_of(operation.file))
        )
        there = MemoryLine(file=file, text=line.text)
        self._bodies.move(line, file)
        self._folded = {key: there if home == line else home for key, home in self._folded.items()}
        self._change(line.file).removed.append(line.text)
        self._change(file).added.append(line.text)
        was, now = f"{line.file}: {line.text}", f"{file}: {line.text}"
        self._known[self._key(file, line.text)] = now
        self._outcomes = [
            replace(one, survivor=now) if one.survivor == was else one for one in self._outcomes
        ]
        self._beside.append(
            LineChange(
                what=Change.MOVED,
                file=file,
                line=line.text,
                flags=operation.filed.flags,
                before=line.file,
                drain=operation.filed.drain,
            )
        )

    def _left(self, path: str, text: str, change: Edits) -> str | None:
        """Return a file's new text; None for one of gitmem's own that has nothing left."""
        kind = writable(path, folder=self._ground.folder)
        ours = kind in {PathKind.TOPIC, PathKind.PENDING, PathKind.SCOPED}
        return None if change.removed and ours and topics.emptied(text) else text

    def _learn(self, path: str) -> None:
        """Learn the lines of a file before something is added to it."""
        if path in self._learned or path not in self._ground.texts:
            return
        self._learned.add(path)
        for text in lines_of(self._ground, path):
            rule = "" if path.startswith(self._ground.folder + "/") else rule_of(text)
            for key in self._keys(path, text, rule):
                self._known.setdefault(key, f"{path}: {text}")

    def _survivor(self, operation: Operation) -> str:
        """Return what a duplicate folds into: a flag id, or the line with its file."""
        if operation.survivor in self._flags:
            return operation.survivor
        key = topics.fact_key(operation.survivor)
        named = (name for (_, known), name in self._known.items() if known == key)
        there = f"{operation.within}: {operation.survivor}"
        return next(named, there if operation.within else operation.survivor)

    def _note(
        self,
        operation: Operation,
        fate: Fate,
        *,
        survivor: str = "",
        also: tuple[MemoryLine, ...] = (),
        reason: str = "",
    ) -> None:
        filed = fate not in {Fate.SKIPPED, Fate.DUPLICATE}
        self._outcomes += [
            Outcome(
                flag=self._flags[flag_id],
                fate=fate,
                file=operation.file if filed else "",
                line=operation.text if filed else "",
                survivor=survivor,
                also=tuple(f"{line.file}: {line.text}" for line in also),
                reason=reason or operation.reason,
                again=operation.again,
                worded_by=operation.worded_by if filed else "",
                was=operation.was if filed else "",
            )
            for flag_id in operation.flags
        ]

    def _change(self, path: str) -> Edits:
        return self._changes.setdefault(path, Edits())

    def _changed(self, path: str, change: Edits) -> str:
        _refuse_odd(self._ground, path)
        text = self._ground.texts.get(path)
        target = writable(path, folder=self._ground.folder)
        match target:
            case PathKind.TOPIC:
                text = text or fresh(path, self._parts.of.get(path, ""), change.about)
                for old, new in change.replaced:
                    text = topics.replace_fact(text, old, self._bodies.line(path, new))
                for old in change.removed:
                    text = topics.remove_fact(text, old)
                text = self._with_links(path, text)
                return topics.add_facts(
                    text, [self._bodies.line(path, line) for line in change.added]
                )
            case PathKind.PENDING:
                text = text or fresh(path)
                for old in change.removed:
                    text = topics.remove_pending(text, old)
                text = self._with_links(path, text)
                return topics.add_pending(
                    text, [self._bodies.line(path, line) for line in change.added]
                )
            case PathKind.INSTRUCTIONS:
                text = with_block(path, text or "", self._ground.folder)
                return edited(path, target, text, change)
            case PathKind.SKILL | PathKind.SCOPED | PathKind.GUARDS:
                return edited(path, target, text, change)
            case PathKind.INDEX | PathKind.DRAIN | PathKind.DETAILS:
                raise Refused(f"{path} is written by gitmem alone")
            case _:
                assert_never(target)

    def _with_links(self, path: str, text: str) -> str:
        """Return a memory file with a link from each line of it that comes to have a body."""
        for line in self._bodies.linked.get(path, ()):
            text = topics.with_link(text, line, topics.link_of(path))
        return text

    def _key(self, path: str, text: str) -> tuple[str, str]:
        return self._pool(path), topics.fact_key(text)

    def _keys(self, path: str, text: str, rule: str = "") -> list[tuple[str, str]]:
        """Return what a duplicate of a line is known by: the whole line, and the rule without its why."""
        return [self._key(path, one) for one in dict.fromkeys((text, rule or text))]

    def _pool(self, path: str) -> str:
        folder, _, name = path.rpartition("/")
        inside = folder == self._ground.folder and name != PENDING_NAME
        return folder if inside else path


def fresh(path: str, part_of: str = "", about: str = "") -> str:
    """Return the text of a memory file before its first line.

    ``part_of``, and ``about`` as the description, as `new_topic_file` has them.
    """
    name = path.rpartition("/")[2]
    if name == PENDING_NAME:
        return topics.new_pending_file()
    return topics.new_topic_file(name.removesuffix(".md"), about, part_of=part_of)


def with_block(path: str, text: str, folder: str) -> str:
    """Return an instruction file's text with the managed block in it."""
    kind: Literal["claude", "agents"] = "claude" if path == "CLAUDE.md" else "agents"
    return instructions.with_block(text, folder=folder, kind=kind)


def _refuse_odd(ground: MemoryTree, path: str) -> None:
    if path in ground.odd:
        raise Refused(f"gitmem does not write {path}: {ground.odd[path]}")


@dataclass(slots=True, kw_only=True)
class Edits:
    """The changes of one file: lines replaced, lines removed, then lines added, each with its section.

    ``about`` describes a topic file that is new, ``paths`` are the paths of a rule file, ``guards`` the additions to the file of guards.
    """

    replaced: list[tuple[str, str]] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    added: list[str] = field(default_factory=list)
    sections: list[str] = field(default_factory=list)
    guards: list[Guard] = field(default_factory=list)
    paths: tuple[str, ...] = ()
    about: str = ""

    def add(self, operation: Operation, flags: Sequence[Flag]) -> None:
        """Add the line of an operation."""
        self.added.append(operation.text)
        self.about = self.about or operation.about
        self.sections.append(operation.section)
        self.paths = self.paths or next((flag.paths for flag in flags if flag.paths), ())
        if operation.match:
            ids = [*([operation.again] if operation.again else []), *operation.flags]
            self.guards.append(
                Guard(
                    operation.tools,
                    operation.match,
                    operation.text,
                    flags=ids,
                    mode=operation.mode,
                )
            )


def edited(path: str, target: Ruling, text: str | None, edits: Edits) -> str:
    """Return the file's text after the edits; ``text`` is None for a file that does not exist yet.

    Raises Refused when the file cannot take them: it does not exist, is a person's own, is unusual,
    or is full.
    """
    match target:
        case PathKind.INSTRUCTIONS:
            after = _with_rules(text or "", edits)
            _refuse_full(path, target, len(instructions.rules(after)), edits)
        case PathKind.SKILL:
            if text is None:
                raise Refused(f"gitmem does not create {path}")
            after = _with_body_lines(path, text, edits)
            _refuse_full(path, target, after.count("\n"), edits)
        case PathKind.SCOPED:
            after = _with_scoped(text, edits)
            _refuse_full(path, target, len(topics.facts(after)), edits)
        case PathKind.GUARDS:
            if len(edits.guards) != len(edits.added):
                raise Refused("it names no command or path that a guard could match")
            after = guard_file.add_guards(text or "", edits.guards)
        case _:
            assert_never(target)
    return after


def _refuse_full(path: str, target: PathKind, lines: int, edits: Edits) -> None:
    if edits.added and lines > BUDGET[target]:
        raise Refused(
            f"{path} is full: it may have {BUDGET[target]} lines",
            hint="take out, or unite, what is no longer needed; then close again",
        )


def _with_rules(text: str, edits: Edits) -> str:
    for old, new in edits.replaced:
        text = instructions.replace_rule(text, old, new)
    for old in edits.removed:
        text = instructions.remove_rule(text, old)
    return instructions.add_rules(text, edits.added)


def _with_scoped(text: str | None, edits: Edits) -> str:
    if text is None:
        text = path_rules.new_file(path_rules.globs_for(edits.paths))
    for old, new in edits.replaced:
        text = path_rules.replace_line(text, old, new)
    for old in edits.removed:
        text = path_rules.remove_line(text, old)
    return path_rules.add_lines(text, edits.added)


def _with_body_lines(path: str, text: str, edits: Edits) -> str:
    """Apply the edits; each step is checked to do no more than it should."""
    try:
        for old, new in edits.replaced:
            after = skills.replace_body_line(text, old, new)
            skills.assert_only_replaced(text, after)
            text = after
        for old in edits.removed:
            after = skills.remove_body_line(text, old)
            skills.assert_only_removed(text, after)
            text = after
        for section in dict.fromkeys(edits.sections):
            lines = [
                line
                for line, own in zip(edits.added, edits.sections, strict=True)
                if own == section
            ]
            after = skills.add_body_lines(text, lines, section=section)
            skills.assert_only_added(text, after)
            text = after
    except Internal as error:
        raise Refused(f"{path} is too unusual to add a line to: {error.message}") from error
    return text

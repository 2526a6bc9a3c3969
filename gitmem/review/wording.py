"""A person's words in the place of a line under review: what may stand there, and the texts that result."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.capture import capture
from gitmem.core.errors import Refused
from gitmem.drain import gate
from gitmem.drain.faithful import begins_block
from gitmem.drain.plan import Op, Operation
from gitmem.memory import guard_file, instructions, path_rules, skills, topics, tree_reader
from gitmem.memory.details.sections import DetailsFile
from gitmem.memory.index import update_index
from gitmem.memory.passages import find, line_key, unboxed
from gitmem.records import drain_record, record_files
from gitmem.safety.harmless import harmless
from gitmem.safety.paths import INDEX_NAME, PathKind, details_of, is_details, writable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gitmem.git.repository import Repository
    from gitmem.memory.tree import MemoryTree

_PLAIN = frozenset({PathKind.SKILL, PathKind.GUARDS})  # where backticks would be read, too
_WHAT = "the line"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """New words for a line of a file."""

    file: str
    line: str
    new: str


def checked(repo: Repository, tip: str, wanted: Wording, folder: str) -> Wording:
    """Return the wording as it is written, in its harmless form; ``tip`` is the review.

    Raises Refused for what no flag may say either, for what the file cannot take, and for a line that
    is there already or unchanged.
    """
    kind = writable(wanted.file, folder=folder)
    text = capture.guarded(wanted.new, _WHAT, skill=kind in _PLAIN)
    done = replace(wanted, new=harmless(text))
    objection = gate.unfit(
        Operation(op=Op.KEEP, flags=(), file=done.file, text=done.new), folder=folder
    )
    if objection:
        raise Refused(f"{_WHAT}: {objection[0].lower()}{objection[1:]}")
    if begins_block(done.new):
        raise Refused(f"{_WHAT} begins a heading, a list or a quotation")
    if done.new == done.line:
        raise Refused("the words are unchanged")
    ground = tree_reader.read_tree(repo, tip, folder)
    there = next((file for file in _pool(ground, done.file) if _says(ground, file, done)), "")
    if there:
        raise Refused(f"{there} has this line already", hint="reject the line instead")
    _changed(ground, done)
    return done


def _pool(ground: MemoryTree, file: str) -> list[str]:
    """Return the files that a line is in once: of memory all topics, else the file alone."""
    inside = file.startswith(ground.folder + "/")
    every = [path for path in ground.texts if path.startswith(ground.folder + "/")]
    beside = [path for path in every if not is_details(path, ground.folder)]
    index = f"{ground.folder}/{INDEX_NAME}"
    return [path for path in beside if path != index] if inside else [file]


def _says(ground: MemoryTree, file: str, wanted: Wording) -> bool:
    items = find(file, ground.texts.get(file, ""), wanted.new)
    old = topics.fact_key(wanted.line)
    return any(topics.fact_key(item.text) != old for item in items)


def texts(
    repo: Repository, span: tuple[str, str], wanted: Iterable[Wording], by: str, folder: str
) -> dict[str, str]:
    """Return the files of a commit with these wordings, path to text, its records included.

    ``span``: where the review begins (empty: a root), and the commit to build on. ``by`` is the person,
    as a record names one. Raises Refused for a line that is not there.
    """
    base, onto = span
    ground = tree_reader.read_tree(repo, onto, folder)
    before = dict(ground.texts)
    every = record_files.newest_texts(repo, onto)
    landed = record_files.at(repo, base).keys()
    records = {path: text for path, text in every.items() if path not in landed}
    told = dict(records)
    for one in wanted:
        ground = replace(ground, texts={**ground.texts, **_changed(ground, one)})
        told = {
            path: drain_record.reworded(text, one.file, one.line, one.new, by)
            for path, text in told.items()
        }
    index = f"{folder}/{INDEX_NAME}"
    after = {**ground.texts}
    if any(path.startswith(folder + "/") and after[path] != before[path] for path in before):
        after[index] = update_index(
            after.get(index),
            {**dict.fromkeys(ground.odd, ""), **after},
            folder=folder,
            newest=drain_record.newest_by_file(every),
            budget=ground.budget,
        )
    changed = {path: text for path, text in after.items() if text != before.get(path)}
    return {**changed, **{path: text for path, text in told.items() if text != records[path]}}


def _changed(ground: MemoryTree, one: Wording) -> dict[str, str]:
    """Return the texts that a wording changes. Raises Refused when a file cannot take it."""
    text = ground.texts.get(one.file, "")
    if one.file in ground.odd or not find(one.file, text, one.line):
        raise Refused(f"{one.file} has no line that reads {one.line[:60]!r}")
    files = {one.file: _with(ground, text, one)}
    if len(find(one.file, files[one.file], one.new)) != 1:
        raise Refused("Markdown would not read these words as one line of the list")
    details = details_of(one.file) if one.file.startswith(ground.folder + "/") else ""
    if details in ground.texts:
        below = DetailsFile(ground.texts[details])
        if below.has(one.line):
            below.rename(one.line, one.new)
            files[details] = below.text()
    return files


def _with(ground: MemoryTree, text: str, one: Wording) -> str:
    match writable(one.file, folder=ground.folder):
        case PathKind.TOPIC | PathKind.PENDING:
            raw = next(
                (fact for fact in topics.raw_facts(text) if line_key(fact) == line_key(one.line)),
                "",
            )
            plain = topics.bare(raw)
            box = plain.removesuffix(unboxed(plain))
            return topics.replace_fact(text, raw, box + one.new + raw[len(plain) :])
        case PathKind.INSTRUCTIONS:
            return instructions.replace_rule(text, one.line, one.new)
        case PathKind.SCOPED:
            return path_rules.replace_line(text, one.line, one.new)
        case PathKind.SKILL:
            after = skills.replace_body_line(text, one.line, one.new)
            skills.assert_only_replaced(text, after)
            return after
        case PathKind.GUARDS:
            return guard_file.with_lesson(text, one.line, one.new)
        case _:
            raise Refused(f"{one.file} is written by gitmem alone")

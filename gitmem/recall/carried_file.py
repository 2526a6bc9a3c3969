"""Make what a session's start carries of memory (`gitmem.recall.carried`)."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError
from gitmem.core.failures import NeedsPerson
from gitmem.git import refs
from gitmem.markdown.blocks import blocks
from gitmem.markdown.lines import front_matter_lines, rows
from gitmem.memory import instructions, path_rules, tree_reader
from gitmem.memory.imports import (
    OVER_BUDGET,
    PART,
    imported_now,
    imported_size,
    imports,
)
from gitmem.memory.places import INSTRUCTIONS
from gitmem.memory.topics import facts
from gitmem.recall.carried import (
    BLOCKS,
    LONGEST,
    PARTS,
    UNITS,
    Block,
    Carried,
    fitted,
    keep,
    state_of,
)
from gitmem.records import drain_record, record_files
from gitmem.records.plain_settings import memory_folder
from gitmem.safety.paths import INDEX_NAME
from gitmem.safety.showable import showable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.git.repository import Repository
    from gitmem.markdown.lines import Line
    from gitmem.memory.tree import MemoryTree

_COMMENT = "<!--"
_MARKS = (PARTS, BLOCKS, UNITS)


def refresh(repo: Repository) -> Carried:
    """Return what can be carried of the memory of the commit checked out, and keep it.

    That commit, and not the target's, is what a session at the top loads.
    """
    seen = state_of(repo)
    try:
        carried = _carried(repo)
    except GitmemError as error:
        carried = Carried(trouble=error.message)
    with suppress(OSError):  # the next boot makes it again
        keep(repo, seen, carried)
    return carried


def _carried(repo: Repository) -> Carried:
    commit, folder = refs.resolve(repo, "HEAD"), memory_folder(repo)
    tree = tree_reader.read_tree(repo, commit, folder)
    rules = fitted([*_rules(tree), *_scoped(tree)], LONGEST)
    index = f"{folder}/{INDEX_NAME}"
    if index not in tree.texts:
        return Carried(rules=rules)
    newest = drain_record.newest_by_file(record_files.newest_texts(repo, commit))
    return Carried(
        index=fitted([Block(index, _rows(tree.texts[index]))], LONGEST, newest=False),
        topics=_topics(tree, newest),
        tails=_tails(tree),
        rules=rules,
    )


def _rules(tree: MemoryTree) -> Iterator[Block]:
    """The rules in the managed block of each instruction file; none of a broken one."""
    for name in INSTRUCTIONS:
        with suppress(NeedsPerson):
            yield Block(name, _bullets(instructions.rules(tree.texts.get(name, ""))))


def _scoped(tree: MemoryTree) -> Iterator[Block]:
    """The rules for certain paths, in the files that gitmem made."""
    scoped = path_rules.FOLDER + path_rules.PREFIX
    for path in sorted(tree.texts):
        paths = path_rules.paths_of(tree.texts[path]) if path.startswith(scoped) else None
        if paths and _may_be_shown(" ".join(paths)):
            named = f"{path} (for {', '.join(paths)})"
            yield Block(named, _bullets(facts(tree.texts[path])))


def _bullets(lines: Sequence[Line]) -> list[str]:
    return [unit for line in lines if _may_be_shown(unit := f"- {line.text}")]


def _topics(tree: MemoryTree, newest: Mapping[str, str]) -> list[Block]:
    """What the index imports: pinned files first, then those of newer records, then by name."""
    folder = tree.folder
    listed = imported_now(tree.texts, folder=folder, budget=tree.budget).names
    only = {f"{folder}/{name}": tree.texts[f"{folder}/{name}"] for name in listed}
    # All of them fit: what the index has was within the budget of its day.
    whole = sum(map(imported_size, only.values()))
    order = imports(only, newest, folder=folder, budget=whole)
    return fitted([_block(tree, name) for name in order.names], LONGEST)


def _tails(tree: MemoryTree) -> list[Block]:
    """The newest lines of each topic file that is too large for the budget, in what that leaves."""
    now = imported_now(tree.texts, folder=tree.folder, budget=tree.budget)
    large = [
        name
        for name, refusal in sorted(now.left.items())
        if refusal.reason == OVER_BUDGET
        and imported_size(tree.texts[f"{tree.folder}/{name}"]) > PART
    ]
    blocks = fitted(
        [_block(tree, name) for name in large],
        tree.budget - now.size,
        size=lambda text: len(text.encode()),
    )
    return fitted([block for block in blocks if block.units], LONGEST)


def _block(tree: MemoryTree, name: str) -> Block:
    path = f"{tree.folder}/{name}"
    return Block(path, _units(tree.texts[path]))


def _units(text: str) -> list[str]:
    """The bullets with their bodies, headings and paragraphs of a topic file that may be shown."""
    lines = rows(text)
    found = ["\n".join(lines[block.first : block.last + 1]).rstrip() for block in blocks(text)]
    return [unit for unit in found if not unit.startswith(_COMMENT) and _may_be_shown(unit)]


def _rows(text: str) -> list[str]:
    """The rows of the index that may be shown: an import, which a client acts on, may not."""
    inside = [row.rstrip() for row in rows(text)[front_matter_lines(text) or 0 :]]
    return [row for row in inside if row and not row.startswith(_COMMENT) and _may_be_shown(row)]


def _may_be_shown(unit: str) -> bool:
    return all(showable(row) for row in unit.split("\n")) and not {*_MARKS} & {*unit}

"""The landed lines of a commit, with what each is about: topics, rules and open pending items."""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused
from gitmem.core.failures import NeedsPerson
from gitmem.memory import instructions, topics, tree_reader
from gitmem.memory.citations import Cites, citations
from gitmem.memory.details.sections import Section, headings, sections
from gitmem.memory.imports import imported_now
from gitmem.memory.passages import line_key
from gitmem.memory.topics import fact_key
from gitmem.recall.line import Kind, LandedLine
from gitmem.records import drain_record, record_files
from gitmem.safety.paths import PathKind, details_of, writable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from gitmem.git.repository import Repository
    from gitmem.markdown.lines import Line
    from gitmem.memory.tree import MemoryTree
    from gitmem.records.drain_record import Outcome

_INSTRUCTIONS = ("CLAUDE.md", "AGENTS.md")


def read(repo: Repository, commit: str, folder: str) -> list[LandedLine]:
    """Return the lines at ``commit`` (empty: no commit), in the order of the files.

    ``folder`` is the memory folder. Raises `gitmem.git.objects.TooLarge` and `Unreadable`.
    """
    tree = tree_reader.read_tree(repo, commit, folder)
    filed = _filed(record_files.newest_texts(repo, commit))
    loaded = _loaded(tree)
    found = []
    for path in sorted(tree.texts):
        bodies = _bodies(tree, path)
        for line, kind in _lines(path, tree.texts[path], folder):
            below = bodies.get(fact_key(line.text)) if bodies else None
            found.append(_line(path, line, kind, filed, loaded=path in loaded, below=below))
    return found


def _bodies(tree: MemoryTree, path: str) -> dict[str, Section]:
    """What is below the lines of a memory file, by the key of the line; the first of two sections counts."""
    text = tree.texts.get(details_of(path), "")
    below = {one.headline: one for one in reversed(sections(text)) if one.body}
    if not below:
        return {}
    named = headings(tree.texts[path], text)
    return {fact_key(line): below[head] for line, head in named.items() if head in below}


def _lines(path: str, text: str, folder: str) -> Iterator[tuple[Line, Kind]]:
    """The lines of one file that are memory; none of a file that is somebody else's or broken."""
    with suppress(Refused, NeedsPerson):
        match writable(path, folder=folder):
            case PathKind.TOPIC:
                yield from ((line, Kind.FACT) for line in topics.facts(text))
            case PathKind.PENDING:
                yield from ((line, Kind.PENDING) for line in topics.pending(text))
            case PathKind.INSTRUCTIONS:
                yield from ((line, Kind.RULE) for line in instructions.rules(text))
            case PathKind.SCOPED:
                yield from ((line, Kind.RULE) for line in topics.facts(text))
            case _:
                pass


def _loaded(tree: MemoryTree) -> set[str]:
    """The files that a client loads of itself, as the index of the tree stands."""
    imports = imported_now(tree.texts, folder=tree.folder, budget=tree.budget)
    return {*_INSTRUCTIONS, *(f"{tree.folder}/{name}" for name in imports.names)}


def _filed(records: Mapping[str, str]) -> dict[str, list[Outcome]]:
    """The outcomes of all records by the key of the line that they filed, the newest first."""
    found: defaultdict[str, list[Outcome]] = defaultdict(list)
    for path in sorted(records, reverse=True):  # a record's name begins with its time
        for outcome in drain_record.read_outcomes(records[path]):
            if outcome.line:
                found[line_key(outcome.line)].append(outcome)
    return found


def _line(
    path: str,
    line: Line,
    kind: Kind,
    filed: Mapping[str, list[Outcome]],
    *,
    loaded: bool,
    below: Section | None,
) -> LandedLine:
    outcomes = filed.get(line_key(line.text), [])
    own = [outcome for outcome in outcomes if outcome.file == path] or outcomes
    flags = [outcome.flag for outcome in own]
    cited = [one.name for one in citations(line.text) if one.kind is Cites.PATH]
    named = [name for flag in flags for name in flag.paths]
    about = dict.fromkeys(name.removeprefix("./").rstrip("/") for name in [*cited, *named])
    return LandedLine(
        file=path,
        number=line.number,
        text=line.text,
        kind=kind,
        about=tuple(name for name in about if name),
        flags=tuple(flag.id for flag in flags),
        at=max((flag.at for flag in flags), default=""),
        loaded=loaded,
        body=below.body if below else "",
        below=below.first + 1 if below else 0,
    )

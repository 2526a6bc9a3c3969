"""Finds the line of the work tree that a person means, and where it comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.core.errors import Refused, UsageError
from gitmem.core.failures import NeedsPerson
from gitmem.git import refs
from gitmem.markdown import managed_block
from gitmem.markdown.lines import blank, rows
from gitmem.memory import guard
from gitmem.memory.details.sections import headings, section_at
from gitmem.memory.passages import find as passages_like
from gitmem.memory.passages import line_key, passage_at, passages
from gitmem.safety.paths import INDEX_NAME, PathKind, is_details, lines_file, writable
from gitmem.trace.history import CommitHistory, tracked_files
from gitmem.trace.origin import Origin, TracedLine, line_of, trace

if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.memory.passages import Passage

_PLACE = re.compile(r"(?P<file>.+?):(?P<line>[0-9]{1,9})(?::[0-9]+)?:?")
_LISTED = 12  # candidates named in a message
_CUT = 60  # characters of a candidate


@dataclass(frozen=True, slots=True, kw_only=True)
class LinePlace:
    """A file relative to the repository and a 1-based line in it."""

    file: str
    number: int


def why(repo: Repository, asked: str, *, cwd: str, folder: str) -> Origin:
    """Where a line of the work tree comes from; ``asked`` is FILE:LINE, or the line's text.

    ``cwd`` is where FILE is relative to (or to the repository), ``folder`` the memory folder.
    Raises UsageError when no line is meant, or several are.
    """
    history = CommitHistory(repo, refs.resolve(repo, "HEAD"))
    place = _place(repo, asked, cwd)
    if place is None:
        return trace(history, _searched(history, asked, folder))
    text = history.text("", place.file)
    if text is None:
        raise UsageError(f"{place.file} has no text that can be read")
    if is_details(place.file, folder):
        place, text = _above(history, place, text)
    return trace(history, _line(text, place, folder))


def _place(repo: Repository, asked: str, cwd: str) -> LinePlace | None:
    match = _PLACE.fullmatch(asked)
    if match is None:
        return None
    top = Path(repo.top).resolve()
    for start in (Path(cwd), Path(repo.top)):
        try:
            # A link inside the repository (CLAUDE.md to AGENTS.md) stands for the file it leads to.
            file = (start / match["file"]).resolve()
            if file.is_file() and file.is_relative_to(top):
                found = file.relative_to(top).as_posix()
                return LinePlace(file=found, number=int(match["line"]))
        except (OSError, RuntimeError, ValueError):
            continue
    if " " in match["file"]:
        return None  # a sentence that ends like a place
    raise UsageError(
        f"there is no file {match['file'][:80]!r} in this repository",
        hint="give FILE:LINE, or the line's text in quotes",
    )


def _above(history: CommitHistory, place: LinePlace, text: str) -> tuple[LinePlace, str]:
    """Return the line whose body a row of a details file is in, and its file's text; else both as they are."""
    section = section_at(text, place.number)
    file = lines_file(place.file)
    lines = history.text("", file) or ""
    heads = {head: line for line, head in headings(lines, text).items()}
    line = heads.get(section.headline, section.headline) if section else ""
    found = passages_like(file, lines, line) if line else []
    if not found:
        return place, text
    return LinePlace(file=file, number=found[0].first), lines


def _line(text: str, place: LinePlace, folder: str) -> TracedLine:
    lines = rows(text)
    if not 1 <= place.number <= len(lines):
        raise UsageError(f"{place.file} has {len(lines)} lines")
    if blank(lines[place.number - 1]):
        raise UsageError(f"line {place.number} of {place.file} is blank")
    known = place.file == guard.FILE or place.file.endswith(".md")
    item = passage_at(place.file, text, place.number) if known else None
    ours = _in_block(text, place.number)
    if item is not None and not (ours and place.file == f"{folder}/{INDEX_NAME}"):
        return line_of("", place.file, item)
    return TracedLine(
        commit="",
        file=place.file,
        text=lines[place.number - 1].strip(),
        first=place.number,
        last=place.number,
        item=False,
        ours=ours,
    )


def _in_block(text: str, number: int) -> bool:
    """Whether a line is in gitmem's block; False for a broken block."""
    try:
        span = managed_block.find(text)
    except NeedsPerson:
        return False
    return span is not None and span.begin < number <= span.end + 1


def _searched(history: CommitHistory, asked: str, folder: str) -> TracedLine:
    """Return the one line that reads like this, else the one that contains it."""
    every = _items(history, folder)
    key = line_key(row_of(asked))
    found = [(file, item) for file, item in every if item.key == key]
    if not found and key:
        wanted = key.casefold()
        found = [
            (file, item) for file, item in every if item.whole and wanted in item.key.casefold()
        ]
    if not found:
        raise UsageError(
            f"no line of memory, rules or skills reads {asked[:_CUT]!r}",
            hint="give FILE:LINE, or some words of the line as it is written",
        )
    if len(found) > 1:
        rows_ = [f"{file}:{item.first} {item.text[:_CUT]}" for file, item in found[:_LISTED]]
        more = [f"and {len(found) - _LISTED} more"] if len(found) > _LISTED else []
        raise UsageError(
            f"{len(found)} lines are meant by this: " + "; ".join([*rows_, *more]),
            hint="give one of them as FILE:LINE",
        )
    file, item = found[0]
    return line_of("", file, item)


def row_of(asked: str) -> str:
    """Return a line as a person copied it, without its list marker."""
    found = passages(asked) if "\n" not in asked else []
    return found[0].text if found else asked


def _items(history: CommitHistory, folder: str) -> list[tuple[str, Passage]]:
    """Return every list item of the work tree's memory, instruction files and skills."""
    found: list[tuple[str, Passage]] = []
    for file in tracked_files(history.repo, folder, "CLAUDE.md", "AGENTS.md", ".claude", ".agents"):
        try:
            target = writable(file, folder=folder)
        except Refused:
            continue
        text = (
            None
            if target in {PathKind.INDEX, PathKind.DRAIN, PathKind.DETAILS}
            else history.text("", file)
        )
        seen: set[tuple[int, str]] = set()
        for item in passages(text or ""):
            if (item.first, item.key) not in seen:
                seen.add((item.first, item.key))
                found.append((file, item))
    return found

"""Stale lines: memory that cites what the repository no longer has.

gitmem never removes a line for that: a person decides.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from gitmem.core.errors import GitmemError, Refused
from gitmem.git import objects, refs
from gitmem.markdown.lines import Line
from gitmem.memory import guard, instructions, topics, tree_reader
from gitmem.memory.citations import Citation, Cites, citations
from gitmem.memory.passages import line_key
from gitmem.records import record_files
from gitmem.safety.paths import PathKind, writable
from gitmem.trace import history
from gitmem.trace.filings import Filings
from gitmem.trace.repository_tree import (
    MAKEFILES,
    PROJECT,
    SCRIPTS,
    RepositoryTree,
    defining,
    made_targets,
    named_scripts,
    programs,
    tree_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from gitmem.git.repository import Repository

_SHOWN = 9  # characters of a commit's name
_DEFINING = (":(top,glob)**/*akefile", ":(top,glob)**/*.mk", f":(top,glob)**/{SCRIPTS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class StaleLine:
    """A line of memory, the rules or a skill, what it cites, and why that does not resolve."""

    file: str
    number: int
    text: str
    cites: str
    kind: Cites
    reason: str

    @property
    def told(self) -> str:
        """The whole finding on one line."""
        where = f"{self.file}:{self.number}"
        return f"{where}  {self.kind.value} {self.cites}: {self.reason}  ({self.text})"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Cited:
    file: str
    line: Line
    citation: Citation


def stale_in_commit(repo: Repository, *, folder: str) -> tuple[StaleLine, ...]:
    """Return what no longer resolves in the commit that is checked out."""
    commit = refs.resolve(repo, "HEAD")
    if not commit:
        return ()
    found = tree_reader.read_tree(repo, commit, folder)
    return stale_lines(repo, found.texts, [commit], folder=folder)


def stale_in_review(repo: Repository, tip: str, *, folder: str) -> tuple[StaleLine, ...]:
    """Return the lines under review that cite what neither their commit nor the one checked out has."""
    found = tree_reader.read_tree(repo, tip, folder)
    return stale_lines(repo, found.texts, [tip, refs.resolve(repo, "HEAD")], folder=folder)


def stale_lines(
    repo: Repository,
    texts: Mapping[str, str],
    commits: Sequence[str],
    *,
    folder: str,
    new: Sequence[str] = (),
) -> tuple[StaleLine, ...]:
    """What no longer resolves of these files' lines in any of the commits' trees.

    ``texts``: path to text of the files that gitmem writes, ``new`` their lines that no record has
    yet. A citation that was in the repository once is listed; one that never was only when nothing
    speaks for another reading.
    """
    commits = list(dict.fromkeys(commit for commit in commits if commit))
    filings = Filings(record_files.newest_texts(repo, commits[0]) if commits else {})
    filed = {line_key(line) for line in (*[one.outcome.line for one in filings.all], *new) if line}
    cited = [
        _Cited(file=file, line=line, citation=citation)
        for file, text in sorted(texts.items())
        for line, citation in _citations(file, text, folder, filed)
    ]
    if not cited or not commits:
        return ()
    trees = [_tree(repo, commit) for commit in commits]
    open_ = [one for one in cited if not any(_has(one, known) for known in trees)]
    offers = frozenset(kind for known in trees for kind in known.offers)
    reasons = _Reasons(repo, commits, [one.citation for one in open_], offers)
    found = [(one, reasons.of(one.citation)) for one in open_]
    return tuple(_stale(one, reason) for one, reason in found if reason)


def _has(one: _Cited, known: RepositoryTree) -> bool:
    if one.citation.kind is Cites.COMMIT:
        return False  # looked up among the objects
    return known.has(one.citation, beside=one.file.rpartition("/")[0])


def _stale(one: _Cited, reason: str) -> StaleLine:
    return StaleLine(
        file=one.file,
        number=one.line.number,
        text=one.line.text,
        cites=one.citation.name,
        kind=one.citation.kind,
        reason=reason,
    )


def _citations(
    file: str, text: str, folder: str, filed: set[str]
) -> Iterator[tuple[Line, Citation]]:
    if file == guard.FILE:
        yield from _of_guards(text)
        return
    for line in _lines(file, text, folder, filed):
        for citation in citations(line.text):
            yield line, citation


def _of_guards(text: str) -> Iterator[tuple[Line, Citation]]:
    """What lessons cite, and what the patterns are about: that only where it was there once.

    A guard may well be against a command or a path that there never was.
    """
    for number, row in enumerate(text.split("\n"), 1):
        try:
            found = guard.parse(row)
        except ValueError:
            continue  # no guard: `gitmem loops` says so
        line = Line(text=found.lesson, number=number)
        for citation in citations(found.lesson):
            yield line, citation
        for citation in citations(f"`{found.match}`"):
            yield line, replace(citation, plain=False)


def _lines(file: str, text: str, folder: str, filed: set[str]) -> list[Line]:
    """The lines that are memory: topics, open items, rules, and what was filed into a skill."""
    try:
        target = writable(file, folder=folder)
        match target:
            case PathKind.TOPIC:
                return topics.facts(text)
            case PathKind.PENDING:
                return topics.pending(text)
            case PathKind.INSTRUCTIONS:
                return instructions.rules(text)
            case PathKind.INDEX | PathKind.DRAIN | PathKind.GUARDS | PathKind.DETAILS:
                return []
            case _:  # a file with a person's own lines in it
                return [line for line in topics.facts(text) if line_key(line.text) in filed]
    except (Refused, GitmemError):
        return []  # another file of the folder, or a block that is broken: others say so


def _tree(repo: Repository, commit: str) -> RepositoryTree:
    entries = objects.entries(repo, commit)
    files = [entry for entry in entries if defining(entry.path) and entry.mode.startswith("1006")]
    contents = objects.blobs(repo, [entry.oid for entry in files])
    defined = {
        entry.path: content.decode("utf-8", "replace")
        for entry, content in zip(files, contents, strict=True)
    }
    return tree_of([entry.path for entry in entries], defined)


class _Reasons:
    """Why citations that are in no tree do not resolve; all of them are looked up at once."""

    def __init__(
        self,
        repo: Repository,
        commits: Sequence[str],
        open_: Sequence[Citation],
        offers: frozenset[Cites],
    ) -> None:
        self._repo = repo
        self._offers = offers
        self._commits = commits
        self._names = {kind: _named(open_, kind) for kind in Cites}
        paths = [name.rstrip("/") for name in self._names[Cites.PATH]]
        self._deleted = history.deletions(repo, commits, set(paths))
        self._ignored = history.ignored_paths(repo, paths) if paths else set()
        self._here = history.known_objects(repo, self._names[Cites.COMMIT])
        self._cut = bool(self._names[Cites.COMMIT]) and bool(history.shallow(repo))
        self._once = self._defined_once()

    def of(self, cited: Citation) -> str:
        """The reason; empty when the line may mean something else."""
        match cited.kind:
            case Cites.PATH:
                name = cited.name.rstrip("/")
                if name in self._deleted:
                    return f"deleted in {self._deleted[name][:_SHOWN]}"
                return "" if name in self._ignored or not cited.plain else "there is no such path"
            case Cites.MAKE:
                return self._command(cited, "no Makefile has this target")
            case Cites.SCRIPT:
                return self._command(cited, f"no {SCRIPTS} has this script")
            case Cites.PROGRAM:
                return self._command(cited, "")
            case Cites.COMMIT:
                lost = not self._cut and cited.name not in self._here
                return "there is no such commit here" if lost else ""

    def _command(self, cited: Citation, never: str) -> str:
        oid = self._once.get((cited.kind, cited.name), "")
        if oid:
            return f"taken out in {oid[:_SHOWN]}"
        # Where no file defines such commands, it is one of another place.
        return never if cited.plain and cited.kind in self._offers else ""

    def _defined_once(self) -> dict[tuple[Cites, str], str]:
        """Commands that a file of the repository defined, each to the commit that took it out."""
        wanted = {kind for kind in (Cites.MAKE, Cites.SCRIPT, Cites.PROGRAM) if self._names[kind]}
        found: dict[tuple[Cites, str], str] = {}
        if not wanted:
            return found
        for commit in self._commits:
            specs = [*_DEFINING, f":(top,glob)**/{PROJECT}"]
            for oid, path, row in history.removals(self._repo, commit, specs, patterns=True):
                for key in _defines(path, row):
                    found.setdefault(key, oid)
        return found


def _defines(path: str, row: str) -> Iterator[tuple[Cites, str]]:
    name = path.rpartition("/")[2]
    if name in MAKEFILES or name.endswith(".mk"):
        yield from ((Cites.MAKE, target) for target in made_targets([row]))
    elif name == SCRIPTS:
        yield from ((Cites.SCRIPT, script) for script in named_scripts([row]))
    elif name == PROJECT:
        yield from ((Cites.PROGRAM, program) for program in programs([row]))


def _named(open_: Sequence[Citation], kind: Cites) -> list[str]:
    return list(dict.fromkeys(one.name for one in open_ if one.kind is kind))

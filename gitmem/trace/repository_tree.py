"""Whether what a line cites is in the tree (pure): paths, make targets, scripts, programs."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.memory.citations import Citation, Cites

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAKEFILES = frozenset({"GNUmakefile", "Makefile", "makefile"})
SCRIPTS = "package.json"
PROJECT = "pyproject.toml"

# Files from which a Makefile is made; then the tree does not have its targets.
_MAKERS = frozenset({"CMakeLists.txt", "Makefile.am", "Makefile.in", "configure", "configure.ac"})
_RULE = re.compile(r"^(?P<names>[^\s#:=][^#:=]*?)\s*::?(?![=:])")
_PHONY = re.compile(r"^\.PHONY\s*:\s*(?P<names>.*)")
_OPEN = re.compile(r"^\s*-?s?include\b|%|\$[({]", re.MULTILINE)
_ENTRY = re.compile(r'^\s*"?(?P<name>[\w.-]+)"?\s*=\s*["\'][\w.]+:[\w.]+["\']')
_SCRIPT = re.compile(r'^\s*"(?P<name>[\w:.-]+)"\s*:\s*"')


@dataclass(frozen=True, slots=True, kw_only=True)
class RepositoryTree:
    """What a repository offers: its paths, and the commands that its files define.

    ``folders`` are all folders, ``tails`` the ends of all paths, ``open_make``: its Makefiles can have
    targets that no reader sees. ``offers`` are the kinds of commands that any file defines at all.
    """

    paths: frozenset[str]
    folders: frozenset[str]
    targets: frozenset[str] = frozenset()
    open_make: bool = False
    scripts: frozenset[str] = frozenset()
    programs: frozenset[str] = frozenset()
    tails: frozenset[str] = frozenset()
    offers: frozenset[Cites] = frozenset()

    def has(self, cited: Citation, *, beside: str) -> bool:
        """Whether a citation resolves; a path also from the folder ``beside``, or as the end of one.

        Commits are not looked up here; they are taken as there.
        """
        match cited.kind:
            case Cites.PATH:
                name = cited.name.rstrip("/")
                near = f"{beside}/{name}" if beside else name
                known = self.paths | self.folders
                return name in known or near in known or name in self.tails
            case Cites.MAKE:
                return self.open_make or cited.name in self.targets or cited.name in self.paths
            case Cites.SCRIPT:
                return cited.name in self.scripts or (
                    cited.name == "start" and "server.js" in self.paths
                )
            case Cites.PROGRAM:
                return cited.name in self.programs
            case Cites.COMMIT:
                return True


def defining(path: str) -> bool:
    """Whether a file defines commands of the repository."""
    name = path.rpartition("/")[2]
    return name in MAKEFILES or name in {SCRIPTS, PROJECT} or name.endswith(".mk")


def tree_of(paths: Iterable[str], defined: Mapping[str, str]) -> RepositoryTree:
    """The tree with these paths; ``defined``: the text of the files among them that define commands."""
    files = frozenset(paths)
    folders = {parent for path in files for parent in _parents(path)}
    names = {path.rpartition("/")[2] for path in files}
    makes = [text for path, text in defined.items() if _is_make(path)]
    offers = {Cites.MAKE} if makes else set()
    offers |= {Cites.SCRIPT} if SCRIPTS in names else set()
    return RepositoryTree(
        offers=frozenset(offers),
        paths=files,
        folders=frozenset(folders),
        tails=frozenset(tail for path in (*files, *folders) for tail in _tails(path)),
        targets=frozenset(name for text in makes for name in made_targets(text.split("\n"))),
        open_make=bool(names & _MAKERS) or any(_OPEN.search(_rules(text)) for text in makes),
        scripts=frozenset(
            name
            for path, text in defined.items()
            if path.rpartition("/")[2] == SCRIPTS
            for name in _scripts(text)
        ),
        programs=frozenset(
            name
            for path, text in defined.items()
            if path.rpartition("/")[2] == PROJECT
            for name in _installed(text)
        ),
    )


def made_targets(rows: Iterable[str]) -> set[str]:
    """The targets that lines of a Makefile name."""
    found: set[str] = set()
    for row in rows:
        match = _PHONY.match(row) or _RULE.match(row)
        found |= set(match["names"].split()) if match else set()
    return found


def named_scripts(rows: Iterable[str]) -> set[str]:
    """What lines of a package.json may define as scripts."""
    return {match["name"] for row in rows if (match := _SCRIPT.match(row))}


def programs(rows: Iterable[str]) -> set[str]:
    """The programs that lines of a pyproject.toml install: a name and ``module:function``."""
    return {match["name"] for row in rows if (match := _ENTRY.match(row))}


def _is_make(path: str) -> bool:
    name = path.rpartition("/")[2]
    return name in MAKEFILES or name.endswith(".mk")


def _rules(text: str) -> str:
    """Only what names targets: the heads of rules before their colon, and includes."""
    rows = []
    for row in text.split("\n"):
        match = _RULE.match(row)
        if match and not row.startswith("."):
            rows.append(match["names"])
        elif re.match(r"\s*-?s?include\b", row):
            rows.append(row)
    return "\n".join(rows)


def _scripts(text: str) -> set[str]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return set()
    scripts = found.get("scripts") if isinstance(found, dict) else None
    return set(scripts) if isinstance(scripts, dict) else set()


def _installed(text: str) -> set[str]:
    """The scripts of a pyproject.toml: those it installs, and those that a tool runs by name."""
    try:
        found = tomllib.loads(text)
    except (ValueError, RecursionError):
        return set()
    tool = _table(found, "tool")
    places = [_table(found, "project", "scripts"), _table(found, "project", "gui-scripts")]
    places += [_table(tool, name, "scripts") for name in ("poetry", "pdm", "rye")]
    places += [
        _table(tool, "hatch", "envs", name, "scripts") for name in _table(tool, "hatch", "envs")
    ]
    return {name for place in places for name in place}


def _table(found: object, *names: str) -> dict[str, object]:
    for name in names:
        found = found.get(name) if isinstance(found, dict) else None
    return found if isinstance(found, dict) else {}


def _parents(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[:length]) for length in range(1, len(parts))]


def _tails(path: str) -> list[str]:
    parts = path.split("/")
    return ["/".join(parts[start:]) for start in range(1, len(parts))]

"""What is in memory after a project's closes, and what became of each flag."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from evals.consolidation.closes import FOLDER
from gitmem.markdown.lines import front_value
from gitmem.memory import instructions, topics
from gitmem.safety.paths import INDEX_NAME, PENDING_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from evals.consolidation.closes import Closed
    from evals.consolidation.project import Project

_INSTRUCTIONS = ("AGENTS.md", "CLAUDE.md")


@dataclass(frozen=True, slots=True, kw_only=True)
class FiledLine:
    """A line of memory: its text, its file, and for a line of a topic that topic's name."""

    text: str
    file: str
    topic: str = ""


@dataclass(frozen=True, kw_only=True)
class Ending:
    """A project after some of its closes; ``closes`` as they were done."""

    project: Project
    closes: Sequence[Closed]

    @cached_property
    def lines(self) -> list[FiledLine]:
        """The lines of memory now: of topics, open items, rules."""
        return lines_in(self.closes[-1].files) if self.closes else []

    @cached_property
    def fates(self) -> dict[str, tuple[int, str]]:
        """The close that accounted for a flag (by short id), and the line that it became (empty: none)."""
        found: dict[str, tuple[int, str]] = {}
        for closed in self.closes:
            for outcome in closed.result.outcomes:
                short = self.project.short[outcome.flag.id]
                if short not in found:
                    found[short] = closed.number, topics.fact_key(outcome.line)
        return found

    @cached_property
    def by_line(self) -> dict[str, list[str]]:
        """The flags (short ids) that became a line, by the line's text, the first flag first."""
        found: dict[str, list[str]] = {}
        for line in self.lines:
            key = topics.fact_key(line.text)
            found[line.text] = [
                short for short, (_, own) in self.fates.items() if own and _is(own, key)
            ]
        return found

    def holds(self, short: str, close: int = 0) -> set[str]:
        """Return the line that a flag became, if memory has it after ``close`` (0: the last), as a set."""
        key = self.fates.get(short, (0, ""))[1]
        return {line for line in self._keys(close or len(self.closes)) if key and _is(key, line)}

    def accounted(self, short: str) -> bool:
        """Return whether a close accounted for a flag."""
        return short in self.fates

    def _keys(self, close: int) -> list[str]:
        if close not in self._known:
            files = self.closes[close - 1].files if self.closes else {}
            self._known[close] = [topics.fact_key(line.text) for line in lines_in(files)]
        return self._known[close]

    _known: dict[int, list[str]] = field(default_factory=dict)

    def descriptions(self) -> list[str]:
        """Return what the topic files say they are about."""
        files = self.closes[-1].files if self.closes else {}
        told = [front_value(text, "description") for path, text in files.items() if _topic(path)]
        return [text for text in told if text]


def lines_in(files: Mapping[str, str]) -> list[FiledLine]:
    """Return the lines of memory in a tree's Markdown files (path to text)."""
    found: list[FiledLine] = []
    for path, text in files.items():
        if path == f"{FOLDER}/{PENDING_NAME}":
            found += [FiledLine(text=line.text, file=path) for line in topics.pending(text)]
        elif _topic(path):
            topic = front_value(text, "part_of") or _topic(path)
            found += [
                FiledLine(text=line.text, file=path, topic=topic) for line in topics.facts(text)
            ]
        elif path in _INSTRUCTIONS:
            found += [FiledLine(text=rule.text, file=path) for rule in instructions.rules(text)]
        elif path.startswith(f"{FOLDER}/details/"):
            # Before the first headline is what gitmem says of the file.
            rows = "".join(text.partition("\n## ")[1:]).splitlines()
            found += [FiledLine(text=row.strip(), file=path) for row in rows if row.strip()]
        elif path.startswith((".claude/", ".agents/")):
            found += [FiledLine(text=line.text, file=path) for line in topics.facts(text)]
    return found


def _is(key: str, line: str) -> bool:
    """Tell whether a line is the one with this key, with or without what is nested under it."""
    return line == key or line.startswith(f"{key} ")


def _topic(path: str) -> str:
    """Return the name of the topic file at a path; empty when it is none."""
    folder, _, name = path.rpartition("/")
    plain = folder == FOLDER and name.endswith(".md") and name not in {INDEX_NAME, PENDING_NAME}
    return name.removesuffix(".md") if plain else ""

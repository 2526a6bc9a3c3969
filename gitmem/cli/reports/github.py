"""A check's answer as GitHub's runner shows it: annotations in the log, a table in the summary.

Workflow commands: docs.github.com, "Workflow commands for GitHub Actions" (Forgejo's and Gitea's
runners know them too). A line of ours that is no command passes through `gitmem.cli.render`, which
breaks every command that a flag's text could hold. The summary is Markdown, so nothing of a flag but
its id, kind and age comes into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.cli import render
from gitmem.cli.surroundings import ENVIRON
from gitmem.core import age
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_ROWS = 50  # of the summary's table
_IN_ONE = 10  # flags named in one annotation; a step may have ten annotations of a kind
_TEXT = 100  # characters of a flag's text


def annotate(level: str, lines: Sequence[str]) -> None:
    """One annotation (``error``, ``warning`` or ``notice``) of several lines."""
    said = "%0A".join(_escaped(line) for line in lines)
    render.command(f"::{level} title=gitmem check::{said}\n")


def named(flags: Sequence[Flag], now: float) -> list[str]:
    """The first flags as lines of an annotation, and how many more there are."""
    lines = [
        f"{flag.id} ({flag.kind}, {age.ago(flag.at, now)}): {flag.text[:_TEXT]}"
        for flag in flags[:_IN_ONE]
    ]
    more = len(flags) - _IN_ONE
    return [*lines, f"and {more} more"] if more > 0 else lines


def summarize(verdict: str, groups: Sequence[tuple[str, Sequence[Flag]]], now: float) -> None:
    """The verdict, and a table of the flags by where they stand.

    The verdict is made of our own words, numbers, and names that git allows for a branch or remote.
    """
    rows = [(flag, where) for where, flags in groups for flag in flags]
    lines = ["### gitmem check", "", f"`{verdict.replace('`', '')}`"]
    if rows:
        lines += ["", "| flag | kind | age | state |", "|---|---|---|---|"]
        lines += [
            f"| `{flag.id}` | {flag.kind} | {age.ago(flag.at, now)} | {where} |"
            for flag, where in rows[:_ROWS]
        ]
    if len(rows) > _ROWS:
        lines += ["", f"and {len(rows) - _ROWS} more"]
    path = ENVIRON.get("GITHUB_STEP_SUMMARY", "")
    if path:
        with Path(path).open("a", encoding="utf-8") as file:
            file.write("\n".join(visible(line) for line in lines) + "\n")


def _escaped(line: str) -> str:
    return visible(line).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

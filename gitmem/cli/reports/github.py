"""A check's answer for GitHub's runner: annotations in the log, a table in the summary.

Workflow commands: docs.github.com, "Workflow commands for GitHub Actions" (Forgejo's and Gitea's
runners know them too). All other lines pass through `gitmem.cli.render`, which breaks every command
that a flag's text could hold. The summary is Markdown, so only a flag's id, kind and age go into it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.cli import render
from gitmem.cli.surroundings import ENVIRON
from gitmem.core import quantities
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.core.flag import Flag

_ROWS = 50  # of the summary's table
_IN_ONE = 10  # flags named in one annotation; a step may have ten annotations of a kind
_TEXT = 100  # characters of a flag's text


def annotate(level: str, lines: Sequence[str]) -> None:
    """Print one annotation (``error``, ``warning`` or ``notice``) of several lines."""
    text = "%0A".join(_escaped(line) for line in lines)
    render.command(f"::{level} title=gitmem check::{text}\n")


def named(flags: Sequence[Flag], now: float) -> list[str]:
    """Return the first flags as lines of an annotation, and how many more there are."""
    lines = [
        f"{flag.id} ({flag.kind}, {quantities.ago(flag.at, now)}): {flag.text[:_TEXT]}"
        for flag in flags[:_IN_ONE]
    ]
    more = len(flags) - _IN_ONE
    return [*lines, f"and {more} more"] if more > 0 else lines


def summarize(verdict: str, groups: Sequence[tuple[str, Sequence[Flag]]], now: float) -> None:
    """Append the verdict and a table of the flags by state to the step's summary, if there is one.

    The verdict holds gitmem's own words, numbers, and names that git allows for a branch or remote.
    """
    rows = [(flag, where) for where, flags in groups for flag in flags]
    lines = ["### gitmem check", "", f"`{verdict.replace('`', '')}`"]
    if rows:
        lines += ["", "| flag | kind | age | state |", "|---|---|---|---|"]
        lines += [
            f"| `{flag.id}` | {flag.kind} | {quantities.ago(flag.at, now)} | {where} |"
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

"""What the entries for the MCP server start: a program that is there, in a folder that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.core.failures import NeedsPerson
from gitmem.git import local
from gitmem.install.file_changes import LARGEST
from gitmem.models.command import located
from gitmem.proof.finding import Finding, fail, ok
from gitmem.safety.text import visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from gitmem.clients.mcp_hosts.host import McpHost

_INSTALL = "uv tool install gitmem-cli, or pipx install gitmem-cli"
_REPO = "--repo"


def look(top: Path, hosts: Iterable[McpHost], path: str) -> list[Finding]:
    """Return a finding for each file below ``top`` that has gitmem's entry; ``path`` is the value of PATH.

    ``top`` is the work tree's, for hosts that have their file in the person's home that home.
    A file of a host that is not in order is named only where it speaks of gitmem.
    """
    files: dict[str, list[McpHost]] = {}
    for host in hosts:
        files.setdefault(host.file.path, []).append(host)
    return [found for named in files.values() for found in _entry(top, named, path)]


def _entry(top: Path, hosts: Sequence[McpHost], path: str) -> list[Finding]:
    file = hosts[0].file
    content = local.read_plain(str(top / file.path), LARGEST)
    if b"gitmem" not in content:
        return []
    try:
        words = file.words(content.decode("utf-8", "replace"))
    except NeedsPerson as broken:
        return [fail("mcp", broken.message, "mend it by hand: the host ignores it whole")]
    if not words:
        return []
    whose = f"{hosts[0].place} ({', '.join(host.title for host in hosts)})"
    program = visible(words[0])
    found = _program(top, words[0], path)
    if not found:
        where = "which is not there" if "/" in program else "and no such command is on this PATH"
        said = f"{whose} starts {program}, {where}: the host gets no tools"
        return [fail("mcp", said, _INSTALL)]
    folder = words[words.index(_REPO) + 1] if _REPO in words[:-1] else ""
    # What the host fills in is not known here.
    if folder and "$" not in folder and not (top / folder).is_dir():
        said = f"{whose} serves {visible(folder)}, which is no folder here"
        return [fail("mcp", said, f"mend the argument behind {_REPO} in that file")]
    return [ok("mcp", f"{whose} starts {visible(found)}")]


def _program(top: Path, program: str, path: str) -> str:
    """The program that a host starts for this name; empty where there is none."""
    if "/" not in program:
        return located(program, path) or ""
    file = top / program
    return str(file) if file.is_file() and file.stat().st_mode & 0o111 else ""

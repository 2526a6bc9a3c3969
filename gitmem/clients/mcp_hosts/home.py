"""The hosts that keep their servers in a person's home only, one file for all repositories (pure).

Such a host starts a server in no project, and from a desktop without a terminal's PATH. So the entry names the
program by its path and the repository, and bears the repository's name: there may be several.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.clients.abilities import PersonalFile
from gitmem.clients.mcp_hosts.host import COMMAND, NAME, McpHost
from gitmem.clients.mcp_hosts.json_file import JsonServers

if TYPE_CHECKING:
    from collections.abc import Iterable

_SERVERS = "mcpServers"
_MAC = "darwin"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Home:
    """A host: its file by operating system, relative to the home."""

    name: str
    title: str
    path: str
    mac: str = ""

    def file(self, system: str) -> str:
        return self.mac if self.mac and system == _MAC else self.path


# By their documentation (2026-11); neither was run.
_ALL = (
    _Home(name="windsurf", title="Windsurf", path=".codeium/windsurf/mcp_config.json"),
    _Home(
        name="claude-desktop",
        title="Claude Desktop",
        path=".config/Claude/claude_desktop_config.json",
        mac="Library/Application Support/Claude/claude_desktop_config.json",
    ),
)
#: Their names in `gitmem init --mcp NAME --personal`, to their files.
NAMES = {one.name: one.path for one in _ALL}


def home_hosts(top: str, program: str, system: str) -> tuple[McpHost, ...]:
    """Return the hosts with the entry for the repository at ``top``.

    ``program`` is gitmem's path, ``system`` Python's name for the operating system.
    """
    slug = re.sub(r"[^a-z0-9]+", "-", top.rpartition("/")[2].lower()).strip("-")
    words = [COMMAND[1], "--repo", top]
    return tuple(
        McpHost(
            name=one.name,
            title=one.title,
            file=JsonServers(
                path=one.file(system),
                servers=_SERVERS,
                entry={"command": program, "args": words},
                name=f"{NAME}-{slug}" if slug else NAME,
                serves=top,
            ),
            home=True,
        )
        for one in _ALL
    )


def personal(hosts: Iterable[McpHost]) -> list[PersonalFile]:
    """Return the files of these hosts as those of a person's home."""
    return [
        PersonalFile(
            path=host.file.path,
            reason=f"{host.title} reads its servers from there only; this entry is for this repository",
            wire=host.file.wire,
            unwire=host.file.unwire,
            mark=host.file.mark,
        )
        for host in hosts
    ]

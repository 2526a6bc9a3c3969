"""Which agent clients `gitmem init` wires (those named, those wired already, those a person uses), and which MCP hosts."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.bootstrap.shipped import FIRST, wirings
from gitmem.cli import render, surroundings
from gitmem.clients.mcp_hosts import home
from gitmem.clients.mcp_hosts.host import NAME
from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.core.errors import UsageError
from gitmem.install import clients

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import Wiring
    from gitmem.clients.mcp_hosts.host import McpHost

_ALL = "all"
_TRIES = 3


def chosen(place: Workplace, named: Sequence[str], *, silent: bool) -> list[Wiring]:
    """Return the wirings to write, in the order of the table of clients; a wired client stays wired.

    ``silent``: nothing is asked. Raises UsageError for a name that gitmem does not know.
    """
    known = wirings()
    unknown = [name for name in named if name not in {*known, _ALL}]
    if unknown:
        raise UsageError(
            f"gitmem init: there is no client {unknown[0]}", hint=f"one of {', '.join(known)}, all"
        )
    root = Path(place.repo.top)
    there = clients.wired(root, known)
    if _ALL in named:
        names = list(known)
    elif named:
        names = list(named)
    else:
        names = there or _used(root, known, silent=silent)
    return [wiring for name, wiring in known.items() if name in {*names, *there}]


def chosen_hosts(place: Workplace, named: Sequence[str], *, personal: bool) -> list[McpHost]:
    """Return the MCP hosts named, in the order of their table; `all` names those with a file in the repository.

    Raises UsageError for a name unknown, and for a host whose file is in the person's home without
    ``personal``.
    """
    names = [host.name for host in HOSTS]
    unknown = [name for name in named if name not in {*names, *home.NAMES, _ALL}]
    if unknown:
        raise UsageError(
            f"gitmem init: there is no MCP host {unknown[0]}",
            hint=f"one of {', '.join([*names, *home.NAMES])}, all; any other host: docs/mcp.md has the entry",
        )
    own = [host for host in home_hosts(place) if host.name in named]
    if own and not personal:
        raise UsageError(
            f"gitmem init: {own[0].title} keeps its servers in your home, in {own[0].place}",
            hint=f"to write it there: gitmem init --mcp {own[0].name} --personal",
        )
    return [*[host for host in HOSTS if host.name in named or _ALL in named], *own]


def home_hosts(place: Workplace) -> tuple[McpHost, ...]:
    """Return the MCP hosts whose file is in a person's home, with the entry for this repository."""
    running = Path(sys.argv[0]).absolute()
    program = str(running) if running.name == NAME else NAME  # not where Python runs the package
    return home.home_hosts(str(Path(place.repo.top).resolve()), program, sys.platform)


def named_ones(named: Sequence[str]) -> dict[str, Wiring]:
    """Return the clients that the person named, by name; `chosen` has refused a name that is not known."""
    return {name: wiring for name, wiring in wirings().items() if {name, _ALL} & {*named}}


def _used(root: Path, known: Mapping[str, Wiring], *, silent: bool) -> list[str]:
    """Return the clients that a person uses, asked about where there are several."""
    environ = surroundings.ENVIRON
    used = clients.used(root, environ.get("HOME", ""), environ.get("PATH", ""), known)
    if len(used) > 1 and not (silent or surroundings.agent() or not render.can_ask()):
        return _ask(used, known)
    return used or [FIRST]


def _ask(offered: Sequence[str], known: Mapping[str, Wiring]) -> list[str]:
    """Ask; return all of ``offered`` without an answer (end of input, no valid one)."""
    render.say("Which of your agent clients should know of gitmem in this repository?")
    rows = [(f"  {place}", name, known[name].title) for place, name in enumerate(offered, start=1)]
    render.table(rows)
    for _ in range(_TRIES):
        try:
            said = input("clients [all of them]: ").replace(",", " ").split()
        except EOFError:
            render.say()
            break
        if not said or said == [_ALL]:
            break
        names = [picked(word, offered) for word in said]
        if all(names):
            return [name for name in offered if name in names]
        render.say("type their numbers or names, with blanks between them")
    return list(offered)


def picked(word: str, offered: Sequence[str]) -> str:
    """Return the name of a numbered list that a word of the answer means, by number or name; empty for none."""
    if word.isascii() and word.isdigit() and 1 <= int(word) <= len(offered):
        return offered[int(word) - 1]
    return word if word in offered else ""

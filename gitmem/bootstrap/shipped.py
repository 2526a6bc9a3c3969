"""The texts and files that gitmem ships, for the code that writes them or compares with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.bootstrap import assets, settings
from gitmem.clients import registry
from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.install import clients
from gitmem.install.install import Shipped
from gitmem.install.shipped_files import FILES, ShippedCi
from gitmem.proof import rehearsal
from gitmem.proof.audit import WatchedClient
from gitmem.proof.doctor import Kit, ProbedClient
from gitmem.records import plain_settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from gitmem.bootstrap.settings import SharedSettings
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import Probe, Wiring
    from gitmem.clients.mcp_hosts.host import McpHost
    from gitmem.proof.loopback import Loopback

FIRST = "claude-code"  # the client that is wired where a person is known to use none


def shipped(
    place: Workplace,
    chosen: SharedSettings,
    wirings: Sequence[Wiring],
    hosts: Sequence[McpHost] = (),
) -> Shipped:
    """Return the texts that `init` installs for these clients and hosts; the settings file keeps a person's edits."""
    present = plain_settings.in_work_tree(place.repo)
    return Shipped(
        wirings=tuple(wirings),
        config=settings.render_shared(
            present.decode() or None, chosen, assets.read("templates/config.yaml")
        ),
        gitattributes=attributes(),
        skill=assets.read("templates/skills/gitmem-close/SKILL.md"),
        skills=own_skills(),
        ci=ci(),
        servers=tuple(host.wired for host in hosts if not host.home),
    )


def ci() -> ShippedCi:
    """Return the files that run the check in CI, and the pre-push hook beside them."""
    return ShippedCi(
        texts={path: assets.read(name) for files in FILES.values() for path, name in files.items()},
        hook=assets.read("hooks/git/pre-push"),
        versions=frozenset(assets.read("templates/ci/shipped.sha256").split()),
    )


def doctor_kit(root: Path, environ: Mapping[str, str]) -> Kit:
    """Return what `doctor` compares with and fires: of every client that the work tree is wired for.

    Claude Code is looked at where none is: the missing wiring is what there is to say. ``environ`` tells
    which clients a person uses that read another one's files.
    """
    known = wirings()
    home, path = environ.get("HOME", ""), environ.get("PATH", "")
    names = [
        *(clients.wired(root, known) or [FIRST]),
        *clients.borrowing(root, home, path, known),
    ]
    probed = [
        ProbedClient(name=client.name, wiring=known[client.name], probe=probe)
        for client in registry.every()
        if client.name in names and (probe := client.probe(assets.read))
    ]
    return Kit(clients=tuple(probed), ci=ci(), hosts=HOSTS)


def loopback(probe: Probe) -> Loopback:
    """Return the model of a rehearsal of this client; it listens inside its context."""
    from gitmem.proof.loopback import Loopback

    calls = [probe.call(command) for command in rehearsal.COMMANDS]
    return Loopback(calls, text=rehearsal.ANSWER)


def wirings() -> dict[str, Wiring]:
    """Return what gitmem can write for each client, by the client's name."""
    every = {client.name: client.wiring(assets.read) for client in registry.every()}
    return {name: wiring for name, wiring in every.items() if wiring}


def watched_clients() -> tuple[WatchedClient, ...]:
    """Return the clients whose transcripts an audit reads."""
    return tuple(
        WatchedClient(client=client, events=wiring.events, seen_by=seen_by)
        for client in registry.every()
        if (seen_by := client.seen_by()) and (wiring := client.wiring(assets.read))
    )


def own_skills() -> frozenset[str]:
    """Return the digests of every shipped version of gitmem's own skill."""
    return frozenset(assets.read("templates/skills/gitmem-close/shipped.sha256").split())


def attributes() -> str:
    """Return the attributes that `init` gives to drain records and `uninstall` removes."""
    return assets.read("templates/drains.gitattributes")

"""`gitmem doctor`: what is looked at, what is tried, and what can be mended."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.clients.mcp_hosts.home import home_hosts
from gitmem.install.install import hook_files
from gitmem.proof import firing, health, last_fired, mcp_entries, rehearsal, troubles, wiring
from gitmem.proof.finding import Finding, Level, Mend, about
from gitmem.records import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.clients.abilities import Probe, SettingsFile, Wiring
    from gitmem.clients.mcp_hosts.host import McpHost
    from gitmem.git.repository import Repository
    from gitmem.install.shipped_files import ShippedCi
    from gitmem.proof.firing import FiredHook
    from gitmem.proof.rehearsal import Listening, Rehearsed
    from gitmem.proof.wiring import Viewpoint


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedClient:
    """A client that a doctor examines, by its name."""

    name: str
    wiring: Wiring
    probe: Probe


@dataclass(frozen=True, slots=True, kw_only=True)
class TriedClient:
    """A client with its settings files, as far as what they name may be started."""

    name: str
    wiring: Wiring
    probe: Probe
    files: list[SettingsFile]


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a doctor needs of what gitmem ships: its clients, and what runs in CI.

    ``hosts`` are those that may have an entry for the MCP server.
    """

    clients: tuple[ProbedClient, ...]
    ci: ShippedCi
    hosts: tuple[McpHost, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a try needs: the environment the client is started in, and the time now."""

    environ: Mapping[str, str]
    at: str


@dataclass(slots=True, kw_only=True)
class Diagnosis:
    """Everything found so far; ``untried`` is what must not be started here."""

    findings: list[Finding] = field(default_factory=list)
    untried: list[Finding] = field(default_factory=list)
    fired: list[FiredHook] = field(default_factory=list)
    rehearsed: list[Rehearsed] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        """Whether nothing fails."""
        return all(finding.level is not Level.FAIL for finding in self.findings)

    @property
    def mends(self) -> list[Mend]:
        """What `--fix` can do about it, each once, in the order of `Mend`."""
        asked = {finding.mend for finding in self.findings}
        return [mend for mend in Mend if mend in asked]


def examine(
    repo: Repository, here: Viewpoint, kit: Kit, *, configured: str, folder: str, now: float
) -> tuple[Diagnosis, list[TriedClient]]:
    """Look at everything; what may be tried is for `fire` and `rehearse`.

    Nothing is started but git, and a client's program where that can be asked about trust. ``configured`` is
    the shared target or empty, ``folder`` the memory folder, ``now`` in seconds.
    """
    diagnosis, tried = Diagnosis(), []
    entries = troubles.recent_entries(repo.folder)
    for client in kit.clients:
        project = client.probe.project(here.place.environ) if here.inside else ""
        there = replace(here, place=replace(here.place, start=Path(project))) if project else here
        seen = client.probe.look(there.place)
        found = wiring.look(there, seen, client.wiring, client.probe)
        found += wiring.ask(there, client.probe)
        found += last_fired.look(entries, client.name, client.wiring.events, now)
        diagnosis.findings += about(client.name, found)
        files, untried = wiring.tryable(
            seen.files, client.wiring.hooks, trusted=seen.trusted is True
        )
        tried.append(
            TriedClient(name=client.name, wiring=client.wiring, probe=client.probe, files=files)
        )
        diagnosis.untried += about(client.name, untried)
    path = here.place.environ.get("PATH", "")
    diagnosis.findings += mcp_entries.look(here.place.top, kit.hosts, path)
    home = here.place.environ.get("HOME", "")
    if home:
        own = home_hosts(str(here.place.top.resolve()), str(here.running), here.place.system)
        diagnosis.findings += mcp_entries.look(Path(home), own, path)
    wirings = [client.wiring for client in kit.clients]
    diagnosis.findings += health.look(repo, configured, now, hook_files(wirings), entries)
    diagnosis.findings += health.look_at_memory(repo, folder)
    diagnosis.findings += health.look_at_sharing(repo, kit.ci)
    return diagnosis, tried


def fire(diagnosis: Diagnosis, tried: list[TriedClient], stage: Stage) -> None:
    """Start every installed hook in a throw-away repository; add what came of it."""
    for client in tried:
        with firing.scratch(stage.environ, stage.at) as repo:
            fired = firing.fire(repo, client.files, client.probe, stage.environ)
        diagnosis.fired += [replace(one, client=client.name) for one in fired]
    _add_untried(diagnosis)
    for one in diagnosis.fired:
        diagnosis.findings += about(one.client, [one.finding])


def rehearse(
    diagnosis: Diagnosis, client: TriedClient, stage: Stage, *, program: str, model: Listening
) -> None:
    """Run an installed client once in a throw-away repository; add what came of it."""
    attempt = rehearsal.ClientRun(
        name=client.name,
        program=program,
        probe=client.probe,
        files=client.files,
        wiring=client.wiring,
    )
    with firing.scratch(stage.environ, stage.at) as repo:
        done = rehearsal.rehearse(repo, attempt, model, stage.environ)
    diagnosis.rehearsed.append(done)
    _add_untried(diagnosis)
    diagnosis.findings += about(client.name, done.findings(client.probe.proved))


def _add_untried(diagnosis: Diagnosis) -> None:
    diagnosis.findings += diagnosis.untried
    diagnosis.untried = []


def publish(repo: Repository, configured: str) -> list[str]:
    """The mend PUBLISH: what `gitmem status` does; sentences to say."""
    _, notes = tidy.settle(repo, configured)
    return notes

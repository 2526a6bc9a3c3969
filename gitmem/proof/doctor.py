"""`gitmem doctor`: what is looked at, what is tried, and what can be mended."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from gitmem.clients import client_files
from gitmem.clients.claude_code import payloads
from gitmem.clients.claude_code import settings as claude_settings
from gitmem.proof import firing, health, reach, rehearsal, scratch
from gitmem.proof import wiring as judge
from gitmem.proof import wiring_two as wiring
from gitmem.proof.finding import Finding, Level, Mend
from gitmem.proof.queue_shared import look
from gitmem.records import tidy

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.clients.claude_code.sources import Source
    from gitmem.git.repository import Repository
    from gitmem.install.shipped_files import ShippedCi
    from gitmem.proof.firing import Fired
    from gitmem.proof.rehearsal import Listening
    from gitmem.proof.rehearsed import Rehearsed
    from gitmem.proof.wiring_two import Here


@dataclass(frozen=True, slots=True, kw_only=True)
class Kit:
    """What a doctor needs of what gitmem ships: the hooks file, recorded payloads, what runs in CI."""

    hooks: str
    payloads: str
    ci: ShippedCi


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """What a try needs: the kit, the environment the client is started in, and the time now."""

    kit: Kit
    environ: Mapping[str, str]
    at: str


@dataclass(slots=True, kw_only=True)
class Diagnosis:
    """Everything found so far; ``untried`` is what must not be started here."""

    findings: list[Finding] = field(default_factory=list)
    untried: list[Finding] = field(default_factory=list)
    fired: list[Fired] = field(default_factory=list)
    rehearsed: Rehearsed | None = None

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
    repo: Repository, here: Here, kit: Kit, *, configured: str, folder: str, now: float
) -> tuple[Diagnosis, list[Source]]:
    """Looks at everything and starts nothing but git; the sources are for `fire` and `rehearse`.

    ``configured`` is the shared target or empty, ``folder`` the memory folder, ``now`` in seconds.
    """
    sources = client_files.sources(here.places)
    shipped = claude_settings.parse_hooks(kit.hooks)
    found = wiring.look(here, sources, shipped)
    found += health.look(repo, configured, now, (claude_settings.NAME,))
    found += reach.look(repo, folder)
    found += look(repo, kit.ci)
    trusted = client_files.trusted(here.places) is True
    tried, untried = judge.tryable(sources, shipped, trusted=trusted)
    return Diagnosis(findings=found, untried=untried), tried


def fire(diagnosis: Diagnosis, sources: list[Source], stage: Stage) -> None:
    """Starts every installed hook in a throw-away repository; adds what came of it."""
    _, recorded = payloads.parse(stage.kit.payloads)
    with scratch.scratch(stage.environ, stage.at) as repo:
        diagnosis.fired = firing.fire(repo, sources, recorded, stage.environ)
    _add_untried(diagnosis)
    diagnosis.findings += [fired.finding for fired in diagnosis.fired]


def rehearse(
    diagnosis: Diagnosis, sources: list[Source], stage: Stage, *, program: str, model: Listening
) -> None:
    """Runs the installed client once in a throw-away repository; adds what came of it."""
    version, _ = payloads.parse(stage.kit.payloads)
    with scratch.scratch(stage.environ, stage.at) as repo:
        done = rehearsal.rehearse(repo, sources, program, model, stage.environ)
    diagnosis.rehearsed = done
    _add_untried(diagnosis)
    diagnosis.findings += done.findings(version)


def _add_untried(diagnosis: Diagnosis) -> None:
    diagnosis.findings += diagnosis.untried
    diagnosis.untried = []


def publish(repo: Repository, configured: str) -> list[str]:
    """The mend PUBLISH: what `gitmem status` does; sentences to say."""
    _, notes = tidy.settle(repo, configured)
    return notes

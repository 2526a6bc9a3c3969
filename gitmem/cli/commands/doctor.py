"""`gitmem doctor`: prove that what is configured is what runs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import model_here
from gitmem.bootstrap.shipped import doctor_kit, loopback, wirings
from gitmem.bootstrap.workplace import chosen_settings, unsettled
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import working
from gitmem.clients import registry
from gitmem.clients.abilities import ClientPlace
from gitmem.core.errors import GitmemError, UsageError
from gitmem.core.failures import CheckFailed, NeedsPerson
from gitmem.install.file_changes import render_diff
from gitmem.models.command import located
from gitmem.proof import doctor as engine
from gitmem.proof import local_model
from gitmem.proof.doctor import Stage
from gitmem.proof.finding import Finding, Level, Mend, about, fail, warn
from gitmem.proof.wiring import Viewpoint

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.proof.doctor import Diagnosis, Kit, TriedClient

_ALL = "all"
_MARKS = {Level.OK: "ok", Level.WARN: "warn", Level.FAIL: "FAIL"}


def doctor(
    fire: Annotated[
        bool,
        typer.Option("--fire", help="Start every installed hook in a throw-away repository."),
    ] = False,
    client: Annotated[
        list[str] | None,
        typer.Option(
            "--client",
            metavar="NAME",
            help="Run this installed client once against a local stand-in for its model; can be repeated; all: "
            "every one that is wired here.",
        ),
    ] = None,
    fix: Annotated[
        bool,
        typer.Option("--fix", help="Write what init writes, and publish the journal."),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Prove that what is configured is what runs.

    Examines the files of every agent client that is wired here, the gitmem that its hooks find,
    trust, what fired last, git, locks and the queue. If the configured model's server is on this
    machine, asks it one tiny question, and says how and how fast it answered. --fire starts every
    installed hook as the client does, with recorded payloads, and checks the words that come back.
    --client runs the installed program once against a stand-in for its model on this machine,
    without network and without your credentials, and shows what the model was told. Both work in a
    throw-away repository. The exit code is 1 if something fails.

    If a finding asks for it, --fix writes what gitmem init would write, and publishes flags that
    are only in the journal to the queue branch. It removes nothing of yours; with --dry-run it
    shows what it would do.

    \b
    Examples: gitmem doctor --fire
              gitmem doctor --client claude-code
    """
    place, broken = _place()
    kit = doctor_kit(Path(place.repo.top), surroundings.ENVIRON)
    names = _named(client or [], kit)
    diagnosis, tried = _examine(place, kit)
    mended: list[str] = []
    if fix and diagnosis.mends:
        mended = _mend(place, diagnosis.mends, broken=bool(broken), dry_run=dry_run, json=json)
        if not dry_run:
            place, broken = _place()
            diagnosis, tried = _examine(place, kit)
    diagnosis.findings += broken
    if not dry_run:
        diagnosis.findings += _model_findings(place)
    wanted = [one for one in tried if one.name in names]
    stage = Stage(environ=surroundings.ENVIRON, at=surroundings.now())
    if fire:
        engine.fire(diagnosis, tried, stage)
    _rehearse(diagnosis, wanted, stage)
    if json:
        render.as_json(_answer(diagnosis, mended))
    else:
        _print(diagnosis, mended, dry_run=dry_run, fix=fix)
    if not diagnosis.ok:
        raise typer.Exit(CheckFailed.exit_code)


def _model_findings(place: Workplace) -> list[Finding]:
    """Ask a configured model on this machine one tiny question; nothing without one."""
    try:
        model = model_here(place, surroundings.ENVIRON, client=surroundings.agent())
    except GitmemError as error:
        return [warn("model", error.message, error.hint)]
    return [local_model.look(model, time.monotonic)] if model else []


def _place() -> tuple[Workplace, list[Finding]]:
    """Return the workplace, and a finding when the shared settings cannot be read."""
    try:
        return surroundings.here(looks_only=True), []
    except NeedsPerson as error:
        return unsettled(surroundings.repository()), [fail("settings", error.message, error.hint)]


def _examine(place: Workplace, kit: Kit) -> tuple[Diagnosis, list[TriedClient]]:
    place_of = ClientPlace(
        start=_start(place),
        top=Path(place.repo.top),
        environ=surroundings.ENVIRON,
        system=sys.platform,
    )
    here = Viewpoint(
        place=place_of,
        running=Path(sys.argv[0]).absolute(),
        inside=bool(surroundings.agent()),
    )
    return engine.examine(
        place.repo,
        here,
        kit,
        configured=place.configured,
        folder=place.settings.folder,
        now=time.time(),
    )


def _start(place: Workplace) -> Path:
    """Return the folder of the session to examine when no session runs: this one."""
    here = Path(working())
    return here if here.is_relative_to(place.repo.top) else Path(place.repo.top)


def _mend(
    place: Workplace, mends: list[Mend], *, broken: bool, dry_run: bool, json: bool
) -> list[str]:
    """Do what the findings ask for; return sentences about it. Broken settings wire nothing."""
    done: list[str] = []
    if Mend.WIRING in mends and not broken:
        from gitmem.cli.commands import client_choice
        from gitmem.cli.commands.init import plan_wiring, write_wiring

        clients = client_choice.chosen(place, [], silent=True)
        plan = plan_wiring(place, chosen_settings(place, ""), clients=clients)
        if dry_run and not json:
            render.diff(render_diff(plan.changes))
        if not dry_run:
            write_wiring(place, plan)
        done += [f"{'would write' if dry_run else 'wrote'} {c.path}" for c in plan.changes]
    if Mend.PUBLISH in mends:
        if dry_run:
            done.append("would publish the journal")
        else:
            surroundings.save_spooled(place.repo)
            done += ["published the journal", *engine.publish(place.repo, place.configured)]
    return done


def _named(asked: list[str], kit: Kit) -> list[str]:
    """Return the clients to run; UsageError for one that cannot be, because it is not wired, say."""
    there = [one.name for one in kit.clients]
    known = list(wirings())
    for name in asked:
        if name not in {*known, _ALL}:
            raise UsageError(
                f"gitmem doctor: there is no client {name}", hint=f"one of {', '.join(known)}, all"
            )
        if name not in {*there, _ALL}:
            raise UsageError(
                f"gitmem doctor: {name} is not wired here", hint=f"gitmem init --client {name}"
            )
    return there if _ALL in asked else asked


def _rehearse(diagnosis: Diagnosis, wanted: list[TriedClient], stage: Stage) -> None:
    for client in wanted:
        name, title = client.probe.program, client.wiring.title
        program = located(name, stage.environ.get("PATH", ""))
        if not program:
            problem = f"{name} is not on this terminal's PATH, so it was not run"
            hint = f"install {title}, or leave out --client {client.name}"
            diagnosis.findings += about(client.name, [fail("client", problem, hint)])
            continue
        with loopback(client.probe) as model:
            engine.rehearse(diagnosis, client, stage, program=program, model=model)


def _answer(diagnosis: Diagnosis, mended: list[str]) -> dict[str, object]:
    return {
        "ok": diagnosis.ok,
        "findings": [finding.as_json for finding in diagnosis.findings],
        "fixed": mended,
        "fired": [fired.as_json for fired in diagnosis.fired],
        "clients": [rehearsed.as_json for rehearsed in diagnosis.rehearsed],
    }


def _print(diagnosis: Diagnosis, mended: list[str], *, dry_run: bool, fix: bool) -> None:
    for line in mended:
        render.say(line)
    if fix and not mended:
        render.say("there is nothing for --fix to do")
    # The columns stand below each other in every group.
    mark = max((len(_MARKS[finding.level]) for finding in diagnosis.findings), default=0)
    check = max((len(finding.check) for finding in diagnosis.findings), default=0)
    for title, findings in _grouped(diagnosis.findings):
        if title:
            render.say(f"{title}:")
        rows = []
        for finding in findings:
            rows.append(
                (_MARKS[finding.level].ljust(mark), finding.check.ljust(check), finding.what)
            )
            if finding.hint and finding.level is not Level.OK:
                rows.append(("", "", f"hint: {finding.hint}"))
        render.table(rows)
    for rehearsed in diagnosis.rehearsed:
        whose = f" of {_title(rehearsed.client)}" if len(diagnosis.rehearsed) > 1 else ""
        _show(f"the model{whose} was told:", rehearsed.words)
        _show(f"the person{whose} was told:", rehearsed.person)
    failed = sum(finding.level is Level.FAIL for finding in diagnosis.findings)
    warned = sum(finding.level is Level.WARN for finding in diagnosis.findings)
    if failed or warned:
        render.say(f"{render.count(failed, 'failure')}, {render.count(warned, 'warning')}")
        if diagnosis.mends and not fix and not dry_run:
            render.say(
                "gitmem doctor --fix repairs some of this; --fix --dry-run shows what it would do"
            )
    else:
        render.say("all is well")


def _grouped(findings: list[Finding]) -> list[tuple[str, list[Finding]]]:
    """The findings of each client under its title, then those of the repository; all together for one."""
    names = [name for name in dict.fromkeys(finding.client for finding in findings) if name]
    if len(names) < 2:  # noqa: PLR2004 - a title tells two apart
        return [("", findings)]
    groups = [(name, [one for one in findings if one.client == name]) for name in (*names, "")]
    return [(_title(name) if name else "this repository", some) for name, some in groups if some]


def _title(name: str) -> str:
    client = registry.find(name)
    return client.title if client else name


def _show(head: str, texts: tuple[str, ...]) -> None:
    """Print what was told, word for word."""
    for text in texts:
        render.say(head)
        for line in text.splitlines():
            render.say(f"    {line}")

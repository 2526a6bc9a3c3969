"""`gitmem init --mine` and `gitmem uninstall --mine`; and the block of the own instruction files after an accept."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from gitmem.bootstrap import assets, settings
from gitmem.bootstrap.engines import engine_name
from gitmem.bootstrap.shipped import attributes, wirings
from gitmem.cli import folder, render, surroundings
from gitmem.cli.reports import written
from gitmem.core.errors import GitmemError, Refused, UsageError
from gitmem.git import mine, repository
from gitmem.install import install, personal
from gitmem.install.file_changes import render_diff
from gitmem.mine import block, files, made
from gitmem.models.command import located
from gitmem.records import target

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import PersonalFile, Wiring

_ALL = "all"


def refuse_beside(command: str, given: Mapping[str, object]) -> None:
    """Raise UsageError for an option that is about a repository; ``given`` maps each one to its value, None: not given."""
    for name, value in given.items():
        if value is not None:
            raise UsageError(
                f"gitmem {command}: {name} is about a repository, and --mine about you in all of them",
                hint=f"leave out {name}, or --mine",
            )


def init_mine(named: Sequence[str], engine: str, *, dry_run: bool, json: bool) -> None:
    """Make the person's own memory, and write its block into their own instruction files.

    ``named`` are the clients (none: those that the person uses), ``engine`` is who judges. Raises Refused inside an agent
    client, and what making and writing raise.
    """
    _refuse_agent("init --mine", dry_run=dry_run)
    home = mine.home()
    is_new = not made.is_made(surroundings.ENVIRON)
    folder.work_in_mine()
    chosen = _chosen(home, named)
    lines = block.own_lines({}, {}, folder="memory")
    place: Workplace | None = None
    if not (is_new and dry_run):
        if is_new:
            shared = settings.SharedSettings(target=made.TARGET)
            config = settings.render_shared(None, shared, assets.read("templates/config.yaml"))
            made.make(
                surroundings.ENVIRON,
                {install.CONFIG: config, install.ATTRIBUTES: attributes()},
            )
        place = surroundings.here()
        lines = _lines(place)
    own = files.own_files(chosen, lines)
    plan = personal.plan_writing(home, own)
    notes = [*plan.notes, *files.told_elsewhere(surroundings.ENVIRON, chosen)]
    name = ""
    if place is not None:
        asked = engine or place.kept("engine")
        name, _ = engine_name(place, asked, surroundings.ENVIRON)
        if not dry_run:
            personal.write(plan, own, place.repo.common, staging=place.repo.git_dir)
            if engine and engine != place.kept("engine"):
                place.keep("engine", engine)
    top = f"~/{repository.MINE}"
    if json:
        paths = [change.path for change in plan.shown]
        answer = {"repository": mine.place(), "made": is_new, "changed": paths, "notes": notes}
        render.as_json({**answer, "engine": name or None})
        return
    if dry_run:
        render.diff(render_diff(plan.shown))
    if is_new:
        render.say(f"{'would make' if dry_run else 'made'} {top}, your own memory")
    written.say(plan.shown, written.WRITE, dry_run=dry_run)
    render.notes(notes)
    if not (is_new or plan.changes):
        render.say("everything is in place already")
    if name:
        render.say(f"engine {name}; to change it: gitmem init --mine --engine NAME")
    if not dry_run:
        render.say("next: gitmem flag --mine 'what is true of you'; gitmem --mine close files it")


def uninstall_mine(*, dry_run: bool, json: bool) -> None:
    """Take the block out of the person's own instruction files; the memory itself stays.

    Raises Refused inside an agent client, and `mine.NotMade`.
    """
    _refuse_agent("uninstall --mine", dry_run=dry_run)
    folder.work_in_mine()
    repo = surroundings.repository()
    home = mine.home()
    own = [file for file in _every(()) if personal.is_wired(home, file)]
    plan = personal.plan_removal(home, own, repo.common)
    if not dry_run:
        personal.take_out(plan, repo.common, staging=repo.git_dir)
    if json:
        paths = [change.path for change in plan.shown]
        render.as_json({"changed": paths, "notes": list(plan.notes), "repository": repo.top})
        return
    if dry_run:
        render.diff(render_diff(plan.shown))
    written.say(plan.shown, written.CHANGE, dry_run=dry_run)
    render.notes(plan.notes)
    if not plan.changes:
        render.say("no instruction file of yours has the block; nothing to remove")
    render.say(
        f"your own memory stays in ~/{repository.MINE}; gitmem init --mine has it read again"
    )


def refreshed(place: Workplace) -> tuple[list[str], list[str]]:
    """Bring the block up to date after a landing in the person's own memory; return the files changed, and notes.

    What cannot be written is a note: the review has landed.
    """
    try:
        own = _every(_lines(place))
        plan = files.refresh(place.repo, own)
        if not files.readers(own):
            return [], [f"{files.UNREAD}; gitmem init --mine writes it"]
    except (GitmemError, OSError) as error:
        reason = error.message if isinstance(error, GitmemError) else error.strerror or str(error)
        return [], [
            f"your own instruction files are as before: {reason}; gitmem init --mine writes them"
        ]
    return [change.path for change in plan.shown], []


def _refuse_agent(command: str, *, dry_run: bool) -> None:
    client = surroundings.agent()
    if client and not dry_run:
        raise Refused(
            f"{command} is a person's command, and this runs inside {client}",
            hint="run it in your own terminal; --dry-run shows what it would write",
        )


def _lines(place: Workplace) -> list[str]:
    where = target.find(place.repo, place.configured)
    return files.lines_of(place.repo, where.ref, folder=place.settings.folder)


def _every(lines: Sequence[str]) -> list[PersonalFile]:
    return files.own_files(wirings().values(), lines)


def _chosen(home: str, named: Sequence[str]) -> list[Wiring]:
    """Return the clients whose file gets the block: those named, else those that are used.

    A client counts as used when its folder is in the account's home, or its program is there.
    """
    known = {name: wiring for name, wiring in wirings().items() if wiring.own_instructions}
    unknown = [name for name in named if name not in {*known, _ALL}]
    if unknown:
        raise UsageError(
            f"gitmem init --mine: {unknown[0]} has no instruction file of yours that gitmem knows",
            hint=f"one of {', '.join(known)}, all",
        )
    if named:
        return [wiring for name, wiring in known.items() if {name, _ALL} & {*named}]
    path = surroundings.ENVIRON.get("PATH", "")
    used = [
        wiring
        for wiring in known.values()
        if located(wiring.program, path)
        or any(os.path.isdir(f"{home}/{one}") for one in wiring.folders)  # noqa: PTH112 - a string
    ]
    if not used:
        raise UsageError(
            "gitmem init --mine: no agent client of yours was found",
            hint=f"name it: gitmem init --mine --client {next(iter(known))}",
        )
    return used

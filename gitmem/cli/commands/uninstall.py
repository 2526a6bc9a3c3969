"""`gitmem uninstall`: remove the wiring."""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.shipped import attributes, own_skills, wirings
from gitmem.bootstrap.shipped import ci as shipped_ci
from gitmem.bootstrap.workplace import unsettled
from gitmem.cli import render, surroundings
from gitmem.cli.commands import personal_files
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import is_mine as working_in_mine
from gitmem.cli.folder import working
from gitmem.cli.reports import written
from gitmem.clients.mcp_hosts.table import HOSTS
from gitmem.install import install, undo
from gitmem.install.file_changes import apply, render_diff
from gitmem.install.shipped_files import Host
from gitmem.queue import spool
from gitmem.sync.push_hook import apply_hook, plan_hook

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.git.repository import Repository
    from gitmem.install.file_changes import FileChange


@dataclass(frozen=True, slots=True, kw_only=True)
class _Removed:
    """What goes: the files' changes, the settings ``kept`` in this clone (key to value), the spools' folders.

    ``tracked`` says whether one of the changes is in the work tree.
    """

    changes: tuple[FileChange, ...]
    notes: tuple[str, ...]
    kept: dict[str, str]
    spools: list[str]
    tracked: bool


def uninstall(
    personal: Annotated[
        bool,
        typer.Option(
            "--personal",
            help="Also take out what `init --personal` wrote into your home; it may serve every repository.",
        ),
    ] = False,
    mine: Annotated[
        bool,
        typer.Option(
            "--mine",
            help="Instead, take your own memory out of your own instruction files.",
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Remove what init wrote.

    Removes the settings, the managed block, the hooks, what `init --ci` and `init --mcp` wrote, and
    this clone's `git config gitmem.engine` and `gitmem.autoClose`, which init may have set. Saves
    what waits in the spool and removes it. Memory, records, guards, rules for paths and the queue
    stay. So do files in your home, unless you give `--personal` or `--mine`. A file that is
    unedited since `init` gets its old bytes back.

    \b
    Examples: gitmem uninstall --dry-run
              gitmem uninstall --personal --dry-run
              gitmem uninstall --mine
    """
    if mine or working_in_mine():
        from gitmem.cli.commands import own_memory  # loads every engine

        own_memory.refuse_beside("uninstall", {"--personal": personal or None})
        own_memory.uninstall_mine(dry_run=dry_run, json=json)
        return
    done = _removed(unsettled(surroundings.repository()), personal=personal, dry_run=dry_run)
    if json:
        render.as_json(
            {
                "changed": [change.path for change in done.changes],
                "notes": list(done.notes),
                "engine": done.kept.get("engine"),
                "auto_close": done.kept.get("autoClose"),
            }
        )
        return
    if dry_run:
        render.diff(render_diff(done.changes))
    _say(done, dry_run=dry_run)


def _removed(place: Workplace, *, personal: bool, dry_run: bool) -> _Removed:
    """Take the wiring out, in a dry run only plan it; return what goes. Raises what planning and writing raise."""
    repo = place.repo
    root = Path(repo.top)
    ci, every = shipped_ci(), tuple(wirings().values())
    request = install.UninstallRequest(
        wirings=every,
        attributes=attributes(),
        skills=own_skills(),
        ci=ci.versions,
        starts=install.wired_folders(repo, working(), every),
        found=undo.recall(repo.git_dir),
        servers=tuple(host.wired for host in HOSTS),
    )
    plan = install.plan_uninstall(root, request)
    hook = plan_hook(repo, Host.NONE, ci)
    own = personal_files.PersonalRemoval(place, wanted=personal)
    notes = (*plan.notes, *own.notes)
    kept = {key: value for key in ("engine", "autoClose") if (value := place.kept(key))}
    spools = [one.path for one, _ in spool.there(repo.folder)]
    if not dry_run:
        if spools:
            spools, more = _clear_spool(repo)
            notes = (*notes, *more)
        apply(root, plan.changes, staging=repo.git_dir)
        undo.forget(repo.git_dir)
        apply_hook(hook)
        own.take_out()
        place.forget("target")
        for key in kept:
            place.forget(key)
    return _Removed(
        changes=(*plan.changes, *([hook.change] if hook.change else []), *own.plan.shown),
        notes=notes,
        kept=kept,
        spools=spools,
        tracked=bool(plan.changes),
    )


def _say(done: _Removed, *, dry_run: bool) -> None:
    """Print what went, or would go, for a person."""
    written.say(done.changes, written.CHANGE, dry_run=dry_run)
    for key, value in done.kept.items():
        verb = "would unset" if dry_run else "unset"
        render.say(f"{verb} git config gitmem.{key} (it was {value})")
    for path in done.spools:
        render.say(f"{'would remove' if dry_run else 'removed'} the spool {path}")
    render.notes(done.notes)
    if not done.changes and not done.kept:
        render.say("gitmem is not wired here; nothing to remove")
    elif done.tracked and not dry_run:
        render.say("memory, records and the queue stay; next: commit this change")


def _clear_spool(repo: Repository) -> tuple[list[str], list[str]]:
    """Save what waits in the spool, and remove it where nothing is left; return what went, and notes."""
    surroundings.save_spooled(repo)
    try:
        if spool.count(repo.folder, time.time()):
            return [], ["the spool stays: what waits in it could not be saved"]
        return spool.clear(repo.folder), []
    except OSError as error:
        return [], [f"the spool stays: {error.strerror or error}"]

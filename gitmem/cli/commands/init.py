"""`gitmem init`: wire gitmem into this repository."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitmem.bootstrap import chosen_settings, shipped
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.engine import install
from gitmem.engine.plan_files import apply, render_diff
from gitmem.store import ignore


def init(
    target: Annotated[
        str, typer.Option("--target", help="The branch memory lives on (default: the main one).")
    ] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Wire gitmem into this repository.

    Writes settings, the managed block and the Claude Code hooks; a second run changes nothing.
    """
    place = surroundings.here()
    chosen = chosen_settings(place, target)
    root = Path(place.repo.top)
    plan = install.plan_install(
        root,
        shipped=shipped(place, chosen),
        folder=chosen.folder,
        ignored=lambda path: ignore.ignored(place.repo, path),
    )
    if not dry_run:
        apply(root, plan.changes)
        # A branch without the settings file, forked before this, has the same target.
        place.repo.git("config", "gitmem.target", chosen.target or "")
    paths = [change.path for change in plan.changes]
    if json:
        render.as_json({"changed": paths, "notes": list(plan.notes), "target": chosen.target})
        return
    if dry_run:
        render.raw(render_diff(plan.changes))
    for path in paths:
        render.say(f"{'would write' if dry_run else 'wrote'} {path}")
    render.notes(plan.notes)
    if not paths:
        render.say("everything is in place already")
        return
    before = place.configured
    if before and before != chosen.target:
        render.say(f"the target changes from {before} to {chosen.target}")
    render.say(f"memory will live on {chosen.target}, in {chosen.folder}/")
    if not dry_run:
        render.say("next: commit these files, then work; gitmem status says what was flagged")

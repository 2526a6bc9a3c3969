"""What `init` and `doctor --fix` share: plan the wiring for where we stand, and write it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.bootstrap.shipped import ci as shipped_ci
from gitmem.bootstrap.shipped import shipped
from gitmem.cli.folder import working
from gitmem.engine import install, reach, undo
from gitmem.engine.beside_push import plan_hook
from gitmem.engine.plan_files import apply
from gitmem.store import ignore, starts

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.engine.beside_push import HookPlan
    from gitmem.engine.ci_files import Host
    from gitmem.engine.install import InstallPlan
    from gitmem.settings import SharedSettings


def plan(
    place: Workplace,
    chosen: SharedSettings,
    *,
    auto_memory: bool | None = None,
    ci: Host | None = None,
) -> InstallPlan:
    """The wiring at the top, in this folder, and in every folder that is wired already."""
    here = working()
    inside = starts.below(place.repo, here)
    folders = {*starts.wired(place.repo, here), *([inside] if inside else [])}
    planned = install.plan_install(
        Path(place.repo.top),
        shipped=shipped(place, chosen),
        folder=chosen.folder,
        ignored=lambda path: ignore.ignored(place.repo, path),
        links=ignore.unmade_links(place.repo, install.CLAUDE, install.AGENTS),
        wish=install.Wish(starts=tuple(sorted(folders)), auto_memory=auto_memory, ci=ci),
    )
    told = [f"{found.what}; {found.hint}" for found in reach.look(place.repo, chosen.folder)]
    return replace(planned, notes=(*planned.notes, *told))


def hook(place: Workplace, ci: Host | None) -> HookPlan | None:
    """The pre-push hook that goes with that CI; None where it stays as it is."""
    return plan_hook(place.repo, ci, shipped_ci()) if ci else None


def write(place: Workplace, planned: InstallPlan) -> None:
    """Writes the plan, after noting what it finds for an uninstall."""
    if planned.changes:
        undo.remember(place.repo.git_dir, planned.changes)
    apply(Path(place.repo.top), planned.changes, staging=place.repo.git_dir)

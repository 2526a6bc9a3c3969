"""What `init` and `doctor --fix` share: plan the wiring for where we stand, and write it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from gitmem.bootstrap.shipped import ci as shipped_ci
from gitmem.bootstrap.shipped import shipped
from gitmem.cli.folder import working
from gitmem.clients import starts
from gitmem.git import ignore
from gitmem.install import found as undo
from gitmem.install import install
from gitmem.install.file_changes import apply
from gitmem.proof import reach
from gitmem.sync.push_hook import plan_hook

if TYPE_CHECKING:
    from gitmem.bootstrap.settings import SharedSettings
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.install.install import InstallPlan
    from gitmem.install.shipped_files import Host
    from gitmem.sync.push_hook import HookPlan


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

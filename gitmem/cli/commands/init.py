"""`gitmem init`: wire gitmem into this repository."""

from __future__ import annotations

import os
import shutil
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import PRESETS, engine_name, has_key
from gitmem.bootstrap.shipped import ci as shipped_ci
from gitmem.bootstrap.shipped import shipped, wirings
from gitmem.bootstrap.workplace import chosen_settings
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import working
from gitmem.core.errors import Refused
from gitmem.git import trees
from gitmem.install import found as undo
from gitmem.install import install
from gitmem.install.file_changes import apply, render_diff
from gitmem.install.shipped_files import Host
from gitmem.proof import reach
from gitmem.sync.push_hook import apply_hook, plan_hook

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gitmem.bootstrap.settings import SharedSettings
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.install.install import InstallPlan
    from gitmem.sync.push_hook import HookPlan

_DEFAULT = "verbatim"
_TRIES = 3
_PROGRAMS = {
    "claude": "the program claude and its own login, no key needed; flags go to its model",
    "codex": "the program codex and its own login; flags go to its model",
    "llm": "the program llm and its own settings; flags go to its model",
}


def init(
    target: Annotated[
        str, typer.Option("--target", help="The branch memory lives on (default: the main one).")
    ] = "",
    engine: Annotated[
        str,
        typer.Option(
            "--engine", help="Who judges flags in this clone: kept in git config, asked for else."
        ),
    ] = "",
    auto_memory: Annotated[
        bool | None,
        typer.Option(
            "--auto-memory/--no-auto-memory",
            help="Claude Code's own memory, for you in this repository (default: left as it is).",
        ),
    ] = None,
    auto_close: Annotated[
        bool | None,
        typer.Option(
            "--auto-close/--no-auto-close",
            help="Prepare the review in the background when a session ends: kept in git config.",
        ),
    ] = None,
    ci: Annotated[
        Host | None,
        typer.Option(
            "--ci",
            help="Write what runs `gitmem check` in that CI, and the pre-push hook that shares the "
            "queue; none takes both out.",
        ),
    ] = None,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Wire gitmem into this repository.

    Writes settings, the managed block and the Claude Code hooks; a second run changes nothing. In a
    folder below the top it wires that folder too: Claude Code reads shared settings only in the
    folder a session starts in.
    On a terminal it asks once who shall judge the flags (verbatim, anthropic, or a program with a
    login of its own), and whether the end of a session shall prepare the review by itself. The
    answers are `git config gitmem.engine` and `gitmem.autoClose` of this clone, never a file of the
    repository.
    """
    place = surroundings.here()
    environ = dict(surroundings.ENVIRON)
    if surroundings.agent():
        environ.pop("GITMEM_ENGINE", None)  # a repository's settings can set it
    with suppress(Refused):
        engine_name(place, engine, environ)  # a name nobody knows stops here
    chosen = chosen_settings(place, target)
    plan = plan_wiring(place, chosen, auto_memory=auto_memory, ci=ci)
    hook = _planned_hook(place, ci)
    silent = dry_run or json
    wanted = engine or _asked(place, silent=silent)
    if auto_close is None:
        auto_close = _asked_auto_close(place, silent=silent)
    if not dry_run:
        write_wiring(place, plan)
        if hook:
            apply_hook(hook)
        # A branch without the settings file, forked before this, has the same target.
        if place.kept("target") != chosen.target:
            place.keep("target", chosen.target or "")
        if wanted and wanted != place.kept("engine"):
            place.keep("engine", wanted)
        if auto_close is not None and _said(auto_close) != place.kept("autoClose"):
            place.keep("autoClose", _said(auto_close))
    by_itself = place.own_yes("autoClose") if auto_close is None else auto_close
    name, why = _engine(place, wanted if dry_run else "", environ)
    shown = _with_hook(plan, hook)
    if json:
        paths = [change.path for change in shown.changes]
        notes = list(shown.notes)
        settings = {"target": chosen.target, "engine": name, "auto_close": by_itself}
        render.as_json({"changed": paths, "notes": notes, **settings})
        return
    where = f"memory will live on {chosen.target}, in {chosen.folder}/"
    if place.configured and place.configured != chosen.target:
        where = f"the target changes from {place.configured} to {chosen.target}\n{where}"
    engine_line = f"engine {name} ({why}); another one: gitmem init --engine NAME"
    said = (
        engine_line,
        _auto_close_line(by_itself),
        *_memory_lines(auto_memory),
        *_hook_line(hook, ci),
    )
    _print(shown, where, said, dry_run=dry_run, commits=bool(plan.changes))


def _with_hook(plan: InstallPlan, hook: HookPlan | None) -> InstallPlan:
    """The plan as it is shown: the hook is a file of this clone and none of the work tree."""
    if hook is None:
        return plan
    changes = (*plan.changes, *([hook.change] if hook.change else []))
    return replace(plan, changes=changes, notes=(*plan.notes, *hook.notes))


def _memory_lines(auto_memory: bool | None) -> list[str]:
    """What becomes of each client's own memory, by what was asked."""
    said = []
    for wiring in wirings():
        if wiring.own_memory is not None:
            lines = {
                None: "stays as it is, beside gitmem's; off: gitmem init --no-auto-memory",
                False: f"is off for you here ({wiring.own_memory.path}: yours, not to be committed)",
                True: "is on again, beside gitmem's",
            }
            said.append(f"{wiring.title}'s own memory {lines[auto_memory]}")
    return said


def _said(choice: bool) -> str:
    return "true" if choice else "false"


def _auto_close_line(on: bool) -> str:
    if on:
        return "a session's end prepares the review; not so: gitmem init --no-auto-close"
    return "a session's end prepares nothing; if it shall: gitmem init --auto-close"


def _hook_line(hook: HookPlan | None, ci: Host | None) -> tuple[str, ...]:
    """git hands on no hooks, so a team's other clones need theirs."""
    if hook is None or ci is None or hook.change is None or hook.change.after is None:
        return ()
    return (
        f"the pre-push hook is in this clone alone; in the others: gitmem init --ci {ci.value}",
    )


def _print(
    plan: InstallPlan, where: str, chosen: tuple[str, ...], *, dry_run: bool, commits: bool
) -> None:
    if dry_run:
        render.diff(render_diff(plan.changes))
    for change in plan.changes:
        verb = ("would remove", "removed") if change.after is None else ("would write", "wrote")
        render.say(f"{verb[0] if dry_run else verb[1]} {change.path}")
    render.notes(plan.notes)
    wrote = plan.changes and not dry_run
    if not plan.changes:
        render.say("everything is in place already")
    else:
        for line in where.splitlines():
            render.say(line)
    for line in chosen:
        render.say(line)
    if wrote:
        first = "commit these files, then work" if commits else "work"
        if commits and plan.alone:
            ignored = f"git add --force {' '.join(plan.alone)}"
            first = f"{ignored}, so that git takes what it ignores; commit these files, then work"
        render.say(f"next: {first}; gitmem status says what was flagged")


def _engine(place: Workplace, asked: str, environ: Mapping[str, str]) -> tuple[str, str]:
    """Who judges in a close, and why; where only another file says it, what stands against that."""
    try:
        return engine_name(place, asked, environ, client=surroundings.agent())
    except Refused as refused:
        render.note(f"{refused.message}; {refused.hint}")
        return "none", "to be said in this clone"


def _asked(place: Workplace, *, silent: bool) -> str:
    """What a person answers to the question about the engine; empty when it is not asked.

    It is not asked again once something is configured, nor where an agent holds the terminal.
    """
    configured = place.counted_personal("engine") or surroundings.ENVIRON.get("GITMEM_ENGINE")
    if silent or configured or surroundings.agent() or not _can_ask():
        return ""
    return _ask_engine(surroundings.ENVIRON)


def _asked_auto_close(place: Workplace, *, silent: bool) -> bool | None:
    """What a person answers to the question about closing by itself; None when it is not asked.

    A choice in a configuration of all their repositories is asked about once in each.
    """
    if silent or place.kept("autoClose") or surroundings.agent() or not _can_ask():
        return None
    return _ask_auto_close()


def _can_ask() -> bool:
    """Whether a person sits there: standard input and output are a terminal."""
    return sys.stdin.isatty() and sys.stdout.isatty()


def _choices(environ: Mapping[str, str]) -> dict[str, str]:
    """The engines there are to choose from here, the default first, and what each one means.

    A program counts when it is found in an absolute folder of PATH, as the engine itself looks.
    """
    ready = (
        "a key is in the environment" if has_key(environ) else "needs ANTHROPIC_API_KEY to be set"
    )
    found = {
        _DEFAULT: "nobody: flags are filed as written, nothing leaves this machine",
        "anthropic": f"a model behind the Messages API, flags go there; {ready}",
    }
    folders = [part for part in environ.get("PATH", "").split(os.pathsep) if part.startswith("/")]
    for name in PRESETS:
        if shutil.which(name, path=os.pathsep.join(folders)):
            found[name] = _PROGRAMS[name]
    return found


def _ask_engine(environ: Mapping[str, str]) -> str:
    """Asks; the engine's name, or empty when nobody answered (end of input, no valid answer)."""
    offered = _choices(environ)
    names = list(offered)
    render.say("Who shall judge the flags when they are filed? Your own choice, for this clone.")
    render.table([(f"  {place}", name, offered[name]) for place, name in enumerate(names, start=1)])
    for _ in range(_TRIES):
        try:
            said = input(f"engine [{_DEFAULT}]: ").strip()
        except EOFError:
            render.say()
            return ""
        if not said:
            return _DEFAULT
        if said in offered:
            return said
        if said.isascii() and said.isdigit() and 1 <= int(said) <= len(names):
            return names[int(said) - 1]
        render.say(f"{said!r} is not one of them: a number or a name")
    render.say("nothing was chosen; gitmem init --engine NAME does")
    return ""


def _ask_auto_close() -> bool | None:
    """Asks; None when nobody answered (end of input, no valid answer)."""
    render.say(
        "Shall the end of a session prepare the review in the background? The close that you would "
        "run yourself, with the same engine; it never lands anything. Recommended."
    )
    for _ in range(_TRIES):
        try:
            said = input("close by itself [yes]: ").strip().lower()
        except EOFError:
            render.say()
            return None
        if said in {"", "y", "yes"}:
            return True
        if said in {"n", "no"}:
            return False
        render.say(f"{said!r} is neither yes nor no")
    return None


def plan_wiring(
    place: Workplace,
    chosen: SharedSettings,
    *,
    auto_memory: bool | None = None,
    ci: Host | None = None,
) -> InstallPlan:
    """The wiring at the top, in this folder, and in every folder that is wired already."""
    here = working()
    inside = install.below(place.repo, here)
    folders = {*install.wired_folders(place.repo, here, wirings()), *([inside] if inside else [])}
    planned = install.plan_install(
        Path(place.repo.top),
        shipped=shipped(place, chosen),
        folder=chosen.folder,
        ignored=lambda path: trees.is_ignored(place.repo, path),
        links=trees.unmade_links(place.repo, install.CLAUDE, install.AGENTS),
        options=install.InstallOptions(
            starts=tuple(sorted(folders)), auto_memory=auto_memory, ci=ci
        ),
    )
    told = [f"{found.what}; {found.hint}" for found in reach.look(place.repo, chosen.folder)]
    return replace(planned, notes=(*planned.notes, *told))


def _planned_hook(place: Workplace, ci: Host | None) -> HookPlan | None:
    """The pre-push hook that goes with that CI; None where it stays as it is."""
    return plan_hook(place.repo, ci, shipped_ci()) if ci else None


def write_wiring(place: Workplace, planned: InstallPlan) -> None:
    """Writes the plan, after noting what it finds for an uninstall."""
    if planned.changes:
        undo.remember(place.repo.git_dir, planned.changes, planned.switches)
    apply(Path(place.repo.top), planned.changes, staging=place.repo.git_dir)

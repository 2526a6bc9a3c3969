"""`gitmem init`: wire gitmem into this repository."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap.engines import PRESETS, engine_name, keys_there
from gitmem.bootstrap.shipped import ci as shipped_ci
from gitmem.bootstrap.shipped import shipped
from gitmem.bootstrap.workplace import chosen_settings
from gitmem.cli import render, surroundings
from gitmem.cli.commands import client_choice, own_memory, personal_files, values
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import is_mine as working_in_mine
from gitmem.cli.folder import working
from gitmem.cli.reports import written
from gitmem.core.errors import Refused, UsageError
from gitmem.git import trees
from gitmem.git.network import Talk
from gitmem.install import install, installed, undo
from gitmem.install.file_changes import apply, render_diff
from gitmem.install.shipped_files import Host
from gitmem.models.command import located
from gitmem.models.reply import model_name, printable
from gitmem.models.servers.look import listening
from gitmem.proof import health
from gitmem.sync.push_hook import apply_hook, plan_hook

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from gitmem.bootstrap.settings import SharedSettings
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.clients.abilities import Wiring
    from gitmem.clients.mcp_hosts.host import McpHost
    from gitmem.install.install import InstallPlan
    from gitmem.install.installed import Installed
    from gitmem.sync.push_hook import HookPlan

_DEFAULT = "verbatim"
_TRIES = 3


def init(
    target: Annotated[
        str,
        typer.Option(
            "--target", help="The branch that memory lives on (default: the main branch)."
        ),
    ] = "",
    engine: Annotated[
        str,
        typer.Option(
            "--engine",
            autocompletion=values.engines,
            help="Who judges flags in this clone; kept in git config, asked for if not given.",
        ),
    ] = "",
    auto_memory: Annotated[
        bool | None,
        typer.Option(
            "--auto-memory/--no-auto-memory",
            help="Turn Claude Code's own memory on or off, for you in this repository (default: unchanged).",
        ),
    ] = None,
    statusline: Annotated[
        bool | None,
        typer.Option(
            "--statusline/--no-statusline",
            help="Show what waits below the prompt of Claude Code, for you in this repository.",
        ),
    ] = None,
    auto_close: Annotated[
        bool | None,
        typer.Option(
            "--auto-close/--no-auto-close",
            help="Prepare the review in the background when a session ends; kept in git config.",
        ),
    ] = None,
    ci: Annotated[
        Host | None,
        typer.Option(
            "--ci",
            help="Write what runs `gitmem check` in that CI, and the pre-push hook that shares the "
            "queue; none removes both.",
        ),
    ] = None,
    ci_source: Annotated[
        str,
        typer.Option(
            "--ci-source",
            metavar="SOURCE",
            help="With --ci: what CI installs, `gitmem-cli==VERSION`, `git+URL@COMMIT` or a wheel's "
            "address with its digest (default: what is installed here).",
        ),
    ] = "",
    client: Annotated[
        list[str] | None,
        typer.Option(
            "--client",
            metavar="NAME",
            help="Wire this agent client; can be repeated; all: every one (default: those you use).",
        ),
    ] = None,
    mcp: Annotated[
        list[str] | None,
        typer.Option(
            "--mcp",
            metavar="HOST",
            help="Add the server `gitmem mcp` to the file of this MCP host; can be repeated; all: every one.",
        ),
    ] = None,
    personal: Annotated[
        bool,
        typer.Option(
            "--personal",
            help="With --client: also write what that client needs in your home, so that it runs "
            "`gitmem flag` and `gitmem snag` without asking. With --mcp: the entry of a host that has "
            "its file there.",
        ),
    ] = False,
    mine: Annotated[
        bool,
        typer.Option(
            "--mine",
            help="Instead of wiring this repository, make your own memory, which is read in every one.",
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Wire gitmem into this repository.

    Writes the settings, the managed block and the hooks of your agent clients; a second run changes
    nothing. A client counts as used when its program or its folder is there. In a subfolder it wires
    that folder too, because some clients read shared settings only in the folder where a session
    starts. Nothing outside the repository is written without `--personal`; `--dry-run` shows what would be written.

    On a terminal it asks once which clients to wire if there are several, who judges the flags
    (verbatim, anthropic, or a program with its own login), and whether the end of a session
    prepares the review. It keeps the last two answers in `git config gitmem.engine` and
    `gitmem.autoClose` of this clone, never in a file of the repository.

    --mcp gives a host of the Model Context Protocol the tools flag, snag, recall and status. It is
    for hosts without hooks, and adds to the hooks of the others. docs/mcp.md lists the hosts; two
    (windsurf, claude-desktop) have their file in your home, and need `--personal`.

    --ci pins the gitmem that is installed here: a release by its version, one from git by its
    commit. One from a folder is pinned to the folder's commit if its remote has it. If gitmem can
    tell none of these, name the source with --ci-source.

    --mine makes a repository of your own below your home, for what is true of you and not of a
    repository, and writes a block into your own instruction file of each client (or of each --client):
    ~/.claude/CLAUDE.md, ~/.codex/AGENTS.md and so on. `gitmem --mine accept` keeps the block up to date.

    \b
    Examples: gitmem init
              gitmem init --client codex --client gemini
              gitmem init --mcp cursor --mcp zed
              gitmem init --mcp claude-desktop --personal
              gitmem init --mcp all --dry-run
              gitmem init --ci github
              gitmem init --mine
    """
    if mine or working_in_mine():
        beside = {
            "--target": target or None,
            "--auto-memory": auto_memory,
            "--statusline": statusline,
            "--auto-close": auto_close,
            "--ci": ci,
            "--ci-source": ci_source or None,
            "--mcp": mcp or None,
            "--personal": personal or None,
        }
        own_memory.refuse_beside("init", beside)
        own_memory.init_mine(client or [], engine, dry_run=dry_run, json=json)
        return
    place = surroundings.here()
    environ = dict(surroundings.ENVIRON)
    if surroundings.agent():
        environ.pop("GITMEM_ENGINE", None)  # a repository's settings can set it
    with suppress(Refused):
        engine_name(place, engine, environ)  # an unknown name stops here
    chosen = chosen_settings(place, target)
    silent = dry_run or json
    source = _ci_source(place, ci, ci_source)
    hosts = client_choice.chosen_hosts(place, mcp or [], personal=personal)
    clients = client_choice.chosen(place, client or [], silent=silent)
    plan = plan_wiring(
        place,
        chosen,
        clients=clients,
        hosts=hosts,
        auto_memory=auto_memory,
        status_line=statusline,
        ci=ci,
        ci_source=source,
    )
    own = personal_files.PersonalWriting(
        place,
        client or [],
        clients,
        hosts=hosts,
        wanted=personal,
        dry_run=dry_run,
        beside=plan.changes,
    )
    hook = _planned_hook(place, ci)
    wanted = engine or _asked(place, silent=silent)
    if auto_close is None:
        auto_close = _asked_auto_close(place, silent=silent)
    if not dry_run:
        write_wiring(place, plan)
        if hook:
            apply_hook(hook)
        own.write()
        # A branch without the settings file, forked before this, has the same target.
        if place.kept("target") != chosen.target:
            place.keep("target", chosen.target or "")
        if wanted and wanted != place.kept("engine"):
            place.keep("engine", wanted)
        if auto_close is not None and _said(auto_close) != place.kept("autoClose"):
            place.keep("autoClose", _said(auto_close))
    by_itself = place.own_yes("autoClose") if auto_close is None else auto_close
    name, why = _engine(place, wanted if dry_run else "", environ)
    shown = own.with_plan(_with_hook(plan, hook))
    if json:
        paths = [change.path for change in shown.changes]
        notes = list(shown.notes)
        settings = {"target": chosen.target, "engine": name, "auto_close": by_itself}
        named = [host.name for host in hosts]
        pinned = {"ci_source": source.source.requirement} if source else {}
        render.as_json({"changed": paths, "notes": notes, "mcp": named, **settings, **pinned})
        return
    where = f"memory will live on {chosen.target}, in {chosen.folder}/"
    if place.configured and place.configured != chosen.target:
        where = f"the target changes from {place.configured} to {chosen.target}\n{where}"
    engine_line = f"engine {name} ({why}); to change it: gitmem init --engine NAME"
    said = (
        engine_line,
        _auto_close_line(by_itself),
        *_memory_lines(clients, auto_memory),
        *_status_lines(clients, statusline),
        *([f"CI installs {source.source.requirement}"] if source else []),
        *_hook_line(hook, ci),
        *_host_lines(hosts),
    )
    _print(shown, where, said, dry_run=dry_run, commits=bool(plan.changes))


def _ci_source(place: Workplace, ci: Host | None, given: str) -> Installed | None:
    """Return where CI gets gitmem; None where no file of CI is written."""
    if ci in (None, Host.NONE):
        if given:
            raise UsageError(
                "--ci-source is for the files of a CI, and none is written",
                hint="add --ci github or --ci gitlab",
            )
        return None
    asks = installed.Asks(environ=surroundings.ENVIRON, talk=Talk(alone=not render.can_ask()))
    return installed.for_ci(Path(place.repo.top), ci, shipped_ci(), given, asks)


def _with_hook(plan: InstallPlan, hook: HookPlan | None) -> InstallPlan:
    """Return the plan to show: with the hook, a file of this clone outside the work tree."""
    if hook is None:
        return plan
    changes = (*plan.changes, *([hook.change] if hook.change else []))
    return replace(plan, changes=changes, notes=(*plan.notes, *hook.notes))


def _memory_lines(clients: Sequence[Wiring], auto_memory: bool | None) -> list[str]:
    """Return what becomes of each client's own memory, by the option given."""
    lines = []
    for wiring in clients:
        if wiring.own_memory is not None:
            fate = {
                None: "is unchanged; to turn it off: gitmem init --no-auto-memory",
                False: f"is off for you here ({wiring.own_memory.path}: yours, do not commit it)",
                True: "is on again, beside gitmem's",
            }
            lines.append(f"{wiring.title}'s own memory {fate[auto_memory]}")
    return lines


def _status_lines(clients: Sequence[Wiring], on: bool | None) -> list[str]:
    """Return what becomes of the line below each client's prompt, by the option given."""
    fate = {
        None: "can show what waits: gitmem init --statusline",
        True: "shows what waits",
        False: "is not gitmem's any more",
    }
    return [f"{one.title}'s status line {fate[on]}" for one in clients if one.status_line]


def _said(choice: bool) -> str:
    return "true" if choice else "false"


def _auto_close_line(on: bool) -> str:
    if on:
        return "the end of a session prepares the review; to stop that: gitmem init --no-auto-close"
    return "the end of a session prepares nothing; to change that: gitmem init --auto-close"


def _hook_line(hook: HookPlan | None, ci: Host | None) -> tuple[str, ...]:
    """Return a line about other clones: git does not copy hooks, so each clone needs its own."""
    if hook is None or ci is None or hook.change is None or hook.change.after is None:
        return ()
    return (
        f"the pre-push hook is in this clone only; in each other clone: gitmem init --ci {ci.value}",
    )


def _host_lines(hosts: Sequence[McpHost]) -> list[str]:
    """Return what a person should know of each host: its file, what it asks, and what was not tried."""
    lines = []
    for host in hosts:
        said = f"{host.title} starts `gitmem mcp` by {host.place}"
        said += f"; it {host.asks}" if host.asks else ""
        lines.append(
            said + ("" if host.tested else "; untested: the entry follows its documentation")
        )
    return lines


def _print(
    plan: InstallPlan, where: str, chosen: tuple[str, ...], *, dry_run: bool, commits: bool
) -> None:
    if dry_run:
        render.diff(render_diff(plan.changes))
    written.say(plan.changes, written.WRITE, dry_run=dry_run)
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
    """Return the engine of a close and why; print a note when a setting does not count here."""
    try:
        return engine_name(place, asked, environ, client=surroundings.agent())
    except Refused as refused:
        render.note(f"{refused.message}; {refused.hint}")
        return "none", "set it in this clone"


def _asked(place: Workplace, *, silent: bool) -> str:
    """Return a person's answer about the engine; empty when not asked.

    The question is not asked once an engine is configured, or inside an agent client.
    """
    configured = place.counted_personal("engine") or surroundings.ENVIRON.get("GITMEM_ENGINE")
    if silent or configured or surroundings.agent() or not render.can_ask():
        return ""
    return _ask_engine(surroundings.ENVIRON)


def _asked_auto_close(place: Workplace, *, silent: bool) -> bool | None:
    """Return a person's answer about closing automatically; None when not asked.

    With a global setting, the question is still asked once in each repository.
    """
    if silent or place.kept("autoClose") or surroundings.agent() or not render.can_ask():
        return None
    return _ask_auto_close()


def _choices(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the engines to choose from, the default first, and what each one means.

    A program counts when it is in an absolute folder of PATH, where the engine looks for it.
    """
    keys = keys_there(environ)
    ready = {name: f"{key} is in the environment" for name, key in keys.items()}
    messages = ready.get("anthropic", "needs ANTHROPIC_API_KEY")
    choices = {
        _DEFAULT: "no model: flags are filed as written, nothing leaves this machine",
        "anthropic": f"a model of the Messages API; flags go to it; {messages}",
    }
    if "openai" in keys:
        choices["openai"] = (
            f"a model of the Chat Completions API; flags go to it; {ready['openai']}"
        )
    for name, models in listening(environ).items():
        named = (
            model_name(models[0])
            if len(models) == 1
            else f"{len(models)} models; name one as gitmem.model"
        )
        choices[name] = f"a server on this machine, with {printable(named)}; nothing leaves it"
    for name in PRESETS:
        if located(name, environ.get("PATH", "")):
            choices[name] = f"the program {name} with its own login; flags go to its model"
    return choices


def _ask_engine(environ: Mapping[str, str]) -> str:
    """Ask; return the engine's name, or empty without an answer (end of input, no valid one)."""
    offered = _choices(environ)
    names = list(offered)
    render.say("Who judges the flags when a close files them? The choice is yours, for this clone.")
    render.table([(f"  {place}", name, offered[name]) for place, name in enumerate(names, start=1)])
    for _ in range(_TRIES):
        try:
            said = input(f"engine [{_DEFAULT}]: ").strip()
        except EOFError:
            render.say()
            return ""
        if not said:
            return _DEFAULT
        name = client_choice.picked(said, names)
        if name:
            return name
        render.say(f"{said!r} is not one of them; type a number or a name")
    render.say("no engine was chosen; to choose one: gitmem init --engine NAME")
    return ""


def _ask_auto_close() -> bool | None:
    """Ask; return None without an answer (end of input, no valid one)."""
    render.say(
        "Prepare the review in the background when a session ends? It is the close that you would "
        "run yourself, with the same engine; it never lands anything. Recommended."
    )
    for _ in range(_TRIES):
        try:
            said = input("close automatically [yes]: ").strip().lower()
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
    clients: Sequence[Wiring],
    hosts: Sequence[McpHost] = (),
    auto_memory: bool | None = None,
    status_line: bool | None = None,
    ci: Host | None = None,
    ci_source: Installed | None = None,
) -> InstallPlan:
    """Plan the wiring of these clients at the top, in this folder, and in every folder that is wired already.

    ``hosts`` get an entry for the MCP server, at the top.
    """
    current = working()
    inside = install.below(place.repo, current)
    folders = {
        *install.wired_folders(place.repo, current, clients),
        *([inside] if inside else []),
    }
    planned = install.plan_install(
        Path(place.repo.top),
        shipped=shipped(place, chosen, clients, hosts),
        folder=chosen.folder,
        ignored=lambda path: trees.is_ignored(place.repo, path),
        links=trees.unmade_links(place.repo, install.CLAUDE, install.AGENTS),
        options=install.InstallOptions(
            starts=tuple(sorted(folders)),
            auto_memory=auto_memory,
            status_line=status_line,
            ci=ci,
            ci_source=ci_source.source if ci_source else None,
        ),
    )
    told = [
        f"{found.what}; {found.hint}" for found in health.look_at_memory(place.repo, chosen.folder)
    ]
    pinned = ci_source.notes if ci_source else ()
    return replace(planned, notes=(*planned.notes, *pinned, *told))


def _planned_hook(place: Workplace, ci: Host | None) -> HookPlan | None:
    """Plan the pre-push hook for that CI; None when it stays as it is."""
    return plan_hook(place.repo, ci, shipped_ci()) if ci else None


def write_wiring(place: Workplace, planned: InstallPlan) -> None:
    """Write the plan, after recording the present bytes for an uninstall."""
    if planned.changes:
        undo.remember(place.repo.git_dir, planned.changes, planned.switches)
    apply(Path(place.repo.top), planned.changes, staging=place.repo.git_dir)

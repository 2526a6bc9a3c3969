"""`gitmem import`: what is known elsewhere becomes flags."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from gitmem.bootstrap.shipped import wirings
from gitmem.cli import surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.folder import working
from gitmem.cli.reports import imported
from gitmem.clients import registry
from gitmem.importing import plan, reviews, sources
from gitmem.importing.place import ImportPlace, loaded
from gitmem.install.clients import wired
from gitmem.records import snapshot


def import_(
    names: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            help="claude-code, instructions, cursor, memory-bank, claude-mem, reviews, or a Markdown file or folder.",
        ),
    ] = None,
    last: Annotated[
        int,
        typer.Option(
            "--last",
            metavar="N",
            min=1,
            max=reviews.MOST_LAST,
            help="With reviews: how many merged pull requests, the newest first.",
        ),
    ] = reviews.USUAL_LAST,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Flag what is known elsewhere: notes, rules, reviews.

    Without a source it shows what it finds and writes nothing. Each list item or paragraph becomes
    a flag with its source, and the guards of gitmem flag apply. It names what it leaves out: what a
    guard refuses, what memory or a flag has already, and instruction files that a wired client
    loads in every session. The sources stay as they are. Review comments, which gh reads, and
    claude-mem's notes are tainted. The exit code is 6 if something was refused, and 4 if everything
    was.

    \b
    Examples: gitmem import
              gitmem import claude-code docs/decisions --dry-run
    """
    shared = surroundings.here(looks_only=dry_run or not names)
    top = shared.repo.top
    place = ImportPlace(
        repo=shared.repo,
        folder=shared.settings.folder,
        environ=surroundings.ENVIRON,
        cwd=working(),
        loaded=loaded(top, wired(Path(top), wirings())),
    )
    contents = sources.named(place, names, last=last) if names else sources.local(place)
    seen = snapshot.take(shared.repo, shared.configured)
    plans = plan.plan(place, seen, contents)
    kept = []
    if names and not dry_run:
        new = [one for source in plans for one in source.new]
        session = registry.session(surroundings.ENVIRON)
        kept = plan.keep(place, new, session=session, at=surroundings.now())
    plan.taint(place, plans)
    shown = imported.ImportView(overview=not names, dry_run=dry_run, json=json)
    raise typer.Exit(imported.report(plans, kept, shown))

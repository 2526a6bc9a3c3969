"""`gitmem log`: the flags that are queued and where each stands, or what landed; oldest first."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.cli.commands.options import Json, NoPager
from gitmem.cli.reports import log as report


def log(
    number: Annotated[
        int | None,
        typer.Option("-n", "--number", min=1, metavar="N", help="Show only the last N."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also list flags that have landed and are still queued.")
    ] = False,
    landed: Annotated[
        bool,
        typer.Option(
            "--landed", help="List what landed in memory instead: when, and from which flags."
        ),
    ] = False,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="NAME|EMAIL|SESSION",
            help="Show only what this person flagged, dropped or accepted, or that session flagged.",
        ),
    ] = None,
    no_pager: NoPager = False,
    json: Json = False,
) -> None:
    r"""List the queued flags and where each stands.

    The oldest come first. With --landed each row is a line of memory as a close filed it: when it reached the
    target and by whom, the flags behind it. --by takes a part of a name or an address, as git log --author does
    (a regular expression that matches case), or the beginning of a session's id; given more than once, any
    of them fits.

    \b
    Examples: gitmem log --by ada@example.org -n 5
              gitmem log --landed --json
    """
    report.log(
        report.Request(
            number=number,
            everything=everything,
            landed=landed,
            by=by or (),
            as_json=json,
            pager=not no_pager,
        )
    )

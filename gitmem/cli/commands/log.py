"""`gitmem log`: the flags that are queued, oldest first, and where each stands."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.cli.commands.options import Json
from gitmem.cli.reports import log as report


def log(
    number: Annotated[
        int | None,
        typer.Option("-n", "--number", min=1, metavar="N", help="Show only the last N."),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Also list flags that have landed and are still queued.")
    ] = False,
    json: Json = False,
) -> None:
    r"""List the queued flags and where each stands.

    \b
    Examples: gitmem log -n 5
              gitmem log --all --json
    """
    report.log(number=number, everything=everything, as_json=json)

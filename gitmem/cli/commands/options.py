"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.core.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
Diff = Annotated[bool, typer.Option("--diff", help="Show the difference instead of the summary.")]
NoPager = Annotated[bool, typer.Option("--no-pager", help="Print on the terminal; start no pager.")]
Here = Annotated[
    bool,
    typer.Option("--here", help="Commit to the current feature branch instead of a review branch."),
]
All = Annotated[
    bool, typer.Option("--all", help="With --here: also take flags made on other branches.")
]


def refuse_all(*, here: bool, everything: bool) -> None:
    """Raise UsageError for --all without --here, which would mean nothing."""
    if everything and not here:
        raise UsageError(
            "--all works only with --here", hint="without --here a close takes every undrained flag"
        )

"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.core.errors import Usage

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
Here = Annotated[
    bool,
    typer.Option("--here", help="Commit onto the current feature branch instead of a review."),
]
All = Annotated[bool, typer.Option("--all", help="With --here: flags made on other branches, too.")]


def refuse_all(*, here: bool, everything: bool) -> None:
    """Raises Usage for --all without --here, which would mean nothing."""
    if everything and not here:
        raise Usage(
            "--all goes with --here", hint="without --here every undrained flag is taken anyway"
        )

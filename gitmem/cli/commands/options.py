"""Options that several commands share."""

from __future__ import annotations

from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Answer as JSON, for a program.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Show what would happen; write nothing.")]
Here = Annotated[
    bool,
    typer.Option("--here", help="Commit onto the current feature branch instead of a review."),
]

"""`gitmem drop`: a person rejects a flag."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.capture.drop import drop as run_drop
from gitmem.cli import render, surroundings
from gitmem.cli.commands import values
from gitmem.cli.commands.options import DryRun, Json


def drop(
    flag: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The flag's id, or its beginning.", autocompletion=values.queued_ids
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why it must not become memory.")],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Reject a flag: it never becomes memory.

    The next close records it as skipped, with the reason, and files nothing.

    \b
    Examples: gitmem drop t5xq2mzk --reason 'true of one branch only'
              gitmem drop t5xq2mzk --reason 'said twice' --dry-run
    """
    place = surroundings.here()
    done = run_drop(
        place.repo,
        flag,
        reason,
        configured=place.configured,
        at=surroundings.now(),
        dry_run=dry_run,
    )
    if json:
        render.as_json({"id": done.flag.id, "in_review": done.in_review})
        return
    verb = "would drop" if dry_run else "dropped"
    render.say(f"{verb} {done.flag.id}: {done.flag.text}")
    if done.in_review:
        render.say("it is in review; next: gitmem close rebuilds the review without it")
    else:
        render.say("it leaves the queue with the next review; next: gitmem close")

"""`gitmem check`: fail when flags are not drained, for CI and for a person."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from gitmem.check.terms import Scope
from gitmem.cli.commands.options import Json
from gitmem.cli.reports import check as report


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    GITHUB = "github"


def check(
    scope: Annotated[
        Scope | None,
        typer.Option(
            help="branch: flags made on the branch being built. all: every flag. auto: branch on "
            "pull requests, merge groups and pushed branches; all on the target and on schedules."
        ),
    ] = None,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="The branch, if the build machine does not name it.")
    ] = "",
    max_age: Annotated[
        int | None, typer.Option(min=0, metavar="DAYS", help="How old a waiting flag may be.")
    ] = None,
    max_flags: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="How many flags may wait.")
    ] = None,
    allow_in_review: Annotated[
        bool,
        typer.Option(
            "--allow-in-review",
            help="Let flags wait that are in review, or accepted and not pushed.",
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look only at this clone; ask no remote.")
    ] = False,
    shape: Annotated[
        Format, typer.Option("--format", help="github: add annotations and a step summary.")
    ] = Format.TEXT,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Instead, check that every line comes from a record or a person's commit.",
        ),
    ] = False,
    stale: Annotated[
        bool,
        typer.Option("--stale", help="Instead, check that what memory cites exists."),
    ] = False,
    json: Json = False,
) -> None:
    r"""Fail when flags are not drained, for CI.

    Exits with 1 if flags are not drained, and with 5 if it cannot tell. Asks the remote for what
    this clone lacks, and writes nothing. A flag that waits in the spool counts, but not on a build
    machine. `check:` in .gitmem/config.yaml also sets what may wait. --trace and --stale check the
    commit that is checked out instead of the queue.

    In a pre-push hook it checks every flag when the target is pushed, otherwise the flags of the
    pushed branches. Accepted flags that are not pushed yet pass there, as does a push of gitmem's
    own branches.

    \b
    Examples: gitmem check --max-age 7
              gitmem check --scope branch --allow-in-review
    """
    if trace or stale:
        code = report.look(trace=trace, stale=stale, as_json=json)
    else:
        request = report.Request(
            scope=scope,
            branch=branch,
            max_age=max_age,
            max_flags=max_flags,
            allow_in_review=allow_in_review,
            offline=offline,
            annotated=shape is Format.GITHUB,
            as_json=json,
        )
        code = report.check(request)
    if code:
        raise typer.Exit(code)

"""`gitmem recall`: the lines of memory that fit."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import surroundings
from gitmem.cli.commands.options import Json
from gitmem.cli.folder import working
from gitmem.cli.reports import recall as report
from gitmem.core.errors import GitmemError
from gitmem.recall.index import asked
from gitmem.recall.kept_source import remember
from gitmem.records import target
from gitmem.records.target import leading_commit

if TYPE_CHECKING:
    from gitmem.records.target import Target


def recall(
    words: Annotated[
        list[str] | None, typer.Argument(metavar="WORDS", help="What to look for.")
    ] = None,
    path: Annotated[
        str, typer.Option("--path", metavar="P", help="Lines about this file or folder.")
    ] = "",
    command: Annotated[
        str, typer.Option("--command", metavar="C", help="Lines about this command.")
    ] = "",
    most: Annotated[
        int, typer.Option("-n", metavar="N", help="How many lines at most.")
    ] = report.MOST,
    bodies: Annotated[
        bool, typer.Option("--bodies", help="Print what is below a line whole, not its beginning.")
    ] = False,
    json: Json = False,
) -> None:
    r"""Find the lines of memory that fit, best first.

    Searches what has landed on the target branch: topics with the bodies of their lines, rules and open
    items. What is still queued or in review is not searched. Says how often hooks showed each line in this clone.

    \b
    Examples: gitmem recall flaky upload test
              gitmem recall --path src/api/client.py
    """
    request = report.Request(
        words or [], path=path, command=command, most=most, as_json=json, bodies=bodies
    )
    place = surroundings.here(looks_only=True)
    where = target.find(place.repo, place.configured)
    question = request.question(working(), place.repo.top)
    commit, _ = leading_commit(place.repo, where)  # what is accepted counts before it is pushed
    hits, size = asked(
        place.repo,
        commit,
        place.settings.folder,
        lambda index: report.found(index, question, request.most),
    )
    report.show(hits, size, place.repo.folder, request)
    keep_source()


def keep_source() -> None:
    """Keep which index answers, for the warm way (`gitmem.cli.warm`); without it the next answer takes longer."""
    with suppress(GitmemError, OSError):
        remember(surroundings.repository(), _find)


def _find() -> tuple[Target, str, str]:
    place = surroundings.here(looks_only=True)
    where = target.find(place.repo, place.configured)
    return where, leading_commit(place.repo, where)[0], place.settings.folder

"""`gitmem forget`: propose to remove what a flag brought."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands import values
from gitmem.cli.commands.options import DryRun, Json
from gitmem.git import objects
from gitmem.review.forget import ForgetRequest, ForgetResult
from gitmem.review.forget import forget as run_forget

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace


def forget(
    flags: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...", help="The flags' ids, or their beginnings.", autocompletion=values.ids
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="The reason, for the record.")] = "",
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Make a review that removes what a flag brought.

    Every line that comes from it goes, even where a person reworded or moved it, and its guard goes
    too. What other flags said in such a line comes back in their own words. The record is kept.

    \b
    Examples: gitmem forget t5xq2mzk --dry-run
              gitmem forget t5xq2mzk --reason 'the service is gone'
    """
    place = surroundings.here()
    done = run_forget(
        place.repo,
        ForgetRequest(
            flags=tuple(flags),
            configured=place.configured,
            folder=place.settings.folder,
            style=place.settings.commit,
            reason=reason,
            dry_run=dry_run,
        ),
    )
    render.notes(done.notes)
    if json:
        render.as_json(_answer(done))
    else:
        _print(place, done, dry_run=dry_run)


def _answer(done: ForgetResult) -> dict[str, object]:
    return {
        "flags": [flag.id for flag in done.flags],
        "branch": "gitmem/drain",
        "commit": done.commit or None,
        "taken": [
            {
                "file": one.file,
                "line": one.item.first,
                "text": one.item.text,
                "instead": one.instead,
            }
            for one in done.taken
        ],
        "restored": [
            {"id": one.flag.id, "file": one.file, "line": one.line} for one in done.restored
        ],
        "guards": done.guards,
        "notes": list(done.notes),
    }


def _print(place: Workplace, done: ForgetResult, *, dry_run: bool) -> None:
    if done.commit:
        render.diff(objects.diff_for_person(place.repo, done.base, done.commit))
        render.say()
    verb = "would remove" if dry_run else "removes"
    for one in done.taken:
        render.say(f"{verb} {one.file}:{one.item.first}  {one.item.text}")
        for line in one.instead:
            render.say(f"  and restores: {line}")
    if done.guards:
        render.say(f"{verb} {render.count(done.guards, 'guard')}")
    ids = ", ".join(flag.id for flag in done.flags)
    if dry_run:
        render.say("nothing was written")
    else:
        render.say(f"forgets {ids} -> gitmem/drain {done.commit[:12]}")
        render.say("next: gitmem review, then gitmem accept (or gitmem discard)")

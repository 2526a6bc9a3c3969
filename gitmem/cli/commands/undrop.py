"""`gitmem undrop`: a person takes a drop back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.capture.undrop import undrop as run_undrop
from gitmem.cli import render, surroundings
from gitmem.cli.commands import values
from gitmem.cli.commands.options import DryRun, Json

if TYPE_CHECKING:
    from gitmem.capture.undrop import Undropped


def undrop(
    flags: Annotated[
        list[str],
        typer.Argument(
            metavar="ID...",
            help="The flags' ids, or their beginnings.",
            autocompletion=values.ids,
        ),
    ],
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Take a drop back: the flag is queued again.

    The next close files it. A flag that is not dropped stays as it is; of several flags all are queued again,
    or none. Where the drop has landed, the flag's words come back as a new flag that names the old one.

    \b
    Examples: gitmem undrop t5xq2mzk
              gitmem undrop t5xq2mzk h3vn6ycs --dry-run
    """
    place = surroundings.here()
    done = run_undrop(
        place.repo,
        flags,
        configured=place.configured,
        at=surroundings.now(),
        dry_run=dry_run,
    )
    render.notes(done.notes)
    if json:
        render.as_json([_answer(one, dry_run=dry_run) for one in done.flags])
        return
    for one in done.flags:
        _say(one, "would queue" if dry_run else "queued", dry_run=dry_run)
    again = [one for one in done.flags if one.dropped]
    if any(one.in_review for one in again):
        render.say("the review skips it; next: gitmem close rebuilds the review")
    elif again and all(one.filed for one in again):
        render.say("the review files it; next: gitmem review")
    elif again:
        render.say("next: gitmem close")


def _say(one: Undropped, verb: str, *, dry_run: bool) -> None:
    words = render.words(one.flag)
    if one.edited and one.fresh is not None:
        render.say(f"{one.flag.id} is {one.fresh.id} now; nothing to do")
    elif one.since and one.fresh is not None:
        render.say(f"{one.flag.id} was queued again as {one.fresh.id}; nothing to do")
    elif not one.dropped:
        render.say(f"{one.flag.id} is not dropped; nothing to do")
    elif one.fresh is not None:
        new = "" if dry_run else f" as {one.fresh.id}"
        render.say(f"{verb} {one.flag.id} again{new}, because its drop has landed: {words}")
    else:
        render.say(f"{verb} {one.flag.id} again: {words}")


def _answer(one: Undropped, *, dry_run: bool) -> dict[str, object]:
    kept = one.fresh is not None and not (dry_run and not one.since)
    return {
        "id": one.flag.id,
        "queued_again": one.dropped,
        "in_review": one.in_review,
        "as": one.fresh.id if kept and one.fresh is not None else None,
    }

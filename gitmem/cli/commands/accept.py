"""`gitmem accept`: land the review locally."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.core.errors import Refused
from gitmem.git import personal, repository
from gitmem.recall import view_file
from gitmem.review.accept import AcceptResult
from gitmem.review.accept import accept as run_accept

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace


def accept(
    tainted: Annotated[
        bool,
        typer.Option(
            "--tainted",
            help="Land tainted lines that become instructions, too: you have read them.",
        ),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Land the review on the local target branch.

    A work tree that has the branch checked out follows it; local edits, untracked and ignored files
    are never overwritten. This is a person's command: inside an agent session it is refused unless
    `git config gitmem.acceptInAgent true` is set, and `--tainted` is always refused there.

    \b
    Examples: gitmem accept --dry-run
              gitmem accept
    """
    place = surroundings.here()
    client = surroundings.agent()
    if client and not dry_run and (tainted or not _allowed(place)):
        raise Refused(
            f"accept{' --tainted' if tainted else ''} is a person's command, and this runs inside "
            f"{client}",
            hint="look at the review with gitmem review, then run gitmem accept in your own terminal",
        )
    done = run_accept(
        place.repo,
        configured=place.configured,
        folder=place.settings.folder,
        dry_run=dry_run,
        tainted=tainted,
    )
    if not dry_run:
        with suppress(OSError):  # hooks then show nothing, and make the view themselves
            view_file.refresh(place.repo)
    render.notes(done.notes)
    written: list[str] = []
    if not dry_run and repository.is_mine(place.repo):
        from gitmem.cli.commands import own_memory  # loads every engine and every client

        written, notes = own_memory.refreshed(place)
        render.notes(notes)
    if json:
        render.as_json(
            {
                "target": done.target,
                "commit": done.commit,
                "flags": list(done.flags),
                "rebuilt": done.rebuilt,
                "queue_gone": done.queue_gone,
                "undrained": done.waiting,
                "pushed": done.pushed,
                **({"forgotten": list(done.forgotten)} if done.forgotten else {}),
                **({"changed": written} if written else {}),
            }
        )
        return
    _print(done, dry_run=dry_run)
    for path in written:
        render.say(f"wrote {path}")


def _allowed(place: Workplace) -> bool:
    """Return whether agents may accept. Raises Refused when only a file outside the clone says so."""
    return personal.yes(place.personal("acceptInAgent"))


def _print(done: AcceptResult, *, dry_run: bool) -> None:
    verb = "would land" if dry_run else "landed"
    parts = [render.count(len(done.flags), "flag")] if done.flags else []
    parts += [f"{render.count(len(done.forgotten), 'flag')} forgotten"] if done.forgotten else []
    if parts:
        render.say(f"{verb} on {done.target} {done.commit[:12]}: {', '.join(parts)}")
    else:
        render.say(f"everything in review has already landed on {done.target}")
    if done.rebuilt:
        render.say(f"{done.target} had moved; the review was rebuilt on top of it")
    if dry_run:
        render.say("nothing was written")
    elif not done.pushed:
        render.say(
            f"it counts as {'drained' if done.flags else 'forgotten'} once it is on "
            f"{' and '.join(done.lacks)}; next: {done.run}"
        )
    elif done.queue_gone:
        render.say("the queue is empty; its branch is gone")
    elif done.waiting:
        render.say(f"{render.count(done.waiting, 'flag')} undrained; next: gitmem close")

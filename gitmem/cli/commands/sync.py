"""`gitmem sync`: share the queue with other clones through the configured remote."""

from __future__ import annotations

from typing import Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.cli.progress import git_speaks
from gitmem.core.errors import Refused
from gitmem.git import network
from gitmem.git.network import Declined, NotReached
from gitmem.sync.sync import RewriteChoice, SyncRequest, SyncResult
from gitmem.sync.sync import sync as run_sync


def sync(
    rewritten: Annotated[
        RewriteChoice,
        typer.Option(
            help="If the remote's queue was rewritten: stop, keep this clone's queue, or take the "
            "remote's. A person decides.",
        ),
    ] = RewriteChoice.STOP,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Share the queue through the remote, both ways.

    Fetches the queue and the target, unites both queues by flag id, prunes what has landed, and
    pushes `gitmem/queue`, never by force. Flags are safe in this clone, whatever the remote says. In a hook that gitmem's own push starts, it does
    nothing and exits with 0.

    \b
    Examples: gitmem sync
              gitmem sync --dry-run
    """
    place = surroundings.here()
    if network.is_own_push(place.repo, surroundings.ENVIRON):
        _within_push(json=json)
        return
    client = surroundings.agent()
    if rewritten is not RewriteChoice.STOP and client and not dry_run:
        raise Refused(
            f"--rewritten is a person's decision, and this runs inside {client}",
            hint="run it in your own terminal",
        )
    wanted = SyncRequest(
        configured=place.configured,
        rewritten=rewritten,
        dry_run=dry_run,
        hears=git_speaks(silent=json),
    )
    try:
        done = run_sync(place.repo, wanted)
    except (NotReached, Declined) as error:
        safe = "until then the flags are safe in this clone"
        error.hint = f"{error.hint}; {safe}" if error.hint else safe
        raise
    render.notes(done.notes)
    render.aside(done.aside)
    if json:
        render.as_json(_answer(done))
        return
    _print(done, dry_run=dry_run)


def _answer(done: SyncResult) -> dict[str, object]:
    return {
        "remote": done.remote or None,
        "received": list(done.received),
        "sent": list(done.sent),
        "pruned": list(done.pruned),
        "queue": done.tip or None,
        "pushes": done.tries,
        "backups": list(done.backups),
        "aside": list(done.aside),
    }


def _within_push(*, json: bool) -> None:
    """Print the answer in a hook of gitmem's own push: the sync that pushes is still running."""
    if json:
        render.as_json(_answer(SyncResult(remote="")))
    else:
        render.say("this push is gitmem's own; there is nothing to sync")


def _print(done: SyncResult, *, dry_run: bool) -> None:
    would = "would be " if dry_run else ""
    parts = [
        f"{render.count(len(ids), 'flag')} {would}{verb}"
        for ids, verb in ((done.received, "received"), (done.sent, "sent"))
        if ids
    ]
    if done.pruned:
        parts.append(f"{render.count(len(done.pruned), 'landed flag')} {would}taken out")
    render.say(f"{done.remote}: {', '.join(parts) or 'nothing new on either side'}")
    for ref in done.backups:
        render.say(f"backup of the queue before: {ref}")
    if dry_run:
        render.say("nothing was written")

"""`gitmem discard`: take the review back."""

from __future__ import annotations

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.engine.review import discard as run_discard


def discard(dry_run: DryRun = False, json: Json = False) -> None:
    """Take the review back; nothing is lost.

    Its flags are undrained again. The queue is not touched.
    """
    place = surroundings.here()
    done = run_discard(place.repo, place.configured, dry_run=dry_run)
    if json:
        render.as_json({"commit": done.tip, "flags": list(done.flags)})
        return
    verb = "would be" if dry_run else "is" if len(done.flags) == 1 else "are"
    render.say(f"gitmem/drain was {done.tip}")
    render.say(
        f"{render.count(len(done.flags), 'flag')} {verb} undrained again; next: gitmem close"
    )

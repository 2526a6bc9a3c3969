"""`gitmem discard`: discard the review."""

from __future__ import annotations

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.review.review import discard as run_discard


def discard(dry_run: DryRun = False, json: Json = False) -> None:
    r"""Discard the review; nothing is lost.

    Its flags are undrained again. The queue does not change.

    \b
    Examples: gitmem discard --dry-run
              gitmem discard
    """
    place = surroundings.here()
    done = run_discard(place.repo, place.configured, dry_run=dry_run)
    if json:
        kept = {"kept": list(done.kept)} if done.kept else {}
        render.as_json({"commit": done.tip, "flags": list(done.flags), **kept})
        return
    render.say(f"gitmem/drain was {done.tip}")
    if done.kept:
        verb = "would not be" if dry_run else "is not" if len(done.kept) == 1 else "are not"
        render.say(
            f"{render.count(len(done.kept), 'flag')} {verb} forgotten: {', '.join(done.kept)}"
        )
    if done.flags or not done.kept:
        verb = "would be" if dry_run else "is" if len(done.flags) == 1 else "are"
        number = render.count(len(done.flags), "flag")
        render.say(f"{number} {verb} undrained again; next: gitmem close")

"""`gitmem review`: look at what the review branch would change."""

from __future__ import annotations

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.engine import review as reviews
from gitmem.store import display


def review(json: Json = False) -> None:
    """Show what is in review: the difference, and where every line comes from."""
    place = surroundings.here()
    found = reviews.read(place.repo, place.configured)
    if json:
        render.as_json(
            {
                "branch": "gitmem/drain",
                "commit": found.tip,
                "base": found.base or None,
                "outcomes": [
                    {
                        "id": item.flag.id,
                        "outcome": item.fate.value,
                        "file": item.file or None,
                        "line": item.line or None,
                        "survivor": item.survivor or None,
                        "reason": item.reason or None,
                        "by": item.flag.by,
                        "session": item.flag.session or None,
                        "verbatim": item.verbatim,
                        "tainted": item.flag.tainted,
                    }
                    for item in found.outcomes
                ],
            }
        )
        return
    render.raw(display.diff(place.repo, found.base, found.tip, color=render.colour()))
    render.say()
    render.table(
        [
            (
                item.flag.id,
                item.fate.value,
                "verbatim" if item.verbatim else "reworded",
                item.flag.by,
                item.file or item.reason or "",
            )
            for item in found.outcomes
        ]
    )
    render.say("next: gitmem accept lands it, gitmem discard takes it back,")
    render.say("      gitmem drop ID --reason '…' and gitmem close leave a flag out")

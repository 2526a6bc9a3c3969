"""`gitmem loops`: every snag, the edit that closed it, and whether it came back."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.core import quantities
from gitmem.loops import loops as engine
from gitmem.loops.recurrence import LoopState, recurrence_note

if TYPE_CHECKING:
    from gitmem.loops.loops import LoopReport
    from gitmem.loops.recurrence import FlagEntry

_SESSION = 8  # characters of a session's id that are shown


def loops(json: Json = False) -> None:
    r"""Show which snags are closed, and which came back.

    Snags that came back come first, with the place of their next fix. Writes nothing.

    \b
    Examples: gitmem loops
              gitmem loops --json
    """
    place = surroundings.here()
    reports = engine.read_loops(place.repo, place.configured, place.settings.folder)
    flaws = engine.guard_flaws(place.repo, place.configured)
    render.notes([f"not a guard, so it never fires: {flaw}" for flaw in flaws])
    if json:
        render.as_json([_fields(one) for one in reports])
        return
    if not reports:
        render.say("no snag yet: gitmem snag 'what snagged' --better 'the better path'")
        return
    for one in reports:
        _print(one)
    if any(one.queued and not one.waits for one in reports):
        render.say("next: gitmem close")
    elif any(one.loop.proposal for one in reports):
        render.say("next: gitmem review, then gitmem accept")


def _fields(one: LoopReport) -> dict[str, object]:
    """Return one loop for a program; it stays `recurred` while its next edit is in review."""
    loop, edit = one.loop, one.loop.edit or one.loop.proposal
    state = loop.state
    return {
        "snags": [entry.flag.id for entry in loop.opened],
        "target": one.target,
        "state": (LoopState.RECURRED if state is LoopState.REOPENED else state).value,
        "recurrences": [
            {"id": entry.flag.id, "at": entry.flag.at, "session": entry.flag.session or None}
            for entry in loop.again
        ],
        "commit": edit.commit if edit else None,
        "rung": one.climb.rung.value,
        **({"fires": one.fires, "holds": one.holds} if one.guarded else {}),
    }


def _print(one: LoopReport) -> None:
    loop = one.loop
    first = loop.opened[0].flag
    render.say(f"{loop.state.value.replace('_', ' ')}: {first.text}")
    for entry in loop.opened:
        render.say(f"  {_when(entry)}: {entry.flag.better or entry.flag.text}")
    if loop.edit:
        render.say(f"  landed in {loop.edit.commit[:7]}: {loop.file}")
    elif loop.proposal:
        render.say(f"  in review in {loop.proposal.commit[:7]}: {loop.file}")
    elif one.waits:
        render.say(f"  stays in the queue: {one.waits}")
    elif one.queued and not one.back:
        render.say(f"  next edit: {one.climb.rung.value} in {one.climb.file}")
    for entry in loop.again:
        render.say(f"  came back {_when(entry)}: {entry.flag.text}")
    if one.back:
        render.say(f"  {recurrence_note(loop)}")
        verb = "in review" if loop.proposal else "next edit"
        why = f" ({one.climb.remark})" if one.climb.remark else ""
        render.say(f"  {verb}: {one.climb.rung.value} in {one.climb.file}{why}")
    if one.fires:
        since = "" if one.back else ", the snag has not come back"
        held = f", held {render.count(one.holds, 'call')}" if one.holds else ""
        render.say(f"  guard fired {render.count(one.fires, 'time')}{held}{since}")
    elif one.guarded:
        render.say("  guard never matched a call in this clone, so it is unproven")


def _when(entry: FlagEntry) -> str:
    flag = entry.flag
    session = f", session {flag.session[:_SESSION]}" if flag.session else ""
    return f"{flag.id} ({quantities.ago(flag.at, time.time())}{session})"

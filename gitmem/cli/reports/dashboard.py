"""What `gitmem` alone prints in a wired repository: what waits, what is new, what is loaded, what to do next."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from gitmem.cli import render
from gitmem.cli.reports import status
from gitmem.core import quantities
from gitmem.proof.troubles import recent_entries, troubles
from gitmem.records import tidy
from gitmem.records.states import DRAINED
from gitmem.safety.text import cut
from gitmem.sync.remote_queue import unknown_queue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.cli.reports.status import Row
    from gitmem.core.flag import Flag
    from gitmem.records.snapshot import Snapshot

_NEWEST = 3  # flags that are listed
_TEXT = 40  # characters of a flag's text, so that a line of 80 columns holds it
_LATELY = 7 * 24 * 3600  # seconds; what went wrong before is told by `doctor` only
_FIRST = ("in conflict", "in review", "to forget")  # what to do before anything else


def dashboard(place: Workplace) -> int:
    """Print it; return the exit code. Publishes pending flags, as `status` does."""
    now = time.time()
    seen, notes = tidy.settle(place.repo, place.configured)
    render.notes(notes)
    render.aside(seen.aside)
    render.unread(seen.state.damaged)
    waiting = status.rows(place, seen)
    for row in waiting:
        render.say(row.line)
    if not waiting:
        render.say(unknown_queue(place.repo, seen.target) or status.all_drained(seen))
    for said in status.in_own_memory():
        render.say(said)
    newest = _newest(seen)
    if newest:
        render.say()
        render.say("newest flags:")
        render.table(
            [
                (
                    "  " + flag.id,
                    quantities.ago(flag.at, now),
                    flag.kind,
                    cut(render.words(flag), _TEXT),
                )
                for flag in newest
            ]
        )
    told = status.told_of_memory(place, seen)
    wrong = _wrong(place, now)
    if told or wrong:
        render.say()
    for sentence in (*told, *wrong):
        render.say(sentence)
    render.say()
    render.say(f"next: {_next(waiting, wrong=bool(wrong))}")
    return 0


def _newest(seen: Snapshot) -> list[Flag]:
    """Return the newest flags that have not landed, the newest first."""
    flags = {
        flag.id: flag
        for state, those in seen.state.by_state.items()
        if state != DRAINED
        for flag in those
    }
    ordered = sorted(flags.values(), key=lambda flag: quantities.seconds(flag.at) or 0)
    return ordered[: -_NEWEST - 1 : -1]


def _wrong(place: Workplace, now: float) -> list[str]:
    lately = [
        trouble
        for trouble in troubles(recent_entries(place.repo.folder), now)
        if now - (quantities.seconds(trouble.at) or 0) < _LATELY
    ]
    return [f"went wrong: {trouble.said}" for trouble in lately]


def _next(waiting: Sequence[Row], *, wrong: bool) -> str:
    """Return one command: for what must be settled first, else for the first that waits."""
    rows = [row for row in waiting if row.then]
    first = next((row for row in rows if row.state in _FIRST), rows[0] if rows else None)
    if first is not None:
        return first.then.removeprefix("next: ").partition(", ")[0]
    return "gitmem doctor" if wrong else "gitmem flag 'what is durable'"

"""What `gitmem log` prints: the flags that are queued, oldest first, and where each stands."""

from __future__ import annotations

import time

from gitmem.cli import render, surroundings
from gitmem.core import quantities
from gitmem.queue import decisions
from gitmem.records import snapshot
from gitmem.records.states import DRAINED
from gitmem.sync.remote_queue import unknown_queue

_NAME = 20  # characters of an author's name


def log(*, number: int | None, everything: bool, as_json: bool) -> int:
    """Print the queued flags; return the exit code. ``number``: the last so many (None: all)."""
    place = surroundings.here()
    seen = snapshot.take(place.repo, place.configured)
    render.aside(seen.aside)
    dropped = decisions.drops(place.repo)
    where = {flag.id: name for name, flags in seen.state.by_state.items() for flag in flags}
    queue = seen.queue
    clashes = seen.state.conflicts
    render.notes([str(one) for one in clashes.values()])
    known = {**queue.archive.flags, **queue.branch.flags, **queue.journal.flags}
    listed = [
        flag
        for key, flag in known.items()
        if key in where and (everything or where[key] != DRAINED)
    ]
    # The queue has one file for each writer; the clocks of the writers order their flags.
    listed.sort(key=lambda flag: quantities.seconds(flag.at) or 0)
    listed = listed[-number:] if number else listed
    if as_json:
        render.as_json(
            [
                {
                    "id": flag.id,
                    "kind": flag.kind,
                    "text": flag.text,
                    "better": flag.better or None,
                    "body": flag.body or None,
                    "topic": flag.topic or None,
                    "skill": flag.skill or None,
                    "rule": flag.rule or None,
                    "at": flag.at,
                    "by": flag.by,
                    "session": flag.session or None,
                    "branch": flag.branch or None,
                    "state": where[flag.id],
                    "dropped": dropped.get(flag.id),
                    **({"other": clashes[flag.id].other} if flag.id in clashes else {}),
                }
                for flag in listed
            ]
        )
        return 0
    if not listed:
        render.say(unknown_queue(place.repo, seen.target) or "no flag is queued")
        return 0
    now = time.time()
    render.table(
        [
            (
                flag.id,
                quantities.ago(flag.at, now),
                _name(flag.by),
                flag.kind,
                where[flag.id]
                + (", dropped" if flag.id in dropped else "")
                + (", two lines" if flag.id in clashes else ""),
                render.words(flag) + (" [with a body]" if flag.body else ""),
            )
            for flag in listed
        ]
    )
    return 0


def _name(by: str) -> str:
    """Return the author without the address, as git's short log does."""
    return by.partition(" <")[0][:_NAME]

"""`gitmem status`: what waits, where, and what to do next."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.domain import age
from gitmem.engine import ground, tidy
from gitmem.store import drops, target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.domain.flag import Flag
    from gitmem.engine.snapshot import Snapshot


def status(json: Json = False) -> None:
    """Say what waits, and what to do next.

    Undrained, in review, accepted but not pushed; publishes what is pending.
    """
    place = surroundings.here()
    seen, notes = tidy.settled(place.repo, place.configured)
    render.notes(notes)
    if json:
        waiting = len(ground.to_forget(place.repo, seen.target))
        render.as_json({**_answer(seen), **({"to_forget": waiting} if waiting else {})})
        return
    render.notes([f"a line that cannot be read: {line}" for line in seen.state.damaged])
    _print(place, seen)


def _answer(seen: Snapshot) -> dict[str, object]:
    state = seen.state
    flags = state.undrained
    return {
        "undrained": len(flags) + len(state.unreadable),
        "in_review": len(state.in_review),
        "accepted": len(state.accepted),
        "journaled": len(state.journaled),
        "oldest": age.oldest([flag.at for flag in flags]) or None,
        "sessions": _sessions(flags),
        "by_kind": dict(Counter(flag.kind for flag in flags)),
        "queue": seen.queue.tip or None,
        "target": seen.target.name,
        "damaged": [str(line) for line in state.damaged],
    }


def _print(place: Workplace, seen: Snapshot) -> None:
    state = seen.state
    rows = []
    if state.undrained or state.unreadable:
        number = len(state.undrained) + len(state.unreadable)
        rows.append((str(number), "undrained", _about(state.undrained), "next: gitmem close"))
    if state.proposed:
        reasons = drops.reasons(place.repo)
        dropped = [flag for flag in state.proposed if flag.id in reasons]
        about = _about(state.proposed) + (f"; {len(dropped)} dropped since" if dropped else "")
        then = "next: gitmem close" if dropped else "next: gitmem review, gitmem accept"
        rows.append((str(len(state.proposed)), "in review", about, then))
    forgotten = ground.to_forget(place.repo, seen.target)
    if forgotten:
        then = "next: gitmem review, gitmem accept"
        rows.append((str(len(forgotten)), "to forget", "in review", then))
    if state.carried:
        names = ", ".join(target.carriers(place.repo))
        about = f"by {names}"
        rows.append((str(len(state.carried)), "carried", about, f"next: land {names}"))
    if state.accepted:
        about = f"on {seen.target.name}, not on {_short(seen.target.upstream_ref)}"
        first = "git pull, then " if ground.newest(place.repo, seen.target)[1] else ""
        rows.append((str(len(state.accepted)), "accepted", about, f"next: {first}git push"))
    if state.journaled:
        rows.append((str(len(state.journaled)), "in the journal only", "", ""))
    if rows:
        render.table(rows)
    else:
        render.say(f"everything is drained into {_short(seen.target.deciding_ref)}")
        if seen.queue.tip:
            render.say("the next gitmem close takes the queue branch away")
    if not place.wired:
        render.say("gitmem is not wired here; next: gitmem init")


def _about(flags: Sequence[Flag]) -> str:
    kinds = Counter(flag.kind for flag in flags)
    parts = [", ".join(render.count(number, kind) for kind, number in kinds.most_common())]
    first = age.oldest([flag.at for flag in flags])
    if first:
        parts.append(f"oldest {age.ago(first, time.time())}")
    sessions = _sessions(flags)
    if sessions:
        parts.append(render.count(len(sessions), "session"))
    return "; ".join(part for part in parts if part)


def _sessions(flags: Sequence[Flag]) -> list[str]:
    return sorted({flag.session for flag in flags if flag.session})


def _short(ref: str) -> str:
    return ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")

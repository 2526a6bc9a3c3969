"""`gitmem status`: what waits, where, and what to do next."""

from __future__ import annotations

import time
from collections import Counter
from typing import TYPE_CHECKING

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.domain import age
from gitmem.engine import tidy

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.domain.flag import Flag
    from gitmem.engine.snapshot import Snapshot


def status(json: Json = False) -> None:
    """Say what is undrained, in review, and accepted but not pushed; publish what is pending."""
    place = surroundings.here()
    seen, notes = tidy.settled(place.repo, place.configured)
    render.notes(notes)
    if json:
        render.as_json(_answer(seen))
        return
    render.notes([f"a line that cannot be read: {line}" for line in seen.state.damaged])
    _print(seen)


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


def _print(seen: Snapshot) -> None:
    state = seen.state
    rows = []
    if state.undrained or state.unreadable:
        number = len(state.undrained) + len(state.unreadable)
        rows.append((str(number), "undrained", _about(state.undrained), "next: gitmem close"))
    proposed = len(state.in_review) - len(state.carried)
    if proposed:
        rows.append((str(proposed), "in review", "", "next: gitmem review, gitmem accept"))
    if state.carried:
        rows.append((str(len(state.carried)), "carried", "by a feature branch", "next: land it"))
    if state.accepted:
        about = f"on {seen.target.name}, not on {_short(seen.target.upstream_ref)}"
        rows.append((str(len(state.accepted)), "accepted", about, "next: git push"))
    if state.journaled:
        rows.append((str(len(state.journaled)), "in the journal only", "", ""))
    if rows:
        render.table(rows)
    else:
        render.say(f"everything is drained into {_short(seen.target.deciding_ref)}")


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

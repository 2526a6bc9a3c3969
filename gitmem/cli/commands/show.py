"""`gitmem show`: what became of a flag."""

from __future__ import annotations

import json as jsons
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.cli.commands.why import flag_lines, since
from gitmem.records.drain_record import Fate
from gitmem.records.states import UNDRAINED
from gitmem.trace.became import Became, Now
from gitmem.trace.show import Fared, Shown
from gitmem.trace.show import show as run_show

if TYPE_CHECKING:
    from collections.abc import Iterator


def show(
    flag: Annotated[str, typer.Argument(metavar="ID", help="The flag's id, or its beginning.")],
    json: Json = False,
) -> None:
    """Say what became of a flag.

    Queued, in review, landed and where, merged, superseded, folded, skipped, dropped, forgotten.
    """
    place = surroundings.here()
    found = run_show(place.repo, flag, configured=place.configured, folder=place.settings.folder)
    if json:
        render.as_json(_answer(found))
        return
    for said in flag_lines(found.flag):
        render.say(said)
    for said in _story(found):
        render.say("  " + said)


def _answer(found: Shown) -> dict[str, object]:
    return {
        "flag": jsons.loads(found.flag.line),
        "state": found.state,
        "dropped": found.dropped,
        "archived": found.archived,
        "on": found.ref or None,
        "outcomes": [_outcome(fared) for fared in found.fared],
    }


def _outcome(fared: Fared) -> dict[str, object]:
    outcome, filed = fared.filed.outcome, fared.filed
    return {
        "outcome": outcome.fate.value,
        "file": outcome.file or None,
        "line": outcome.line or None,
        "survivor": outcome.survivor or None,
        "reason": outcome.reason or None,
        "drain": filed.drain,
        "engine": filed.engine or None,
        "model": filed.model or None,
        "commit": fared.commit.oid if fared.commit else None,
        "now": [
            {
                "is": became.now.value,
                "file": became.file or None,
                "line": became.number or None,
                "text": became.text or None,
                "flags": [later.outcome.flag.id for later in became.later],
                "commit": became.commit.oid if became.commit else None,
            }
            for became in fared.became
        ],
    }


def _story(found: Shown) -> Iterator[str]:
    where = ", archived" if found.archived else ""
    yield f"state: {found.state}{where}" + (f" (read on {found.ref})" if found.ref else "")
    if found.dropped is not None:
        yield f"dropped: {found.dropped}"
    if found.state == UNDRAINED and not found.fared:
        yield "it waits in the queue; next: gitmem close"
    for fared in found.fared:
        yield from _fared(fared)


def _fared(fared: Fared) -> Iterator[str]:
    filed, outcome = fared.filed, fared.filed.outcome
    how = f"engine {filed.engine}" + (f", model {filed.model}" if filed.model else "")
    into = f" in {outcome.file}" if outcome.file else ""
    yield f"{outcome.fate.value}{into} by drain {filed.drain} ({how})"
    if outcome.reason:
        yield f"  because: {outcome.reason}"
    yield (
        f"  review commit{since(fared.commit)}"
        if fared.commit
        else ("  review commit: not in this clone's history")
    )
    if outcome.line and not outcome.verbatim:
        yield f"  as: {outcome.line}"
    if outcome.survivor:
        yield f"  {_survivor(outcome.fate)}: {outcome.survivor}"
    for became in fared.became:
        yield f"  now: {_now(became)}"


def _survivor(fate: Fate) -> str:
    return "the same as" if fate is Fate.DUPLICATE else "in the place of"


def _now(became: Became) -> str:
    place = f"{became.file}:{became.number}"
    match became.now:
        case Now.THERE:
            said = place
        case Now.MOVED:
            said = f"{place}, moved there by hand"
        case Now.REWORDED:
            said = f"{place}, changed by hand{since(became.commit)}; it reads: {became.text}"
        case Now.REPLACED:
            later = became.later[0]
            ids = ", ".join(one.outcome.flag.id for one in became.later)
            said = f"replaced by drain {later.drain} (flag {ids}): {later.outcome.line}"
        case Now.REMOVED:
            said = f"taken out{since(became.commit)}"
        case Now.FORGOTTEN:
            said = f"forgotten by {became.later[0].drain}"
        case Now.MISSING:
            said = "not there, and no commit took it out"
        case Now.UNKNOWN:
            said = "not there; which commit took it out cannot be known in a shallow clone"
        case _:
            assert_never(became.now)
    return said

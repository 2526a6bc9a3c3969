"""`gitmem show`: what became of a flag."""

from __future__ import annotations

import json as jsons
from typing import TYPE_CHECKING, Annotated, assert_never

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands import values
from gitmem.cli.commands.options import Json
from gitmem.cli.commands.why import decision_lines, flag_lines, since
from gitmem.queue import decisions
from gitmem.records.drain_record import Fate
from gitmem.records.states import DRAINED, UNDRAINED
from gitmem.trace.line_fate import FlagStory, LineFate, LineState, OutcomeStory, flag_story

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from gitmem.queue.decisions import Decision
    from gitmem.trace.filings import SettledItem


def show(
    flag: Annotated[
        str,
        typer.Argument(
            metavar="ID", help="The flag's id, or its beginning.", autocompletion=values.ids
        ),
    ],
    json: Json = False,
) -> None:
    r"""Say what became of a flag.

    It may be queued, in review, landed (and where), merged, superseded, folded, skipped, dropped or
    forgotten.

    \b
    Examples: gitmem show t5xq2mzk
              gitmem show t5xq2mzk --json
    """
    place = surroundings.here()
    story = flag_story(place.repo, flag, configured=place.configured, folder=place.settings.folder)
    decided = decisions.dropping(place.repo).get(story.flag.id, [])
    if json:
        made = {"decisions": [one.answer for one in decided]} if decided else {}
        render.as_json({**_answer(story), **made})
        return
    for said in flag_lines(story.flag):
        render.say(said)
    for said in _story(story, decided):
        render.say("  " + said)


def _answer(story: FlagStory) -> dict[str, object]:
    return {
        "flag": jsons.loads(story.flag.line),
        "state": story.state,
        "dropped": story.dropped,
        **({"later": story.later} if story.later else {}),
        "archived": story.archived,
        "on": story.ref or None,
        "outcomes": [_outcome(told) for told in story.outcomes],
        "settled": [
            {"file": one.item.file, "item": one.item.line, "drain": one.drain}
            for one in story.settled
        ],
    }


def _outcome(told: OutcomeStory) -> dict[str, object]:
    outcome, filed = told.filed.outcome, told.filed
    return {
        "outcome": outcome.fate.value,
        "file": outcome.file or None,
        "line": outcome.line or None,
        "survivor": outcome.survivor or None,
        "also": [*outcome.also],
        "reason": outcome.reason or None,
        "drain": filed.drain,
        "engine": filed.engine or None,
        "model": filed.model or None,
        "commit": told.commit.oid if told.commit else None,
        "now": [
            {
                "is": fate.state.value,
                "file": fate.file or None,
                "line": fate.number or None,
                "text": fate.text or None,
                "flags": [
                    *[later.outcome.flag.id for later in fate.later],
                    *(fate.settled.item.flags if fate.settled else ()),
                ],
                "commit": fate.commit.oid if fate.commit else None,
            }
            for fate in told.lines
        ],
    }


def _story(story: FlagStory, decided: Sequence[Decision]) -> Iterator[str]:
    where = ", archived" if story.archived else ""
    yield f"state: {story.state}{where}" + (f" (read on {story.ref})" if story.ref else "")
    if story.dropped is not None:
        yield f"dropped: {story.dropped}"
    if len(decided) > 1:
        yield from decision_lines(decided)
    if story.later:
        skipped = story.state == DRAINED and story.outcomes[-1].filed.outcome.reason
        edited = not skipped or skipped.startswith("edited: ")
        yield f"edited: it is {story.later} now" if edited else f"queued again as {story.later}"
    elif story.state == UNDRAINED and not story.outcomes:
        yield "it waits in the queue; next: gitmem close"
    for told in story.outcomes:
        yield from _told(told)
    for settled in story.settled:
        yield f"settled an open item of {settled.item.file} by drain {settled.drain}:"
        yield f"  {settled.item.line}"


def _told(told: OutcomeStory) -> Iterator[str]:
    filed, outcome = told.filed, told.filed.outcome
    how = f"engine {filed.engine}" + (f", model {filed.model}" if filed.model else "")
    into = f" in {outcome.file}" if outcome.file else ""
    yield f"{outcome.fate.value}{into} by drain {filed.drain} ({how})"
    if outcome.reason:
        yield f"  because: {outcome.reason}"
    yield (
        f"  review commit{since(told.commit)}"
        if told.commit
        else ("  review commit: not in this clone's history")
    )
    if outcome.line and not outcome.verbatim:
        yield f"  as: {outcome.line}"
    if outcome.survivor:
        yield f"  {_survivor(outcome.fate)}: {outcome.survivor}"
    for line in outcome.also:
        yield f"  and of: {line}"
    for fate in told.lines:
        yield f"  now: {_now(fate)}"


def _survivor(fate: Fate) -> str:
    return "the same as" if fate is Fate.DUPLICATE else "in the place of"


def _settling(settled: SettledItem) -> str:
    return f"settled by flag {', '.join(settled.item.flags)}, drain {settled.drain}"


def _now(fate: LineFate) -> str:
    place = f"{fate.file}:{fate.number}"
    match fate.state:
        case LineState.THERE:
            said = place
        case LineState.MOVED:
            who = f"drain {fate.later[0].drain}" if fate.later else "hand"
            said = f"{place}, moved there by {who}"
        case LineState.SETTLED:
            said = _settling(fate.settled) if fate.settled else "settled"
        case LineState.REWORDED:
            said = f"{place}, changed by hand{since(fate.commit)}; it reads: {fate.text}"
        case LineState.REPLACED:
            later = fate.later[0]
            ids = ", ".join(one.outcome.flag.id for one in fate.later)
            said = f"replaced by drain {later.drain} (flag {ids}): {later.outcome.line}"
        case LineState.REMOVED:
            said = f"taken out{since(fate.commit)}"
        case LineState.FORGOTTEN:
            said = f"forgotten by {fate.later[0].drain}"
        case LineState.MISSING:
            said = "not there, and no commit took it out"
        case LineState.UNKNOWN:
            said = "not there; which commit took it out cannot be known in a shallow clone"
        case _:
            assert_never(fate.state)
    return said

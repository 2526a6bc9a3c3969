"""`gitmem review`: show what the review branch would change."""

from __future__ import annotations

import time
from contextlib import closing
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json, NoPager
from gitmem.cli.reports import arrival, changes, traces
from gitmem.cli.terminal.paged import Paged
from gitmem.core.errors import UsageError
from gitmem.drain.gate import instructing
from gitmem.git import objects
from gitmem.loops import flag_history, loops
from gitmem.recall.idle import DAYS, idle
from gitmem.recall.index import open_index
from gitmem.records import in_review, target
from gitmem.records.drain_record import Fate
from gitmem.review import review as reviews
from gitmem.session import showings
from gitmem.trace.stale import stale_in_review

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from gitmem.bootstrap.workplace import Workplace
    from gitmem.recall.line import LandedLine
    from gitmem.records.drain_record import Outcome
    from gitmem.review.review import Review
    from gitmem.trace.stale import StaleLine

_DROPPED, _EDITED, _QUEUED_AGAIN = "dropped since", "edited since", "queued again since"
_REBUILT = {
    _DROPPED: "without what was dropped",
    _EDITED: "without the old words of what was edited",
    _QUEUED_AGAIN: "with what was queued again",
}


def review(
    unmatch: Annotated[
        str,
        typer.Option(
            "--unmatch", metavar="ID", help="This flag is not a return of an earlier one."
        ),
    ] = "",
    patch: Annotated[
        bool, typer.Option("--patch", "-p", help="Ask about each line, as git add -p does.")
    ] = False,
    no_pager: NoPager = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    r"""Show what is in review, line by line.

    Shows what came back, then the diff, then where every line comes from. A few lines of memory
    that no hook of this clone ever showed come last, for you to judge. With --unmatch it shows
    nothing: the next close rebuilds the review without that match.

    --patch asks about each line on your terminal: keep it, reject it with a reason, edit its words,
    or skip it. A rejected line's flag is dropped, the other lines stay as they are, and no model is
    asked. All answers are written at the end; Ctrl-C writes none. Inside an agent session it is
    refused.

    \b
    Examples: gitmem review -p
              gitmem review --unmatch t5xq2mzk
    """
    if patch and json:
        raise UsageError(
            "--json does not go with --patch, which asks a person",
            hint="gitmem review --json lists what is in review",
        )
    if patch and unmatch:
        raise UsageError("--unmatch does not go with --patch", hint="give one of the two")
    place = surroundings.here()
    if patch:
        from gitmem.cli.commands import line_by_line  # a close and its judge come with it

        line_by_line.run(place, dry_run=dry_run)
        return
    if unmatch:
        _unmatch(place, unmatch, json=json, dry_run=dry_run)
        return
    current = reviews.read(place.repo, place.configured)
    cited = stale_in_review(place.repo, current.tip, folder=place.settings.folder)
    never = _never_shown(place)
    if json:
        render.as_json(_answer(current, cited, never))
        return
    with Paged(place.repo, "review", wanted=not no_pager):
        _print(place, current, cited, never)


def _answer(
    current: Review, cited: Sequence[StaleLine], never: Sequence[LandedLine]
) -> dict[str, object]:
    """Return the review for a program."""
    return {
        "branch": "gitmem/drain",
        "commit": current.tip,
        "base": current.base or None,
        "outcomes": [_outcome(item) for item in current.outcomes],
        **({"changes": changes.answer(current.changes)} if current.changes else {}),
        **({"stale": traces.stale_answer(cited)} if cited else {}),
        **({"never_shown": arrival.not_shown(never)} if never else {}),
    }


def _outcome(item: Outcome) -> dict[str, object]:
    return {
        "id": item.flag.id,
        "outcome": item.fate.value,
        "file": item.file or None,
        "line": item.line or None,
        "survivor": item.survivor or None,
        "also": [*item.also],
        "reason": item.reason or None,
        "again": item.flag.again or item.again or None,
        "by": item.flag.by,
        "session": item.flag.session or None,
        "verbatim": item.verbatim,
        "tainted": item.flag.tainted,
        **({"worded_by": item.worded_by, "was": item.was} if item.worded_by else {}),
    }


def _print(
    place: Workplace,
    found: Review,
    cited: Sequence[StaleLine],
    never: Sequence[LandedLine],
) -> None:
    """Print the review for a person."""
    past = flag_history.take(place.repo, place.configured)
    brought = [item.flag for item in found.outcomes if item.fate is not Fate.FORGOTTEN]
    for told in loops.came_back(past, brought):
        render.say(f"came back: {told}")
    render.diff(objects.diff_for_person(place.repo, found.base, found.tip))
    render.say()
    authors = {item.flag.by for item in found.outcomes}
    since = {
        **dict.fromkeys(in_review.rejected(place.repo, found.outcomes), _DROPPED),
        **dict.fromkeys(in_review.edited(place.repo, found.outcomes), _EDITED),
        **dict.fromkeys(in_review.taken_back(place.repo, found.outcomes), _QUEUED_AGAIN),
    }
    render.table([_row(item, since, several=len(authors) > 1) for item in found.outcomes])
    changes.say(found.changes, found.outcomes)
    earlier = {entry.flag.id: entry.flag for entry in past.entries}
    for item in found.matched:
        if item.again in earlier:
            render.say(f"{item.flag.id} counts as a return of {item.again}:")
            render.say(f"  now: {render.words(item.flag)}")
            render.say(f"  then: {render.words(earlier[item.again])}")
            render.say(
                "  undone; gitmem close rebuilds the review without the match"
                if past.unmatched.get(item.flag.id) == item.again
                else f"  if it is not: gitmem review --unmatch {item.flag.id}"
            )
    tainted = instructing(found.outcomes, folder=place.settings.folder)
    if tainted:
        number = render.count(len(tainted), "tainted line")
        render.say(
            f"{number} would become instructions: read them; only gitmem accept --tainted lands them"
        )
    if cited:
        traces.say_stale(cited)
    arrival.say_idle(never, f"of memory older than {DAYS} days, never shown in this clone")
    _say_next({*since.values()})


def _say_next(since: Collection[str]) -> None:
    """Say what to do with the review; of one that is out of date only that a close rebuilds it."""
    for what, how in _REBUILT.items():
        if what in since:
            render.say(f"next: gitmem close rebuilds the review {how}")
            return
    render.say("next: gitmem accept lands it, gitmem discard discards it,")
    render.say(render.in_mine("      gitmem review -p asks line by line: keep, reject, edit"))


def _never_shown(place: Workplace) -> list[LandedLine]:
    """Return the landed lines that no hook of this clone showed; none before it showed any."""
    shown = showings.read(place.repo.folder)
    if not shown.all:
        return []
    where = target.find(place.repo, place.configured)
    commit, _ = target.leading_commit(place.repo, where)
    with closing(open_index(place.repo, commit, place.settings.folder)) as index:
        return idle(index.all(), shown, time.time(), ever=True)


def _unmatch(place: Workplace, prefix: str, *, json: bool, dry_run: bool) -> None:
    at = surroundings.now()
    done = reviews.unmatch(place.repo, place.configured, prefix, at=at, dry_run=dry_run)
    if json:
        render.as_json({"id": done.flag.id, "again": done.again})
        return
    verb = "would be" if dry_run else "is"
    render.say(f"{done.flag.id} {verb} no return of {done.again}")
    render.say("next: gitmem close rebuilds the review without the match")


def _row(item: Outcome, since: Mapping[str, str], *, several: bool) -> tuple[str, str, str]:
    """Return the flag's id, its outcome, and the line with its file and origin."""
    marks = [item.fate.value]
    if item.worded_by:
        marks.append(f"reworded by {item.worded_by.partition(' <')[0]}")
    elif item.line and not item.verbatim:
        marks.append("reworded")
    if item.flag.body and item.fate is not Fate.FORGOTTEN:
        marks.append("with a body")
    if item.flag.tainted:
        marks.append("tainted")
    if item.flag.id in since:
        marks.append(since[item.flag.id])
    where = item.file or (f"same as {item.survivor}" if item.survivor else "")
    replaced = f"in the place of {len(item.replaced)} lines" if item.also else ""
    about = [part for part in (where, replaced, item.reason) if part]
    if several and item.flag.by:
        about.append("by " + item.flag.by.partition(" <")[0])
    said = render.words(item.flag) + (f" ({'; '.join(about)})" if about else "")
    return item.flag.id, ", ".join(marks), said

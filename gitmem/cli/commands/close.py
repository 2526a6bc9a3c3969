"""`gitmem close`: drain the queue into one commit to review."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.bootstrap import choose_engine
from gitmem.cli import render, surroundings
from gitmem.cli.commands.options import DryRun, Json
from gitmem.domain.errors import NoProgress, Partial
from gitmem.engine.close import Closed, Wanted
from gitmem.engine.close import close as run_close
from gitmem.store import display

if TYPE_CHECKING:
    from gitmem.bootstrap import Workplace


def close(
    engine: Annotated[
        str, typer.Option("--engine", help="Who judges the flags; verbatim files them as written.")
    ] = "",
    here: Annotated[
        bool,
        typer.Option("--here", help="Commit onto the current feature branch instead of a review."),
    ] = False,
    dry_run: DryRun = False,
    json: Json = False,
) -> None:
    """Drain the queue into one commit to review.

    The commit is on gitmem/drain; the difference is shown. Work tree, index and HEAD are not
    touched (with --here, the current branch moves like a fast-forward).
    """
    place = surroundings.here()
    chosen, why = choose_engine(place, engine, surroundings.ENVIRON)
    closed = run_close(
        place.repo,
        Wanted(
            engine=chosen,
            configured=place.configured,
            folder=place.settings.folder,
            here=here,
            dry_run=dry_run,
        ),
    )
    render.notes(closed.notes)
    if json:
        render.as_json(_answer(closed))
    else:
        if closed.outcomes or closed.left:
            render.say(f"engine {chosen.name}: {why}")
            render.say("flags are filed as written, nothing is judged, nothing leaves this machine")
        _print(place, closed, _Shown(dry_run=dry_run, here=here))
    if closed.left:
        raise typer.Exit(Partial.exit_code if closed.outcomes else NoProgress.exit_code)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Shown:
    """How the command was called, as far as the words depend on it."""

    dry_run: bool
    here: bool


def _answer(closed: Closed) -> dict[str, object]:
    return {
        "branch": closed.branch,
        "commit": closed.commit or None,
        "engine": closed.run.engine,
        "model": closed.run.model or None,
        "flags": closed.flags,
        "outcomes": dict(Counter(outcome.fate.value for outcome in closed.outcomes)),
        "left": [{"id": left.id, "reason": left.reason} for left in closed.left],
        "wall_s": round(closed.run.wall_s, 3),
    }


def _print(place: Workplace, closed: Closed, shown: _Shown) -> None:
    if closed.commit:
        text = display.diff(place.repo, closed.base, closed.commit, color=render.colour())
        render.say()
        render.raw(text)
        render.say()
    if shown.dry_run:
        for path, text in sorted(closed.files.items()):
            render.say(f"would write {path} ({render.count(len(text.splitlines()), 'line')})")
    if closed.outcomes:
        render.say(_summary(closed, shown))
    for left in closed.left:
        render.say(f"left in the queue: {left.id}: {left.reason}")
    if closed.left:
        render.say("hint: reject what should not be kept with gitmem drop ID --reason '…'")
    render.say(_next(closed, shown))


def _summary(closed: Closed, shown: _Shown) -> str:
    fates = Counter(outcome.fate.value for outcome in closed.outcomes)
    parts = ", ".join(f"{number} {fate}" for fate, number in fates.most_common())
    where = "" if shown.dry_run else f" -> {closed.branch} {closed.commit[:12]}"
    return f"{render.count(closed.flags, 'flag')}: {parts}{where}"


def _next(closed: Closed, shown: _Shown) -> str:
    if shown.dry_run:
        return "nothing was written"
    if closed.commit and not shown.here:
        return "next: gitmem review, then gitmem accept (or gitmem discard)"
    if closed.commit:
        return "the memory travels with this branch; it counts as drained once that has landed"
    if closed.in_review:
        number = render.count(closed.in_review, "flag")
        return f"nothing new to drain; {number} in review: gitmem review, then gitmem accept"
    if closed.left:
        return "nothing was committed"
    gone = "; the queue branch is gone" if closed.queue_gone else ""
    return "nothing to drain" + gone

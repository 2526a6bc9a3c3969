"""`gitmem check`: the net underneath, for CI and for a person."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Annotated

import typer

from gitmem.cli import looking, render, surroundings
from gitmem.cli.commands.options import Json
from gitmem.domain import age
from gitmem.domain.errors import CheckFailed, NeedsPerson, Unreachable
from gitmem.engine.check import Checked
from gitmem.engine.check import check as run_check
from gitmem.engine.stale import stale as run_stale
from gitmem.engine.tracing import traced
from gitmem.store.repository import NoRepository

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.domain.flag import Flag

_SHOWN = 20  # flags listed one by one; the rest are counted


def check(
    allow_in_review: Annotated[
        bool,
        typer.Option(
            "--allow-in-review", help="Pass what is in review or accepted but not pushed."
        ),
    ] = False,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace", help="Instead: does every line come from a record or a person's commit?"
        ),
    ] = False,
    stale: Annotated[
        bool,
        typer.Option("--stale", help="Instead: is what memory cites of the repository there?"),
    ] = False,
    json: Json = False,
) -> None:
    """Fail when flags are not drained, for CI.

    Ends with 1 then, and with 5 when that cannot be told. Writes nothing. With --trace or --stale (or
    both) the commit that is checked out is looked at instead of the queue.
    """
    if trace or stale:
        _look(trace=trace, stale=stale, json=json)
        return
    try:
        place = surroundings.here()
        found = run_check(place.repo, place.configured)
    except (NoRepository, NeedsPerson) as error:
        found = Checked(cannot_tell=error.message, hint=error.hint)
    passed = found.ok(allow_in_review=allow_in_review)
    if json:
        render.as_json(
            {
                "ok": passed,
                "undrained": [*[flag.id for flag in found.undrained], *found.unreadable],
                "in_review": [flag.id for flag in found.in_review],
                "accepted": [flag.id for flag in found.accepted],
                "cannot_tell": found.cannot_tell or None,
            }
        )
    else:
        _print(found, passed=passed)
    if not passed:
        raise typer.Exit(Unreachable.exit_code if found.cannot_tell else CheckFailed.exit_code)


def _look(*, trace: bool, stale: bool, json: bool) -> None:
    """Traces and citations in the commit that is checked out."""
    place = surroundings.here()
    folder = place.settings.folder
    traces = traced(place.repo, folder=folder) if trace else None
    cited = run_stale(place.repo, folder=folder) if stale else ()
    failed = bool(cited) or (traces is not None and bool(traces.gaps))
    unknown = traces is not None and bool(traces.unknown)
    if json:
        answer: dict[str, object] = {"ok": not failed and not unknown}
        answer |= looking.trace_answer(traces) if traces is not None else {}
        answer |= {"stale": looking.stale_answer(cited)} if stale else {}
        render.as_json(answer)
    else:
        if traces is not None:
            looking.say_trace(traces)
        if stale:
            looking.say_stale(cited)
    if failed or unknown:
        raise typer.Exit(CheckFailed.exit_code if failed else Unreachable.exit_code)


def _print(found: Checked, *, passed: bool) -> None:
    render.notes([f"a line that cannot be read: {line}" for line in found.damaged])
    if found.cannot_tell:
        render.say(f"cannot tell: {found.cannot_tell}")
        if found.hint:
            render.say(f"hint: {found.hint}")
        return
    if passed:
        render.say(_ok(found))
        return
    waiting = len(found.undrained) + len(found.unreadable)
    if waiting:
        render.say(f"{render.count(waiting, 'flag')} undrained:")
        _list(found.undrained)
        for flag_id in found.unreadable[:_SHOWN]:
            render.say(f"  {flag_id}  (its line cannot be read by this version)")
        render.say("run: gitmem close, then gitmem review and gitmem accept")
    if found.proposed:
        render.say(f"{render.count(len(found.proposed), 'flag')} in review:")
        _list(found.proposed)
        render.say("run: gitmem review, then gitmem accept")
    if found.carried:
        render.say(f"{render.count(len(found.carried), 'flag')} carried by a feature branch:")
        _list(found.carried)
        render.say("they are drained once that branch has landed")
    if found.accepted:
        number = render.count(len(found.accepted), "flag")
        first = "git pull, then " if found.diverged else ""
        render.say(f"{number} accepted, not pushed: {first}git push")


def _ok(found: Checked) -> str:
    if found.in_review or found.accepted:
        parts = [(len(found.in_review), "in review"), (len(found.accepted), "accepted, not pushed")]
        said = ", ".join(f"{number} {name}" for number, name in parts if number)
        return f"ok: nothing is undrained ({said})"
    return "ok: everything is drained" if found.known else "ok: this clone has no queue branch"


def _list(flags: Sequence[Flag]) -> None:
    now = time.time()
    render.table(
        [
            (
                f"  {flag.id}",
                age.ago(flag.at, now),
                f"session {flag.session[:8]}" if flag.session else "no session",
                flag.kind,
                flag.text if len(flag.text) <= 72 else flag.text[:71] + "…",  # noqa: PLR2004
            )
            for flag in flags[:_SHOWN]
        ]
    )
    if len(flags) > _SHOWN:
        render.say(f"  and {len(flags) - _SHOWN} more")

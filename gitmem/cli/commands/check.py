"""`gitmem check`: the net underneath, for CI and for a person."""

from __future__ import annotations

import time
from dataclasses import replace
from enum import StrEnum
from typing import Annotated

import typer

from gitmem.check.check import check as run_check
from gitmem.check.push import Push
from gitmem.check.report import CheckRequest, CheckResult, Policy
from gitmem.check.scope import Scope
from gitmem.cli import render, surroundings, trigger
from gitmem.cli.commands.options import Json
from gitmem.cli.reports import checked, github
from gitmem.cli.reports import lines as looking
from gitmem.cli.reports.conflicts import conflicts
from gitmem.core.errors import CheckFailed, NeedsPerson, Unreachable
from gitmem.git.repository import NoRepository
from gitmem.trace.stale import stale_in_commit
from gitmem.trace.trace_check import check_trace


class Format(StrEnum):
    """How the answer is written."""

    TEXT = "text"
    GITHUB = "github"


def check(
    scope: Annotated[
        Scope | None,
        typer.Option(
            help="branch: flags made on the branch being built; all: every flag; auto: branch on "
            "pull requests, merge groups and pushed branches, all on the target and on schedules."
        ),
    ] = None,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="The branch, where no build machine says it.")
    ] = "",
    max_age: Annotated[
        int | None, typer.Option(min=0, metavar="DAYS", help="How old a waiting flag may be.")
    ] = None,
    max_flags: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="How many flags may wait.")
    ] = None,
    allow_in_review: Annotated[
        bool,
        typer.Option(
            "--allow-in-review", help="Pass what is in review or accepted but not pushed."
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look only at what this clone has.")
    ] = False,
    shape: Annotated[
        Format, typer.Option("--format", help="github: with annotations and a step summary.")
    ] = Format.TEXT,
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

    Ends with 1 then, and with 5 when that cannot be told. Asks the remote for what this clone lacks
    and writes nothing. What may wait is also set in .gitmem/config.yaml, under `check:`. With
    --trace or --stale (or both) the commit that is checked out is looked at instead of the queue.

    In a pre-push hook it looks at what is pushed: every flag where the target is pushed, else those
    of the pushed branches. What is accepted and not pushed yet passes there, and so does a push of
    gitmem's own branches.
    """
    if trace or stale:
        _look(trace=trace, stale=stale, json=json)
        return
    now = time.time()
    asked = Policy(
        scope=scope or Scope.AUTO,
        max_age=max_age,
        max_flags=max_flags,
        allow_in_review=allow_in_review,
    )
    try:
        place = surroundings.here()
        push = trigger.push(place.repo)
        if push is not None and not push.branches:
            _nothing_to_check(push, asked, now, json=json)
            return
        policy = _joined(asked, place.settings.check, scope=scope)
        found = run_check(
            place.repo,
            CheckRequest(
                configured=place.configured,
                policy=policy,
                build=trigger.build(),
                branch=branch,
                offline=offline,
                push=push,
            ),
        )
    except (NoRepository, NeedsPerson) as error:
        policy, found = asked, CheckResult(cannot_tell=error.message, hint=error.hint)
    render.aside(found.aside)
    if json:
        render.as_json(_answer(found, policy, now))
    else:
        checked.show(found, policy, now)
    if shape is Format.GITHUB and not json:
        _annotate(found, policy, now)
    if not found.ok(policy, now):
        disputed = any(one.readable and not one.recorded for one in found.conflicts)
        failed = NeedsPerson if disputed else CheckFailed
        raise typer.Exit(Unreachable.exit_code if found.cannot_tell else failed.exit_code)


def _nothing_to_check(push: Push, policy: Policy, now: float, *, json: bool) -> None:
    """The answer in the hook of a push that moves no branch of the person's."""
    if json:
        render.as_json(_answer(CheckResult(pushing=True), policy, now))
    else:
        render.say(_pushes_nothing(push))


def _pushes_nothing(push: Push) -> str:
    if push.own:
        return checked.OWN_PUSH
    return checked.NO_BRANCH if push.known else checked.NOT_TOLD


def _look(*, trace: bool, stale: bool, json: bool) -> None:
    """Traces and citations in the commit that is checked out."""
    place = surroundings.here()
    folder = place.settings.folder
    traces = check_trace(place.repo, folder=folder) if trace else None
    cited = stale_in_commit(place.repo, folder=folder) if stale else ()
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


def _joined(asked: Policy, shared: Policy, *, scope: Scope | None) -> Policy:
    """The command line goes before the shared settings, word by word."""
    return replace(
        asked,
        scope=scope or shared.scope,
        max_age=shared.max_age if asked.max_age is None else asked.max_age,
        max_flags=shared.max_flags if asked.max_flags is None else asked.max_flags,
        allow_in_review=asked.allow_in_review or shared.allow_in_review,
    )


def _answer(found: CheckResult, policy: Policy, now: float) -> dict[str, object]:
    return {
        "ok": found.ok(policy, now),
        "undrained": [*[flag.id for flag in found.undrained], *found.unreadable],
        "in_review": [flag.id for flag in found.in_review],
        "accepted": [flag.id for flag in found.accepted],
        **({"unpushed": [flag.id for flag in found.unpushed]} if found.unpushed else {}),
        **({"conflicts": conflicts(found.conflicts)} if found.conflicts else {}),
        "cannot_tell": found.cannot_tell or None,
        "why": list(found.objections(policy, now)),
        "warning": found.view.lenient and bool(found.objections(policy, now)),
        "scope": found.view.scope.value,
        "branches": list(found.view.branches),
        "remote": found.remote or None,
        "remote_queue": found.remote_queue.value,
        "pushing": found.pushing,
        "aside": list(found.aside),
    }


def _annotate(found: CheckResult, policy: Policy, now: float) -> None:
    """The runner's own marks, for what did not pass, and the summary."""
    why = found.objections(policy, now)
    if found.cannot_tell:
        github.annotate("error", [f"cannot tell: {found.cannot_tell}", found.hint])
    elif why:
        waiting = (*found.undrained, *found.in_review, *found.accepted)
        lines = [*why, *github.named(waiting, now), *checked.what_to_run(found)]
        github.annotate("warning" if found.view.lenient else "error", lines)
    groups = (
        ("undrained", found.undrained),
        ("in review", found.in_review),
        ("accepted, not pushed", found.accepted),
    )
    github.summarize(checked.verdict(found, policy, now), groups, now)

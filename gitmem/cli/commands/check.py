"""`gitmem check`: fail when flags are not drained, for CI and for a person."""

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
from gitmem.cli.reports import verdict
from gitmem.cli.reports.traces import say_stale, say_trace, stale_answer, trace_answer
from gitmem.cli.reports.verdict import conflicts
from gitmem.core.failures import CheckFailed, NeedsPerson, Unreachable
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
            help="branch: flags made on the branch being built. all: every flag. auto: branch on "
            "pull requests, merge groups and pushed branches; all on the target and on schedules."
        ),
    ] = None,
    branch: Annotated[
        str, typer.Option(metavar="NAME", help="The branch, where no build machine names it.")
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
            "--allow-in-review",
            help="Let flags wait that are in review, or accepted and not pushed.",
        ),
    ] = False,
    offline: Annotated[
        bool, typer.Option("--offline", help="Look only at this clone; ask no remote.")
    ] = False,
    shape: Annotated[
        Format, typer.Option("--format", help="github: add annotations and a step summary.")
    ] = Format.TEXT,
    trace: Annotated[
        bool,
        typer.Option(
            "--trace",
            help="Instead, check that every line comes from a record or a person's commit.",
        ),
    ] = False,
    stale: Annotated[
        bool,
        typer.Option("--stale", help="Instead, check that what memory cites exists."),
    ] = False,
    json: Json = False,
) -> None:
    """Fail when flags are not drained, for CI.

    The exit code is 1 then, and 5 when it cannot tell. Asks the remote for what this clone lacks, and
    writes nothing. `check:` in .gitmem/config.yaml also sets what may wait. --trace and --stale check
    the commit that is checked out instead of the queue.

    In a pre-push hook it checks every flag when the target is pushed, otherwise the flags of the
    pushed branches. Accepted flags that are not pushed yet pass there, and so does a push of gitmem's
    own branches.
    """
    if trace or stale:
        _look(trace=trace, stale=stale, json=json)
        return
    now = time.time()
    given = Policy(
        scope=scope or Scope.AUTO,
        max_age=max_age,
        max_flags=max_flags,
        allow_in_review=allow_in_review,
    )
    try:
        place = surroundings.here()
        push = trigger.push(place.repo)
        if push is not None and not push.branches:
            _nothing_to_check(push, given, now, json=json)
            return
        policy = _joined(given, place.settings.check, scope=scope)
        result = run_check(
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
        policy, result = given, CheckResult(cannot_tell=error.message, hint=error.hint)
    render.aside(result.aside)
    if json:
        render.as_json(_answer(result, policy, now))
    else:
        verdict.show(result, policy, now)
    if shape is Format.GITHUB and not json:
        _annotate(result, policy, now)
    if not result.ok(policy, now):
        disputed = any(one.readable and not one.recorded for one in result.conflicts)
        failed = NeedsPerson if disputed else CheckFailed
        raise typer.Exit(Unreachable.exit_code if result.cannot_tell else failed.exit_code)


def _nothing_to_check(push: Push, policy: Policy, now: float, *, json: bool) -> None:
    """Print the answer for a push that moves only gitmem's own branches, or none."""
    if json:
        render.as_json(_answer(CheckResult(pushing=True), policy, now))
    else:
        render.say(_pushes_nothing(push))


def _pushes_nothing(push: Push) -> str:
    if push.own:
        return verdict.OWN_PUSH
    return verdict.NO_BRANCH if push.known else verdict.NOT_TOLD


def _look(*, trace: bool, stale: bool, json: bool) -> None:
    """Check traces and citations in the commit that is checked out."""
    place = surroundings.here()
    folder = place.settings.folder
    traces = check_trace(place.repo, folder=folder) if trace else None
    cited = stale_in_commit(place.repo, folder=folder) if stale else ()
    failed = bool(cited) or (traces is not None and bool(traces.gaps))
    unknown = traces is not None and bool(traces.unknown)
    if json:
        answer: dict[str, object] = {"ok": not failed and not unknown}
        answer |= trace_answer(traces) if traces is not None else {}
        answer |= {"stale": stale_answer(cited)} if stale else {}
        render.as_json(answer)
    else:
        if traces is not None:
            say_trace(traces)
        if stale:
            say_stale(cited)
    if failed or unknown:
        raise typer.Exit(CheckFailed.exit_code if failed else Unreachable.exit_code)


def _joined(given: Policy, shared: Policy, *, scope: Scope | None) -> Policy:
    """Return the policy; each option given overrides the shared setting."""
    return replace(
        given,
        scope=scope or shared.scope,
        max_age=shared.max_age if given.max_age is None else given.max_age,
        max_flags=shared.max_flags if given.max_flags is None else given.max_flags,
        allow_in_review=given.allow_in_review or shared.allow_in_review,
    )


def _answer(result: CheckResult, policy: Policy, now: float) -> dict[str, object]:
    return {
        "ok": result.ok(policy, now),
        "undrained": [*[flag.id for flag in result.undrained], *result.unreadable],
        "in_review": [flag.id for flag in result.in_review],
        "accepted": [flag.id for flag in result.accepted],
        **({"unpushed": [flag.id for flag in result.unpushed]} if result.unpushed else {}),
        **({"conflicts": conflicts(result.conflicts)} if result.conflicts else {}),
        "cannot_tell": result.cannot_tell or None,
        "why": list(result.objections(policy, now)),
        "warning": result.view.lenient and bool(result.objections(policy, now)),
        "scope": result.view.scope.value,
        "branches": list(result.view.branches),
        "remote": result.remote or None,
        "remote_queue": result.remote_queue.value,
        "pushing": result.pushing,
        "aside": list(result.aside),
    }


def _annotate(result: CheckResult, policy: Policy, now: float) -> None:
    """Print the runner's annotations for what did not pass, and the summary."""
    why = result.objections(policy, now)
    if result.cannot_tell:
        verdict.annotate("error", [f"cannot tell: {result.cannot_tell}", result.hint])
    elif why:
        waiting = (*result.undrained, *result.in_review, *result.accepted)
        lines = [*why, *verdict.named(waiting, now), *verdict.what_to_run(result)]
        verdict.annotate("warning" if result.view.lenient else "error", lines)
    groups = (
        ("undrained", result.undrained),
        ("in review", result.in_review),
        ("accepted, not pushed", result.accepted),
    )
    verdict.summarize(verdict.in_one_line(result, policy, now), groups, now)

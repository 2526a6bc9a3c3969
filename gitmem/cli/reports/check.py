"""What `gitmem check` prints, and its exit code: which flags are not drained."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from gitmem.check.check import check as run_check
from gitmem.check.report import CheckRequest, CheckResult
from gitmem.check.terms import Policy, Scope
from gitmem.cli import render, surroundings, trigger
from gitmem.cli.reports import verdict
from gitmem.cli.reports.conflicts import conflicts
from gitmem.core.errors import NoRepository
from gitmem.core.failures import CheckFailed, NeedsPerson, Unreachable

if TYPE_CHECKING:
    from gitmem.check.push import Push


class Request(NamedTuple):
    """The arguments of one `gitmem check`; None is for what the shared settings say."""

    scope: Scope | None = None
    branch: str = ""
    max_age: int | None = None
    max_flags: int | None = None
    allow_in_review: bool = False
    offline: bool = False
    annotated: bool = False
    as_json: bool = False


def check(asked: Request) -> int:
    """Check the queue and print the answer; return the exit code."""
    now = time.time()
    given = Policy(
        scope=asked.scope or Scope.AUTO,
        max_age=asked.max_age,
        max_flags=asked.max_flags,
        allow_in_review=asked.allow_in_review,
    )
    try:
        place = surroundings.here(looks_only=True)
        push = trigger.push(place.repo)
        if push is not None and not push.branches:
            _nothing_to_check(push, given, now, as_json=asked.as_json)
            return 0
        policy = _joined(given, place.settings.check, scope=asked.scope)
        result = run_check(
            place.repo,
            CheckRequest(
                configured=place.configured,
                policy=policy,
                build=trigger.build(),
                branch=asked.branch,
                offline=asked.offline,
                push=push,
            ),
        )
    except (NoRepository, NeedsPerson) as error:
        policy, result = given, CheckResult(cannot_tell=error.message, hint=error.hint)
    render.aside(result.aside)
    if asked.as_json:
        render.as_json(_answer(result, policy, now))
    else:
        verdict.show(result, policy, now)
    if asked.annotated and not asked.as_json:
        _annotate(result, policy, now)
    if result.ok(policy, now):
        return 0
    disputed = any(one.readable and not one.recorded for one in result.conflicts)
    failed = NeedsPerson if disputed else CheckFailed
    return Unreachable.exit_code if result.cannot_tell else failed.exit_code


def _nothing_to_check(push: Push, policy: Policy, now: float, *, as_json: bool) -> None:
    """Print the answer for a push that moves only gitmem's own branches, or none."""
    if as_json:
        render.as_json(_answer(CheckResult(pushing=True), policy, now))
    else:
        render.say(_pushes_nothing(push))


def _pushes_nothing(push: Push) -> str:
    if push.own:
        return verdict.OWN_PUSH
    return verdict.NO_BRANCH if push.known else verdict.NOT_TOLD


def look(*, trace: bool, stale: bool, as_json: bool) -> int:
    """Check traces and citations in the commit that is checked out; return the exit code."""
    from gitmem.cli.reports.traces import say_stale, say_trace, stale_answer, trace_answer
    from gitmem.trace.stale import stale_in_commit
    from gitmem.trace.trace_check import check_trace

    place = surroundings.here(looks_only=True)
    folder = place.settings.folder
    traces = check_trace(place.repo, folder=folder) if trace else None
    cited = stale_in_commit(place.repo, folder=folder) if stale else ()
    failed = bool(cited) or (traces is not None and bool(traces.gaps))
    unknown = traces is not None and bool(traces.unknown)
    if as_json:
        answer: dict[str, object] = {"ok": not failed and not unknown}
        answer |= trace_answer(traces) if traces is not None else {}
        answer |= {"stale": stale_answer(cited)} if stale else {}
        render.as_json(answer)
    else:
        if traces is not None:
            say_trace(traces)
        if stale:
            say_stale(cited)
    if failed:
        return CheckFailed.exit_code
    return Unreachable.exit_code if unknown else 0


def _joined(given: Policy, shared: Policy, *, scope: Scope | None) -> Policy:
    """Return the policy; each option given overrides the shared setting."""
    return given._replace(
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
        **({"spooled": len(result.spooled)} if result.spooled else {}),
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

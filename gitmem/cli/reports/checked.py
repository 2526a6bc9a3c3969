"""The words for what a check came to: the verdict, what waits, what to run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.check.report import RemoteQueue
from gitmem.cli import render
from gitmem.core import age
from gitmem.safety.secrets import redacted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.check.report import CheckResult, Policy
    from gitmem.core.flag import Flag

_SHOWN = 20  # flags listed one by one; the rest are counted


def verdict(found: CheckResult, policy: Policy, now: float) -> str:
    """The answer in one line, without any text of a flag."""
    if found.cannot_tell:
        return "cannot tell whether everything is drained; the log says why"
    why = "; ".join(found.objections(policy, now))
    if why:
        return ("warning: " if found.view.lenient else "failed: ") + why
    return _ok(found)


def show(found: CheckResult, policy: Policy, now: float) -> None:
    """Prints the answer for a person."""
    render.unread(found.damaged)
    if found.cannot_tell:
        render.say(f"cannot tell: {found.cannot_tell}")
        if found.hint:
            render.say(f"hint: {found.hint}")
        return
    why = found.objections(policy, now)
    if not why:
        render.say(_ok(found))
        return
    limited = policy.max_age is not None or policy.max_flags is not None
    for reason in why if limited else ():
        render.say(reason)
    for one in found.conflicts[:_SHOWN]:
        render.say(str(one))
    _groups(found, now)
    for line in what_to_run(found):
        render.say(line)
    if found.view.lenient:
        render.say("a warning only: who proposes from a fork cannot drain the queue here")


def _groups(found: CheckResult, now: float) -> None:
    """What waits, by where it stands."""
    where = f" on {', '.join(found.view.branches)}" if found.view.branches else ""
    waiting = len(found.undrained) + len(found.unreadable)
    if waiting:
        render.say(f"{render.count(waiting, 'flag')} undrained{where}:")
        _list(found.undrained, now)
        for flag_id in found.unreadable[:_SHOWN]:
            render.say(f"  {flag_id}  (its line cannot be read by this version)")
    if found.proposed:
        render.say(f"{render.count(len(found.proposed), 'flag')} in review:")
        _list(found.proposed, now)
    if found.forgotten:
        render.say(f"{render.count(len(found.forgotten), 'flag')} to forget, in review:")
        _list(found.forgotten, now)
    if found.carried:
        render.say(f"{render.count(len(found.carried), 'flag')} carried by a feature branch:")
        _list(found.carried, now)
    if found.accepted:
        render.say(f"{render.count(len(found.accepted), 'flag')} accepted, not pushed:")
        _list(found.accepted, now)
    if found.unpushed:
        render.say(f"{render.count(len(found.unpushed), 'flag')} forgotten, not pushed:")
        _list(found.unpushed, now)


def what_to_run(found: CheckResult) -> list[str]:
    """What makes the check pass, one line for each group."""
    share = "gitmem sync, then " if found.remote_queue is RemoteQueue.FOUND else ""
    lines = []
    if found.conflicts:
        lines.append("run: gitmem sync; it keeps both lines and says how a person settles it")
    if (found.undrained or found.unreadable) and found.view.branches:
        names = ", ".join(found.view.branches)
        lines.append(f"run: {share}gitmem close --here on {names}, and push it")
    elif found.undrained or found.unreadable:
        lines.append(f"run: {share}gitmem close, then gitmem review and gitmem accept")
    if found.proposed or found.forgotten:
        lines.append("run: gitmem review, then gitmem accept (or land the pull request)")
    if found.carried:
        lines.append("what is carried is drained once that branch has landed")
    if found.accepted or found.unpushed:
        lines.append(f"run: {found.to_push or 'git push'}")
    return lines


#: What `check` says in the hook of a push that has nothing to check.
OWN_PUSH = "ok: this push moves only gitmem's own branches"
NO_BRANCH = "ok: this push moves no branch"
NOT_TOLD = (
    "ok: nothing was checked; which branches this push moves is not known here, because the hook's "
    "standard input did not reach gitmem check and HEAD is detached"
)


def _ok(found: CheckResult) -> str:
    return _passed(found) + ("; no remote was asked" if found.offline else "")


def _passed(found: CheckResult) -> str:
    parts = [
        (len(found.undrained) + len(found.unreadable), "may wait"),
        (len(found.in_review), "in review"),
        (
            len(found.accepted),
            "accepted, to be pushed" if found.pushing else "accepted, not pushed",
        ),
        (
            len(found.unpushed),
            "forgotten, to be pushed" if found.pushing else "forgotten, not pushed",
        ),
    ]
    said = ", ".join(f"{number} {name}" for number, name in parts if number)
    if said:
        return (
            f"ok: nothing waits too long ({said})"
            if parts[0][0]
            else f"ok: nothing is undrained ({said})"
        )
    if found.view.branches:
        named = redacted(", ".join(found.view.branches))
        return f"ok: nothing undrained was flagged on {named}"
    if found.remote_queue is RemoteQueue.NONE and not found.known:
        return f"ok: there is no queue at {found.remote}"
    return "ok: everything is drained" if found.known else "ok: this clone has no queue branch"


def _list(flags: Sequence[Flag], now: float) -> None:
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

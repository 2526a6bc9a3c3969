"""The report of a check: what waits and what to run, for a person, for a program and for GitHub's runner.

Workflow commands: docs.github.com, "Workflow commands for GitHub Actions" (Forgejo's and Gitea's
runners know them too). All other lines pass through `gitmem.cli.render`, which breaks every command
that a flag's text could hold. The summary is Markdown, so only a flag's id, kind and age go into it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.check.terms import RemoteQueue
from gitmem.cli import render
from gitmem.cli.surroundings import ENVIRON
from gitmem.core import quantities
from gitmem.safety.secrets import redacted
from gitmem.safety.text import cut, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.check.report import CheckResult
    from gitmem.check.terms import Policy
    from gitmem.core.flag import Flag

_ROWS = 50  # of the summary's table
_IN_ONE = 10  # flags named in one annotation; a step may have ten annotations of a kind
_TEXT = 100  # characters of a flag's text

_IN_LIST = 72  # characters of a flag's text in the list
_SHOWN = 20  # flags listed one by one; the rest are counted


def in_one_line(result: CheckResult, policy: Policy, now: float) -> str:
    """Return the answer in one line, without any text of a flag; ``now`` is in seconds since 1970."""
    if result.cannot_tell:
        return "cannot tell whether everything is drained; the log says why"
    why = "; ".join(result.objections(policy, now))
    if why:
        return ("warning: " if result.view.lenient else "failed: ") + why
    return _ok(result)


def show(result: CheckResult, policy: Policy, now: float) -> None:
    """Print the answer for a person; ``now`` is in seconds since 1970."""
    render.unread(result.damaged)
    if result.cannot_tell:
        render.say(f"cannot tell: {result.cannot_tell}")
        if result.hint:
            render.say(f"hint: {result.hint}")
        return
    if result.spooled_odd:
        said = render.count(result.spooled_odd, "spooled text")
        render.say(f"{said} that cannot be read as a flag; gitmem status says why")
    why = result.objections(policy, now)
    if not why:
        render.say(_ok(result))
        return
    limited = policy.max_age is not None or policy.max_flags is not None
    for reason in why if limited else ():
        render.say(reason)
    for one in result.conflicts[:_SHOWN]:
        render.say(str(one))
    _groups(result, now)
    for line in what_to_run(result):
        render.say(line)
    if result.view.lenient:
        render.say("only a warning: the author of a fork cannot drain the queue here")


def _groups(result: CheckResult, now: float) -> None:
    """Print what waits, grouped by state."""
    where = f" on {', '.join(result.view.branches)}" if result.view.branches else ""
    waiting = len(result.undrained) + len(result.unreadable)
    if waiting:
        render.say(f"{render.count(waiting, 'flag')} undrained{where}:")
        _list(result.undrained, now)
        for flag_id in result.unreadable[:_SHOWN]:
            render.say(f"  {flag_id}  (its line cannot be read by this version)")
    if result.spooled:
        render.say(f"{render.count(len(result.spooled), 'flag')} in the spool only, not saved yet")
    if result.proposed:
        render.say(f"{render.count(len(result.proposed), 'flag')} in review:")
        _list(result.proposed, now)
    if result.forgotten:
        render.say(f"{render.count(len(result.forgotten), 'flag')} to forget, in review:")
        _list(result.forgotten, now)
    if result.carried:
        render.say(f"{render.count(len(result.carried), 'flag')} carried by a feature branch:")
        _list(result.carried, now)
    if result.accepted:
        render.say(f"{render.count(len(result.accepted), 'flag')} accepted, not pushed:")
        _list(result.accepted, now)
    if result.unpushed:
        render.say(f"{render.count(len(result.unpushed), 'flag')} forgotten, not pushed:")
        _list(result.unpushed, now)


def what_to_run(result: CheckResult) -> list[str]:
    """Return what makes the check pass, one line for each group."""
    share = "gitmem sync, then " if result.remote_queue is RemoteQueue.FOUND else ""
    lines = []
    if result.conflicts:
        lines.append("run: gitmem sync; it keeps both lines and says how to settle the conflict")
    waiting = result.undrained or result.spooled
    if (waiting or result.unreadable) and result.view.branches:
        names = ", ".join(result.view.branches)
        lines.append(f"run: {share}gitmem close --here on {names}, and push it")
    elif waiting or result.unreadable:
        upgrade = "" if waiting else "upgrade gitmem, then "
        lines.append(f"run: {share}{upgrade}gitmem close, then gitmem review and gitmem accept")
    if result.proposed or result.forgotten:
        lines.append("run: gitmem review, then gitmem accept (or land the pull request)")
    if result.carried:
        lines.append("carried flags are drained once that branch has landed")
    if result.accepted or result.unpushed:
        lines.append(f"run: {result.to_push or 'git push'}")
    return lines


#: What `check` says in the hook of a push that has nothing to check.
OWN_PUSH = "ok: this push moves only gitmem's own branches"
NO_BRANCH = "ok: this push moves no branch"
NOT_TOLD = (
    "ok: nothing was checked; it is not known which branches this push moves, because the hook's "
    "standard input did not reach gitmem check and HEAD is detached"
)


def _ok(result: CheckResult) -> str:
    return _passed(result) + ("; no remote was asked" if result.offline else "")


def _passed(result: CheckResult) -> str:
    parts = [
        (len(result.undrained) + len(result.unreadable) + len(result.spooled), "may wait"),
        (len(result.in_review), "in review"),
        (
            len(result.accepted),
            "accepted, to be pushed" if result.pushing else "accepted, not pushed",
        ),
        (
            len(result.unpushed),
            "forgotten, to be pushed" if result.pushing else "forgotten, not pushed",
        ),
    ]
    said = ", ".join(f"{number} {name}" for number, name in parts if number)
    if said:
        return (
            f"ok: nothing waits too long ({said})"
            if parts[0][0]
            else f"ok: nothing is undrained ({said})"
        )
    if result.view.branches:
        named = redacted(", ".join(result.view.branches))
        return f"ok: no undrained flag was made on {named}"
    if result.remote_queue is RemoteQueue.NONE and not result.known:
        return f"ok: there is no queue at {result.remote}"
    return "ok: everything is drained" if result.known else "ok: this clone has no queue branch"


def _list(flags: Sequence[Flag], now: float) -> None:
    render.table(
        [
            (
                f"  {flag.id}",
                quantities.ago(flag.at, now),
                f"session {flag.session[:8]}" if flag.session else "no session",
                flag.kind,
                cut(flag.text, _IN_LIST),
            )
            for flag in flags[:_SHOWN]
        ]
    )
    if len(flags) > _SHOWN:
        render.say(f"  and {len(flags) - _SHOWN} more")


def annotate(level: str, lines: Sequence[str]) -> None:
    """Print one annotation (``error``, ``warning`` or ``notice``) of several lines."""
    text = "%0A".join(_escaped(line) for line in lines)
    render.command(f"::{level} title=gitmem check::{text}\n")


def named(flags: Sequence[Flag], now: float) -> list[str]:
    """Return the first flags as lines of an annotation, and how many more there are; ``now`` is in seconds since 1970."""
    lines = [
        f"{flag.id} ({flag.kind}, {quantities.ago(flag.at, now)}): {flag.text[:_TEXT]}"
        for flag in flags[:_IN_ONE]
    ]
    more = len(flags) - _IN_ONE
    return [*lines, f"and {more} more"] if more > 0 else lines


def summarize(verdict: str, groups: Sequence[tuple[str, Sequence[Flag]]], now: float) -> None:
    """Append the verdict and a table of the flags by state to the step's summary, if there is one.

    The verdict holds gitmem's own words, numbers, and names that git allows for a branch or remote.
    ``now`` is in seconds since 1970.
    """
    rows = [(flag, where) for where, flags in groups for flag in flags]
    lines = ["### gitmem check", "", f"`{verdict.replace('`', '')}`"]
    if rows:
        lines += ["", "| flag | kind | age | state |", "|---|---|---|---|"]
        lines += [
            f"| `{flag.id}` | {flag.kind} | {quantities.ago(flag.at, now)} | {where} |"
            for flag, where in rows[:_ROWS]
        ]
    if len(rows) > _ROWS:
        lines += ["", f"and {len(rows) - _ROWS} more"]
    path = ENVIRON.get("GITHUB_STEP_SUMMARY", "")
    if path:
        with open(path, "a", encoding="utf-8") as file:
            file.write("\n".join(visible(line) for line in lines) + "\n")


def _escaped(line: str) -> str:
    return visible(line).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")

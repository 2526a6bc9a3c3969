"""The report of `gitmem close --pr`: what was pushed, where the pull request is, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gitmem.bootstrap.workplace import forge_settings
from gitmem.cli import render, surroundings
from gitmem.cli.progress import git_speaks
from gitmem.forge import propose
from gitmem.forge.deliver import Method
from gitmem.git.network import Talk

if TYPE_CHECKING:
    from gitmem.bootstrap.workplace import Workplace
    from gitmem.close.close import CloseRequest, CloseResult
    from gitmem.forge.deliver import ForgeSettings
    from gitmem.forge.propose import ProposeResult

_BY_HAND = "open a pull request on the forge, from {branch}"


def settings(place: Workplace) -> ForgeSettings:
    """Return what the person configured; raises UsageError before anything is done."""
    return forge_settings(place, client=surroundings.agent())


def run(
    place: Workplace, wanted: CloseRequest, asked: ForgeSettings, *, silent: bool
) -> tuple[CloseResult, ProposeResult]:
    """Close and propose, with git's progress on a terminal."""
    return propose.propose(place.repo, wanted, asked, Talk(git_speaks(silent=silent)))


def preview(
    place: Workplace, wanted: CloseRequest, asked: ForgeSettings, closed: CloseResult
) -> None:
    """Show what a dry run would propose."""
    done, body = propose.preview(place.repo, wanted, asked, closed)
    if not body:
        render.say(f"would push no review to {done.remote}")
        return
    render.say(f"would push {propose.BRANCH} to {done.remote} ({done.method.value}): {done.title}")
    render.say(f"(as of this clone's last fetch from {done.remote}: a dry run does not ask it)")
    render.page("\n" + body)


def answer(done: ProposeResult) -> dict[str, object]:
    """Return the result of the proposal, for a program."""
    return {
        "remote": done.remote or None,
        "way": done.method.value,
        "commit": done.commit or None,
        "pushed": done.pushed,
        "url": done.url or None,
        "title": done.title or None,
        "problem": done.problem or None,
        "hint": done.hint or None,
    }


def report(done: ProposeResult) -> None:
    """Print the result; trouble goes to stderr, because the close itself went well."""
    if done.commit:
        state = "is at" if not done.pushed else "was pushed to"
        render.say(f"{propose.BRANCH} {done.commit[:12]} {state} {done.remote}: {done.title}")
    if (
        done.url and done.method is Method.PLAIN
    ):  # the server's page for the branch, with or without a request
        render.say(f"next: open the pull request, or find it, at {done.url}")
    elif done.url:
        render.say(f"pull request: {done.url}")
    elif done.commit and not done.problem and done.method is Method.PLAIN:
        render.say(f"next: {_BY_HAND.format(branch=propose.BRANCH)}")
    elif done.commit and not done.pushed and done.method in {Method.GITLAB, Method.AGIT}:
        render.say("nothing is new; the pull request is unchanged")
    failed(done)


def failed(done: ProposeResult) -> None:
    """Print what failed and what to do, as notes: the close itself went well."""
    if done.problem:
        render.note(f"the review is ready here but was not proposed: {done.problem}")
        if done.hint:
            render.note(f"hint: {done.hint}")

"""A hook fired: look at what happened, decide, act, and return what to say and to keep (hot lane)."""

from __future__ import annotations

import time

from gitmem.boundaries import policy
from gitmem.clients import registry
from gitmem.git import local
from gitmem.session import boundary, ledger, session_file
from gitmem.session.boundary import Words
from gitmem.session.session import lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Action, Event

_SLACK = 2.0  # seconds between a tool's end and its hook: the client starts hooks within tens of ms
_LONGEST = 3_600.0  # seconds of a call in which a commit is looked for
_MOMENT = "%Y-%m-%dT%H:%M:%S"
_CALLS = (boundary.TOOL, boundary.FAILURE)
_SHOWING = (boundary.BATCH, boundary.FAILURE, boundary.PROMPT, boundary.AGENT_START)
_SIZED = (boundary.BATCH, boundary.PROMPT, boundary.COMPACTING)


def fire(repo: Repository, event: Event, now: float) -> Words:
    """Handle one event and return what to say; ``now`` is seconds since 1970.

    Raises OSError when the session's file cannot be written: then nothing is said either, but at a boot.
    """
    _look(repo, event, now)
    actions: Sequence[Action] = policy.decide(event, session_file.read(repo.folder, event.session))
    if any(map(lines, actions)):
        # Decide again under the lock: another hook of this batch may have been quicker.
        try:
            actions = session_file.change(
                repo.folder, event.session, lambda known: policy.decide(event, known)
            )
        except OSError:
            if event.kind != boundary.BOOT:
                raise
            # In a sandbox the git directory is read-only: what waits is said there too.
        if event.project:
            _taint_project(repo, event, actions)
    said = [_do(repo, event, action, now) for action in actions]
    if event.kind in _SHOWING:
        from gitmem.boundaries import arrival

        if arrival.concerns(event):
            said.append(arrival.words(repo, event, now))
    return together(said)


def _taint_project(repo: Repository, event: Event, actions: Sequence[Action]) -> None:
    """Mark a taint in the repository of the session's project, too: the agent stood in another one when it came in."""
    marks = [
        line for action in actions if action.kind == boundary.MARK_TAINT for line in lines(action)
    ]
    if not marks:
        return
    from gitmem.core.errors import NoRepository
    from gitmem.git import repository  # hardly any event brings text of strangers in

    try:
        project = repository.discover(event.project, repo.environ)
    except (NoRepository, OSError):
        return
    if project.common != repo.common:
        session_file.mark(project.folder, event.session, marks)


def _look(repo: Repository, event: Event, now: float) -> None:
    """Fill in what the client does not tell."""
    if event.kind == boundary.BOOT or (event.kind in _CALLS and not event.done):
        event.commits = _commits(repo, _begun(repo, event, now))
    if event.kind == boundary.BOOT:
        ledger.recover(repo.folder)
    if event.untold or event.kind in (boundary.BOOT, boundary.SUMMARISED):
        # To compare with times of the transcript, which have milliseconds.
        event.at = time.strftime(_MOMENT, time.gmtime(now)) + f".{int(now % 1 * 1000):03}Z"
    if event.kind in _SIZED and event.transcript and not event.agent:
        client = registry.find(event.client)
        if client is not None:
            event.tokens, event.tokens_at, event.limit = client.context(event)


def _begun(repo: Repository, event: Event, now: float) -> float:
    """Return when what an event tells of began, at the earliest (seconds since 1970)."""
    begun = now - event.seconds - _SLACK
    moved = local.changed(repo.git_dir + "/logs/HEAD")
    if event.kind == boundary.BOOT or not now - _LONGEST < moved < begun:
        return begun
    client = registry.find(event.client)
    if client is None or client.timed:
        return begun
    # A call may run beside others, so its own start is not looked for.
    last = ledger.last(repo.folder, event.session, event.name, boundary.PERSON)
    if not last or last > time.strftime(_MOMENT + "Z", time.gmtime(moved)):
        return begun
    from gitmem.core import quantities  # a commit long before the end of its call is rare

    return min(quantities.seconds(last) or begun, begun)


def _commits(repo: Repository, moment: float) -> list[str]:
    """Return the commits made since; none when HEAD's log was not written to since."""
    if 0 < local.changed(repo.git_dir + "/logs/HEAD") < moment:
        return []
    from gitmem.git import head_log

    return head_log.commits_since(repo, moment)


def _do(repo: Repository, event: Event, action: Action, now: float) -> Words:
    left = lines(action)
    if action.kind == boundary.SAY_BOOT:
        from gitmem.boundaries import boot

        words = boot.words(repo, now, event)
        words.decided = [action.kind, *words.decided] if words.did else []
        if event.detail == boundary.COMPACTED:
            words.person = ""  # the person was told when the session began
        return words
    if action.kind in (boundary.NUDGE, boundary.REMIND, boundary.ASK_SUMMARY):
        from gitmem.boundaries import nudge

        if action.kind == boundary.ASK_SUMMARY:
            return Words("asked the summary", model=nudge.for_summary(), decided=[action.kind])
        if action.kind == boundary.REMIND:
            return Words("nudged", model=nudge.reminder(action.about), decided=left)
        client = registry.find(event.client)
        alone, briefed = (client.alone, client.briefs) if client else (False, False)
        said = nudge.text(action.about, alone=alone, briefed=briefed)
        return Words("nudged", model=said, decided=left)
    if action.kind == boundary.MARK_END:
        from gitmem.boundaries import background as session_end

        started = session_end.start_close(repo, event)
        marked = _marked(action)
        return Words(f"{marked}, {started}" if started else marked, decided=left)
    return Words(_marked(action), decided=left)


def _marked(action: Action) -> str:
    """Return what the ledger calls a mark; only those that matter to a person have a name."""
    if action.kind == boundary.MARK_BOUNDARY:
        return "marked " + " and ".join(
            dict.fromkeys([mark.split(" ")[0] for mark in action.about])
        )
    if action.kind in (boundary.MARK_TAINT, boundary.MARK_END):
        return action.kind.replace("mark", "marked")
    return ""


def together(said: Sequence[Words]) -> Words:
    """Return all of it as one."""
    return Words(
        ", ".join([words.did for words in said if words.did]),
        person="\n".join([words.person for words in said if words.person]),
        model="\n\n".join([words.model for words in said if words.model]),
        decided=[line for words in said for line in words.decided],
        shown=[key for words in said for key in words.shown],
        trigger="".join([words.trigger for words in said]),
    )

"""Show landed lines where they are needed: a file, a failed command, a prompt, a sub-agent (hot lane).

At most three lines at a time, each once a session. Their words are those of the repository, so they are said as
its notes. A path is looked up in a view that is kept ready; words need SQLite, which a silent hook never loads.
"""

from __future__ import annotations

from gitmem.git import local
from gitmem.session import boundary, session_file
from gitmem.session.boundary import Action, Words
from gitmem.session.session import task_line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.recall.view import Entry, View
    from gitmem.session.boundary import Event
    from gitmem.session.session import Session

_MOST = 3  # lines of one showing
_LONGEST = (
    8_000  # characters of one showing; a client puts more than 10,000 of a hook's words into a file
)
_SHELL = "Bash"
_PAUSE = 1  # seconds between two starts of what makes the view
_TASK = 1_000  # characters of a task
PATH, FAILURE, PROMPT, AGENT = "path", "failure", "prompt", "agent"
SHOWN = "showed "  # what the ledger says of a showing, before the number of lines


def words(repo: Repository, event: Event, now: float) -> Words:
    """Return what to show at an event; silence where nothing fits, or where all of it was shown.

    ``now`` is seconds since 1970.
    """
    from gitmem.recall import view

    opened = view.open_view(repo)
    if opened is None:
        _make_view(repo, now)
        return Words()
    try:
        trigger, about, entries = _fitting(repo, opened, event)
        if not entries:
            return Words()
        return _show(repo, event, trigger, about, entries)
    finally:
        opened.close()


def concerns(event: Event) -> bool:
    """Whether an event is one at which lines are shown; no file is read for that."""
    if event.kind == boundary.BATCH:
        return not event.agent and bool(
            [1 for tool, text in event.calls if text and tool != _SHELL]
        )
    if event.kind == boundary.FAILURE:
        return not event.agent and bool(event.calls) and event.calls[0][0] == _SHELL
    if event.kind == boundary.PROMPT:
        return not event.agent and event.detail == boundary.PERSON and bool(event.text)
    return event.kind == boundary.AGENT_START


def keep_task(repo: Repository, event: Event) -> None:
    """Keep the task of a sub-agent that is about to start: its own start does not know it. Raises OSError."""
    line = task_line(event.turn, event.detail, event.text[:_TASK])
    session_file.mark(repo.folder, event.session, [line])


def _fitting(repo: Repository, view: View, event: Event) -> tuple[str, str, Sequence[Entry]]:
    """What triggered, what the lines are about, and the lines, best first."""
    if event.kind == boundary.BATCH:
        return PATH, *_about_paths(repo, view, event)
    task = _task(repo, event) if event.kind == boundary.AGENT_START else ""
    sought = {boundary.PROMPT: bool(view.unloaded), boundary.AGENT_START: bool(task)}
    if not sought.get(event.kind, True):
        return "", "", ()
    from gitmem.recall import moment  # loads SQLite

    if event.kind == boundary.FAILURE:
        command = event.calls[0][1]
        return FAILURE, command, moment.at_failure(repo, view, command, event.text)
    if event.kind == boundary.PROMPT:
        return PROMPT, "", moment.at_prompt(repo, view, event.text)
    return AGENT, "", moment.at_task(repo, view, task)


def _about_paths(repo: Repository, view: View, event: Event) -> tuple[str, list[Entry]]:
    found: list[Entry] = []
    names: list[str] = []
    top = repo.top.rstrip("/") + "/"
    for tool, text in event.calls:
        path = text if text.startswith("/") else f"{event.cwd}/{text}"
        if tool != _SHELL and text and path.startswith(top):
            entries = view.about(path[len(top) :])
            names += [path[len(top) :]] if entries else []
            found += entries
    return ", ".join(dict.fromkeys(names)), found


def _show(
    repo: Repository, event: Event, trigger: str, about: str, entries: Sequence[Entry]
) -> Words:
    """Take the first lines that this session has not seen, and mark them, in one step."""
    chosen: list[Entry] = []

    def decide(session: Session) -> list[Action]:
        # A sub-agent begins with nothing: what the main thread has seen is news to it.
        known = set() if trigger == AGENT else set(session.shown)
        fresh = {one.key: one for one in reversed(entries) if one.key not in known}
        chosen[:] = [one for one in entries if fresh.get(one.key) is one][:_MOST]
        return [Action(boundary.MARK_SHOWN, [one.key for one in chosen])] if chosen else []

    session_file.change(repo.folder, event.session, decide)
    said = _said(trigger, about, chosen)
    if not said:
        return Words()
    number = f"{len(chosen)} line" + ("s" if len(chosen) > 1 else "")
    return Words(SHOWN + number, model=said, shown=[one.key for one in chosen], trigger=trigger)


def _said(trigger: str, about: str, entries: Sequence[Entry]) -> str:
    """The words to the model, cut at whole lines."""
    if not entries:
        return ""
    subject = " ".join(about.split())[:120].replace("`", "'")
    told = {
        PATH: f" about {subject}",
        FAILURE: f" that may explain why `{subject}` failed",
        PROMPT: " that may matter here",
        AGENT: " for this task",
    }[trigger]
    rows = [
        f"gitmem: notes of this repository{told}. They were true when they landed; check what you rely on."
    ]
    size = len(rows[0])
    for one in entries:
        row = f"- {one.text} ({one.place})" if "\n" not in one.text else f"{one.place}:\n{one.text}"
        size += len(row) + 1
        if size > _LONGEST:
            break
        rows.append(row)
    return "\n".join(rows) if len(rows) > 1 else ""


def _make_view(repo: Repository, now: float) -> None:
    """Start what makes the view, in the background and not again and again; this hook shows nothing."""
    import os

    from gitmem.git import process

    if not os.path.isdir(repo.folder):
        return
    started = repo.folder + "/recall-view"
    if now - local.changed(started) < _PAUSE:
        return
    local.overwrite(started, b"started\n")
    process.detach_own(["recall-view", "--", repo.top], repo.environ, repo.folder + "/recall.log")


def _task(repo: Repository, event: Event) -> str:
    """The tasks that a sub-agent may have been given: those of its kind in this turn; empty for none."""
    tasks = session_file.read(repo.folder, event.session).tasks
    return " ".join(
        dict.fromkeys(
            [text for turn, kind, text in tasks if (turn, kind) == (event.turn, event.detail)]
        )
    )

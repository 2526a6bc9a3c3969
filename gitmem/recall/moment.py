"""The lines to show at a moment that has words: a failed command, a prompt, a sub-agent's task.

Each has a floor: what weighs no more is not shown. FAILURE_FLOOR and PROMPT_FLOOR are measured: the
lowest at which at most one in twenty of the moments that no line is about brings a line, with some
room (`python -m evals recall`: 196 lines, 80 prompts, 60 failures; figures in docs/evals.md). TASK_FLOOR is
chosen, not measured: a sub-agent starts with nothing, and a line too much costs it little.
"""

from __future__ import annotations

from contextlib import closing

from gitmem.recall.index import Damaged, open_kept
from gitmem.recall.line import Kind
from gitmem.recall.search import Question, search
from gitmem.recall.view import Entry
from gitmem.safety.showable import showable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from gitmem.git.repository import Repository
    from gitmem.recall.line import LandedLine
    from gitmem.recall.view import View

FAILURE_FLOOR = 2.0
PROMPT_FLOOR = 1.8
TASK_FLOOR = 1.0
_LOOKED_AT = 12  # hits, of which some were shown already
_LAST = 5  # lines of an error, from its end


def at_failure(repo: Repository, view: View, command: str, error: str) -> list[Entry]:
    """Return the lines that cite a command, or share rare words with the end of its error."""
    last = "\n".join([row for row in error.splitlines() if row.strip()][-_LAST:])
    question = Question(command=command, error=last)
    return _found(repo, view, question, FAILURE_FLOOR, lambda _: True)


def at_prompt(repo: Repository, view: View, prompt: str) -> list[Entry]:
    """Return the lines that fit a prompt and that no session loads by itself."""
    return _found(repo, view, Question(words=prompt), PROMPT_FLOOR, lambda line: not line.loaded)


def at_task(repo: Repository, view: View, task: str) -> list[Entry]:
    """Return the lines nearest to a sub-agent's task."""
    return _found(repo, view, Question(words=task), TASK_FLOOR, lambda _: True)


def _found(
    repo: Repository,
    view: View,
    question: Question,
    floor: float,
    wanted: Callable[[LandedLine], bool],
) -> list[Entry]:
    index = open_kept(repo, view.source)
    if index is None:
        return []
    held = view.held()
    try:
        with closing(index):
            hits = search(index, question, _LOOKED_AT + len(held), floor=floor)
    except Damaged:
        return []  # `gitmem recall` and the next view make it again
    return [
        Entry(hit.line.key, f"{hit.line.file}:{hit.line.number}", hit.line.told)
        for hit in hits
        if hit.line.kind is not Kind.PENDING
        and wanted(hit.line)
        and hit.line.key not in held
        and showable(hit.line.text)
    ]

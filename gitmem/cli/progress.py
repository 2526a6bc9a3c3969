"""Progress on a terminal: of a close (answers, seconds, tokens, dollars), and git's own."""

from __future__ import annotations

import re
import sys
import threading
from typing import TYPE_CHECKING, Self

from gitmem.cli import render
from gitmem.safety.text import cut, visible

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from rich.progress import Progress

    from gitmem.drain.ports import Answer
    from gitmem.records.drain_record import Run


_TOLD = 70  # characters of what the close waits for
# The beginnings of git's lines about refs and failures, in a fetch and in a push.
_OUTCOMES = ("fatal: ", "error: ", "hint: ", "From ", "To ", " ", "Everything up-to-date")


def ran(run: Run) -> str:
    """Return, in one line, what a close with a model ran."""
    usage = run.usage
    dollars = "price unknown" if usage.dollars is None else f"${usage.dollars:.4f}"
    parts = [
        render.count(run.questions, "question"),
        render.count(usage.calls, "call"),
        f"{run.in_flight} at once",
        f"{usage.tokens:,} tokens",
        dollars,
        f"{run.calls_s:.1f}s from the first call to the last (slowest {run.slowest_s:.1f}s)",
    ]
    return ", ".join(parts)


def git_speaks(*, silent: bool) -> Callable[[bytes], None] | None:
    """Return a function that shows git's progress on a terminal's stderr; None anywhere else.

    gitmem reports the outcome itself: git calls it fatal that a ref does not exist yet. A server's
    words come through git, so they are escaped like any text of others.
    """
    if silent or not sys.stderr.isatty():
        return None
    left = ""

    def hear(said: bytes) -> None:
        nonlocal left
        *pieces, left = re.split(r"(?<=[\r\n])", left + said.decode("utf-8", "replace"))
        for piece in pieces:
            if not piece.startswith(_OUTCOMES):
                sys.stderr.write(visible(piece[:-1]) + piece[-1])
        sys.stderr.flush()

    return hear


class Watch:
    """A context manager that shows progress on a terminal's stderr, and nothing anywhere else.

    It begins once the plan is known. `answered` may be called from any thread. ``kept`` counts the
    answers that came from an earlier close.
    """

    def __init__(self, *, silent: bool) -> None:
        self._lock = threading.Lock()
        self.kept = 0
        self._asking = ""
        self._done = 0
        self._tokens = 0
        self._dollars: float | None = 0.0
        self._bar: Progress | None = None
        if not silent and sys.stderr.isatty():
            self._bar = _bar()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def planned(self, questions: int, workers: int) -> None:
        """Show how many questions there are, and how many are asked at a time."""
        if self._bar is not None and questions:
            for earlier in self._bar.task_ids:  # the branch moved, and the close planned again
                self._bar.remove_task(earlier)
            self._asking = f"asking, {render.count(min(workers, questions), 'worker')}"
            self._bar.add_task(self._asking, total=questions, cost="")
            self._bar.start()

    def waits(self, told: str) -> None:
        """Show what the close waits for; may be called from any thread."""
        with self._lock:
            if self._bar is not None and self._bar.task_ids:
                said = cut(visible(told), _TOLD)
                self._bar.update(self._bar.task_ids[0], description=f"{self._asking}; {said}")

    def answered(self, answer: Answer) -> None:
        """Count one answer."""
        with self._lock:
            self._done += 1
            self.kept += answer.kept
            self._tokens += answer.usage.tokens
            spent = answer.usage.dollars
            if spent is None or self._dollars is None:
                self._dollars = None
            else:
                self._dollars += spent
            if self._bar is not None and self._bar.task_ids:
                paid = "price unknown" if self._dollars is None else f"${self._dollars:.4f}"
                cost = f"{self._tokens:,} tokens, {paid}"
                self._bar.update(self._bar.task_ids[0], completed=self._done, cost=cost)


def _bar() -> Progress:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[cost]}"),
        console=Console(stderr=True),
        transient=True,
    )

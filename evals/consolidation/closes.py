"""A project's closes, one after the other, in a repository of its own: flags, close, accept.

What enters a question is fixed: ids, days, author, and the time of each close.
"""

from __future__ import annotations

import time
from calendar import timegm
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from evals.consolidation.project import AUTHOR, Project
from evals.repositories import repository_with
from gitmem.close.close import CloseRequest, CloseResult, close
from gitmem.git import objects
from gitmem.queue import publisher
from gitmem.queue.journal import Journal
from gitmem.review.accept import accept

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from gitmem.drain.plan import Plan
    from gitmem.drain.ports import Engine
    from gitmem.git.repository import Repository

FOLDER = "memory"
TARGET = "main"
_TIME = "%Y-%m-%dT%H:%M:%SZ"
_LATER = 3600  # seconds from the last flag to its close


@dataclass(frozen=True, kw_only=True)
class Closed:
    """What a close did, and all files of the target's tree after it was accepted."""

    number: int
    result: CloseResult
    files: dict[str, str]


@dataclass(kw_only=True)
class Sitting:
    """A project between two closes. ``done`` are the closes that are over."""

    project: Project
    repo: Repository
    done: list[Closed] = field(default_factory=list)
    queued: int = 0  # the number of the last close whose flags are queued

    @property
    def next(self) -> int | None:
        """The number of the next close; None after the last."""
        left = [number for number in self.project.closes if number > len(self.done)]
        return left[0] if left else None

    def flag(self) -> None:
        """Queue the flags of the next close, once."""
        number = self.next
        if number is None or number <= self.queued:
            return
        journal = Journal(self.repo.folder)
        journal.append([flag.line for flag in self.project.flags(number)])
        said = publisher.publish(self.repo, journal, f"{AUTHOR[0]} <{AUTHOR[1]}>")
        if said.reason:
            raise RuntimeError(f"the flags were not published: {said.reason}")
        self.queued = number

    def ask(self, engine: Engine, begin: Callable[[Plan], None]) -> None:
        """Plan the next close and tell ``begin`` the plan; nothing is asked or written."""
        self.flag()
        close(self.repo, self._request(engine, begin, dry_run=True))

    def close(self, engine: Engine, begin: Callable[[Plan], None] = lambda _: None) -> Closed:
        """Close what is queued and accept it."""
        self.flag()
        number = self.next
        if number is None:
            raise RuntimeError("every close is done")
        result = close(self.repo, self._request(engine, begin, dry_run=False))
        if result.commit:
            accept(self.repo, configured=TARGET, folder=FOLDER)
        closed = Closed(number=number, result=result, files=_files(self.repo))
        self.done.append(closed)
        return closed

    def _request(
        self, engine: Engine, begin: Callable[[Plan], None], *, dry_run: bool
    ) -> CloseRequest:
        number = self.next
        last = max(row["at"] for row in self.project.rows if row["close"] == number)
        at = timegm(time.strptime(last, _TIME)) + _LATER
        return CloseRequest(
            engine=engine,
            configured=TARGET,
            folder=FOLDER,
            dry_run=dry_run,
            ask=not dry_run,
            workers=1,
            begin=begin,
            at=at,
        )


@contextmanager
def sitting(project: Project) -> Iterator[Sitting]:
    """Yield a project before its first close, in a repository that is thrown away afterwards."""
    name, email = AUTHOR
    first = min(row["at"] for row in project.rows)
    with repository_with(project.instructions, name=name, email=email, date=first) as (repo, _):
        yield Sitting(project=project, repo=repo)


def _files(repo: Repository) -> dict[str, str]:
    wanted = [entry.path for entry in objects.entries(repo, TARGET) if entry.path.endswith(".md")]
    return {path: text.decode() for path, text in objects.files(repo, TARGET, *wanted).items()}

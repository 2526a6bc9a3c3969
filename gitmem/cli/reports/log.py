"""What `gitmem log` prints: the queued flags and where each stands, or what landed in memory; oldest first."""

from __future__ import annotations

import time

from gitmem.cli import render, surroundings
from gitmem.cli.terminal.paged import Paged
from gitmem.core import quantities
from gitmem.queue import decisions
from gitmem.records import snapshot
from gitmem.records.states import ACCEPTED, DRAINED
from gitmem.sync.remote_queue import unknown_queue

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from gitmem.core.flag import Flag
    from gitmem.git.repository import Repository
    from gitmem.queue.decisions import Decision
    from gitmem.records.snapshot import Snapshot
    from gitmem.trace.landed import LandedLine, Landing

_NAME = 20  # characters of an author's name


class Request:
    """What is asked: the last ``number`` (None: all), flags that have landed too, what landed instead, whose."""

    __slots__ = ("as_json", "by", "everything", "landed", "number", "pager")

    def __init__(
        self,
        *,
        number: int | None,
        everything: bool,
        landed: bool,
        by: Sequence[str],
        as_json: bool,
        pager: bool = True,
    ) -> None:
        self.number = number
        self.everything = everything
        self.landed = landed
        self.by = by
        self.as_json = as_json
        self.pager = pager


def log(request: Request) -> int:
    """Print what is asked; return the exit code. Raises UsageError for a pattern that is none."""
    whose = _Whose(request.by) if request.by else None
    place = surroundings.here()
    seen = snapshot.take(place.repo, place.configured)
    render.aside(seen.aside)
    with Paged(place.repo, "log", wanted=request.pager and not request.as_json):
        if request.landed:
            _landed(place.repo, seen, request, whose)
        else:
            _queued(place.repo, seen, request, whose)
    return 0


class _Whose:
    """Which people and sessions are asked for."""

    def __init__(self, patterns: Sequence[str]) -> None:
        from gitmem.core.author_pattern import compiled

        self._sessions = tuple(patterns)
        self._people = [compiled(pattern, "--by") for pattern in patterns]

    def person(self, *names: str) -> bool:
        """Whether one of the people, each `Name <email>`, is asked for."""
        return any(one.search(name) for one in self._people for name in names)

    def flagged(self, flag: Flag) -> bool:
        """Whether the person or the session of a flag is asked for."""
        return self.person(flag.by) or bool(
            flag.session and flag.session.startswith(self._sessions)
        )

    def landed(self, landing: Landing | None) -> bool:
        """Whether who brought it to the target is asked for."""
        return landing is not None and self.person(landing.author, landing.committer)


def _queued(repo: Repository, seen: Snapshot, request: Request, whose: _Whose | None) -> None:
    standing = _Standing(seen, decisions.dropping(repo))
    where = standing.where
    render.notes([str(one) for one in seen.state.conflicts.values()])
    listed = [
        flag
        for key, flag in seen.queue.flags.items()
        if key in where and (request.everything or where[key] != DRAINED)
    ]
    if whose is not None:
        concerns = _concerns(repo, seen, whose, where, standing.decided)
        listed = [flag for flag in listed if concerns(flag)]
    # The queue has one file for each writer; the clocks of the writers order their flags.
    listed.sort(key=lambda flag: quantities.seconds(flag.at) or 0)
    listed = listed[-request.number :] if request.number else listed
    if request.as_json:
        render.as_json([standing.answer(flag) for flag in listed])
        return
    if not listed:
        nothing = "no flag is queued" if whose is None else "no queued flag is theirs"
        render.say(unknown_queue(repo, seen.target) or nothing)
        return
    now = time.time()
    render.table([row for flag in listed for row in standing.rows(flag, now)])


class _Standing:
    """Where each queued flag stands: its state, what people decided, and what took its place.

    ``where`` is the state by id, ``decided`` the decisions by id, in order of time.
    """

    def __init__(self, seen: Snapshot, decided: dict[str, list[Decision]]) -> None:
        self.where = {
            flag.id: name for name, flags in seen.state.by_state.items() for flag in flags
        }
        self.decided = decided
        self._dropped = decisions.dropped(decided)
        self._edited = decisions.replaced(seen.queue)
        self._clashes = seen.state.conflicts

    def answer(self, flag: Flag) -> dict[str, object]:
        """Return a flag for a program."""
        return {
            "id": flag.id,
            "kind": flag.kind,
            "text": flag.text,
            "better": flag.better or None,
            "body": flag.body or None,
            "topic": flag.topic or None,
            "skill": flag.skill or None,
            "rule": flag.rule or None,
            "at": flag.at,
            "by": flag.by,
            "session": flag.session or None,
            "branch": flag.branch or None,
            "state": self.where[flag.id],
            "dropped": self._dropped.get(flag.id),
            **(
                {"decisions": [one.answer for one in self.decided[flag.id]]}
                if flag.id in self.decided
                else {}
            ),
            **({"edited": self._edited[flag.id]} if flag.id in self._edited else {}),
            **({"replaces": flag.replaces} if flag.replaces else {}),
            **({"other": self._clashes[flag.id].other} if flag.id in self._clashes else {}),
        }

    def rows(self, flag: Flag, now: float) -> list[tuple[str, ...]]:
        """Return the row of a flag, and one for each decision; ``now`` is in seconds since 1970."""
        state = (
            self.where[flag.id]
            + (", dropped" if flag.id in self._dropped else "")
            + (", edited" if flag.id in self._edited else "")
            + (", two lines" if flag.id in self._clashes else "")
        )
        words = render.words(flag) + (" [with a body]" if flag.body else "")
        age = quantities.ago(flag.at, now)
        return [
            (flag.id, age, _name(flag.by), flag.kind, state, words),
            *[
                ("", quantities.ago(one.at, now), _name(one.by), one.what, "", one.reason)
                for one in self.decided.get(flag.id, ())
            ],
        ]


def _concerns(
    repo: Repository,
    seen: Snapshot,
    whose: _Whose,
    where: dict[str, str],
    decided: dict[str, list[Decision]],
) -> Callable[[Flag], bool]:
    """Return what tells whether somebody who is asked for flagged, dropped or accepted a flag."""
    brought: dict[str, Landing | None] = {}
    if {ACCEPTED, DRAINED} & {*where.values()}:
        from gitmem.trace.landed import landings

        brought = landings(repo, seen.target)

    def concerns(flag: Flag) -> bool:
        return (
            whose.flagged(flag)
            or whose.person(*[one.by for one in decided.get(flag.id, ())])
            or (where[flag.id] in {ACCEPTED, DRAINED} and whose.landed(brought.get(flag.id)))
        )

    return concerns


def _landed(repo: Repository, seen: Snapshot, request: Request, whose: _Whose | None) -> None:
    from gitmem.trace.landed import landed

    listed = landed(repo, seen.target)
    if whose is not None:
        dropped = decisions.dropping(repo)
        listed = [line for line in listed if _theirs(line, whose, dropped)]
    listed = listed[-request.number :] if request.number else listed
    if request.as_json:
        render.as_json([_landed_answer(line, seen) for line in listed])
        return
    if not listed:
        nothing = "nothing has landed yet" if whose is None else "nothing of theirs has landed"
        render.say(nothing)
        return
    now = time.time()
    render.table(
        [
            (
                quantities.ago(line.at, now),
                _name(line.landing.author) if line.landing else "",
                line.fate.value,
                line.file,
                f"{line.line} [{', '.join(flag.id for flag in line.flags)}]",
            )
            for line in listed
        ]
    )


def _theirs(line: LandedLine, whose: _Whose, dropped: dict[str, list[Decision]]) -> bool:
    deciders = [one.by for flag in line.flags for one in dropped.get(flag.id, ())]
    return (
        any(whose.flagged(flag) for flag in line.flags)
        or whose.landed(line.landing)
        or whose.person(*deciders)
    )


def _landed_answer(line: LandedLine, seen: Snapshot) -> dict[str, object]:
    landing = line.landing
    return {
        "at": line.at or None,
        "by": landing.author if landing else None,
        "commit": landing.oid if landing else None,
        "drain": line.drain,
        "outcome": line.fate.value,
        "file": line.file,
        "line": line.line,
        "flags": [
            {
                "id": flag.id,
                "kind": flag.kind,
                "text": flag.text,
                "at": flag.at,
                "by": flag.by,
                "session": flag.session or None,
                "state": seen.records.state(flag.id),
            }
            for flag in line.flags
        ],
    }


def _name(by: str) -> str:
    """Return the author without the address, as git's short log does."""
    return by.partition(" <")[0][:_NAME]

"""What a check is asked for, and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from gitmem.check.scope import EVERYTHING, NO_BUILD, Build, Scope, View
from gitmem.core import age
from gitmem.core.plural import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.check.push import Push
    from gitmem.core.flag import Flag
    from gitmem.queue.lines import Conflict, Damaged


_DAY = 86_400  # seconds


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """What may wait without failing a check.

    ``max_age`` in days and ``max_flags``: None for no such limit; without either nothing may wait.
    ``allow_in_review``: what is in review, or accepted and not pushed, does not count.
    """

    scope: Scope = Scope.AUTO
    max_age: int | None = None
    max_flags: int | None = None
    allow_in_review: bool = False


STRICT = Policy()


class RemoteQueue(StrEnum):
    """What is known of the queue at the remote."""

    FOUND = "found"
    NONE = "none"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckRequest:
    """What to check.

    ``configured`` is the shared setting's target (or empty), ``branch`` a branch to look at instead
    of the one being built. ``offline``: only what this clone has. ``push``: the push whose hook asks.
    """

    configured: str
    policy: Policy = STRICT
    build: Build = NO_BUILD
    branch: str = ""
    offline: bool = False
    push: Push | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckResult:
    """The answer. ``cannot_tell`` is the reason when there is none; the lists are empty then.

    ``proposed`` are on a review branch, ``carried`` are those in review whose record lands with a
    feature branch, ``forgotten`` have landed and a review forgets them; ``conflicts``: ids with two different lines; ``unreadable`` are ids of lines that this version cannot read; they count as
    undrained. ``known``: this clone has, or once had, a queue; ``there``: what the remote
    (``remote``, empty without one) has. ``unpushed`` are flags whose forgetting is accepted here only,
    ``to_push`` what brings that, and what is accepted, to the remote. ``offline``: no remote was asked
    because nobody wanted that. ``view``: which flags were looked at in the end. ``pushing``: a push
    asks. What is accepted and not pushed does not fail that one: to push is what takes it to the target. ``aside``:
    sentences about what of the queue was not read.
    """

    undrained: tuple[Flag, ...] = ()
    proposed: tuple[Flag, ...] = ()
    carried: tuple[Flag, ...] = ()
    forgotten: tuple[Flag, ...] = ()
    accepted: tuple[Flag, ...] = ()
    unreadable: tuple[str, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    aside: tuple[str, ...] = ()
    known: bool = True
    remote: str = ""
    there: RemoteQueue = RemoteQueue.NOT_ASKED
    unpushed: tuple[Flag, ...] = ()
    to_push: str = ""
    offline: bool = False
    view: View = EVERYTHING
    pushing: bool = False
    cannot_tell: str = ""
    hint: str = ""

    @property
    def in_review(self) -> tuple[Flag, ...]:
        """What has a record that is on no target yet, wherever it is proposed, to keep or to forget."""
        return (*self.proposed, *self.carried, *self.forgotten)

    def objections(self, policy: Policy, now: float) -> tuple[str, ...]:
        """Why the check does not pass; empty when it does (and when it cannot be told)."""
        waiting = self.undrained
        if not policy.allow_in_review:
            waiting += self.in_review
            waiting += () if self.pushing else (*self.accepted, *self.unpushed)
        found = objections(policy, waiting, len(self.unreadable), now)
        if self.conflicts:
            count = len(self.conflicts)
            found += ("1 id has two lines" if count == 1 else f"{count} ids have two lines",)
        return found

    def ok(self, policy: Policy, now: float = 0.0) -> bool:
        """Whether the check passes; a lenient view passes with whatever waits."""
        if self.cannot_tell:
            return False
        return self.view.lenient or not self.objections(policy, now)


def objections(
    policy: Policy, waiting: Sequence[Flag], unreadable: int, now: float
) -> tuple[str, ...]:
    """Why what waits fails the check, as short sentences; empty when it passes.

    ``unreadable`` is the number of flags that only a newer gitmem can read. A flag whose time cannot
    be read, or lies in the future of ``now`` (seconds since 1970), counts as old.
    """
    total = len(waiting) + unreadable
    if not total:
        return ()
    if policy.max_age is None and policy.max_flags is None:
        return (f"{count(total, 'flag')} not drained",)
    found = []
    if policy.max_flags is not None and total > policy.max_flags:
        found.append(f"{count(total, 'flag')} not drained, and at most {policy.max_flags} may wait")
    if policy.max_age is not None:
        old = unreadable + sum(_is_old(flag.at, policy.max_age, now) for flag in waiting)
        if old:
            found.append(f"{count(old, 'flag')} older than {count(policy.max_age, 'day')}")
    return tuple(found)


def _is_old(at: str, days: int, now: float) -> bool:
    then = age.seconds(at)
    return then is None or then > now or now - then >= days * _DAY

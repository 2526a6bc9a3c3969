"""The request and the result of a check, and the policy that says what may wait."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from gitmem.check.scope import EVERYTHING, NO_BUILD, Build, View
from gitmem.check.terms import STRICT, RemoteQueue
from gitmem.core import quantities
from gitmem.core.quantities import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.check.push import Push
    from gitmem.check.terms import Policy
    from gitmem.core.flag import Flag
    from gitmem.queue.lines import Conflict, DamagedLine


_DAY = 86_400  # seconds


class CheckRequest(NamedTuple):
    """What to check.

    ``configured`` is the shared setting's target (or empty), ``branch`` a branch to check instead of
    the one being built. ``offline``: look only at this clone. ``push``: the push whose hook asks.
    """

    configured: str
    policy: Policy = STRICT
    build: Build = NO_BUILD
    branch: str = ""
    offline: bool = False
    push: Push | None = None


class CheckResult(NamedTuple):
    """The answer. ``cannot_tell`` is the reason when there is none; the lists are empty then.

    ``proposed`` are on a review branch; ``carried`` are in review, and their record lands with a
    feature branch; ``forgotten`` have landed, and a review forgets them; ``unpushed`` are forgotten
    in this clone only. ``to_push`` is the command that brings these and ``accepted`` to the remote.
    ``unreadable`` are ids of lines that this version cannot read; they count as undrained.
    ``conflicts`` are ids with two different lines. ``aside``: sentences about the parts of the queue
    that were not read.

    ``known``: this clone has, or once had, a queue. ``remote_queue``: what ``remote`` (empty without one)
    has. ``offline``: the request was not to ask it. ``view``: which flags were checked in the end.
    ``pushing``: a push asks; accepted flags do not fail it, because the push brings them along.
    ``spooled`` are flags that wait in this clone's spool; they are not saved yet and count as undrained.
    ``spooled_odd`` is how much lies there that is no flag; it is told, and fails nothing.
    """

    undrained: tuple[Flag, ...] = ()
    proposed: tuple[Flag, ...] = ()
    carried: tuple[Flag, ...] = ()
    forgotten: tuple[Flag, ...] = ()
    accepted: tuple[Flag, ...] = ()
    unreadable: tuple[str, ...] = ()
    damaged: tuple[DamagedLine, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    aside: tuple[str, ...] = ()
    known: bool = True
    remote: str = ""
    remote_queue: RemoteQueue = RemoteQueue.NOT_ASKED
    unpushed: tuple[Flag, ...] = ()
    to_push: str = ""
    offline: bool = False
    view: View = EVERYTHING
    pushing: bool = False
    spooled: tuple[Flag, ...] = ()
    spooled_odd: int = 0
    cannot_tell: str = ""
    hint: str = ""

    @property
    def in_review(self) -> tuple[Flag, ...]:
        """Return the flags whose record, to keep or to forget, is on no target yet."""
        return (*self.proposed, *self.carried, *self.forgotten)

    def objections(self, policy: Policy, now: float) -> tuple[str, ...]:
        """Return why the check fails; empty when it passes (and when it cannot tell)."""
        waiting = (*self.undrained, *self.spooled)
        if not policy.allow_in_review:
            waiting += self.in_review
            waiting += () if self.pushing else (*self.accepted, *self.unpushed)
        reasons = objections(policy, waiting, len(self.unreadable), now)
        if self.conflicts:
            count = len(self.conflicts)
            reasons += ("1 id has two lines" if count == 1 else f"{count} ids have two lines",)
        return reasons

    def ok(self, policy: Policy, now: float = 0.0) -> bool:
        """Return whether the check passes; a lenient view always does."""
        if self.cannot_tell:
            return False
        return self.view.lenient or not self.objections(policy, now)


def objections(
    policy: Policy, waiting: Sequence[Flag], unreadable: int, now: float
) -> tuple[str, ...]:
    """Return, as short sentences, why the waiting flags fail the check; empty when it passes.

    ``unreadable`` is the number of flags that only a newer gitmem can read. A flag whose time cannot
    be read, or is later than ``now`` (seconds since 1970), counts as old.
    """
    total = len(waiting) + unreadable
    if not total:
        return ()
    if policy.max_age is None and policy.max_flags is None:
        return (f"{count(total, 'flag')} not drained",)
    reasons = []
    if policy.max_flags is not None and total > policy.max_flags:
        reasons.append(
            f"{count(total, 'flag')} not drained, and at most {policy.max_flags} may wait"
        )
    if policy.max_age is not None:
        old = unreadable + sum(_is_old(flag.at, policy.max_age, now) for flag in waiting)
        if old:
            reasons.append(f"{count(old, 'flag')} older than {count(policy.max_age, 'day')}")
    return tuple(reasons)


def _is_old(at: str, days: int, now: float) -> bool:
    then = quantities.seconds(at)
    return then is None or then > now or now - then >= days * _DAY

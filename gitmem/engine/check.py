"""Check: is everything drained? Reads only; needs no key, no model and nothing of the checkout."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from gitmem.domain.errors import NeedsPerson, Unreachable
from gitmem.engine import ground, snapshot

if TYPE_CHECKING:
    from gitmem.domain.flag import Flag
    from gitmem.domain.queue import Damaged
    from gitmem.store.repository import Repository


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """The answer. ``cannot_tell`` is the reason when there is none; the lists are empty then.

    ``proposed`` are on the review branch, ``carried`` are those in review whose record lands with a feature branch; ``unreadable`` are ids of lines that this version cannot read; they count as undrained. ``known``: this clone has, or once had, a queue. ``diverged``: the target and its
    upstream each have commits of their own.
    """

    undrained: tuple[Flag, ...] = ()
    proposed: tuple[Flag, ...] = ()
    carried: tuple[Flag, ...] = ()
    accepted: tuple[Flag, ...] = ()
    unreadable: tuple[str, ...] = ()
    damaged: tuple[Damaged, ...] = ()
    known: bool = True
    diverged: bool = False
    cannot_tell: str = ""
    hint: str = ""

    @property
    def in_review(self) -> tuple[Flag, ...]:
        """What has a record that is on no target yet, wherever it is proposed."""
        return (*self.proposed, *self.carried)

    def ok(self, *, allow_in_review: bool) -> bool:
        """Whether the check passes; a flag in review or only accepted locally is not drained."""
        if self.cannot_tell or self.undrained or self.unreadable:
            return False
        return allow_in_review or not (self.in_review or self.accepted)


def check(repo: Repository, configured: str) -> Checked:
    """Looks at everything and says where it stands; writes nothing, not even pending flags."""
    try:
        seen = snapshot.take(repo, configured)
    except (Unreachable, NeedsPerson) as error:
        return Checked(cannot_tell=error.message, hint=error.hint)
    state = seen.state
    return Checked(
        undrained=tuple(state.undrained),
        proposed=tuple(state.proposed),
        carried=tuple(state.carried),
        accepted=tuple(state.accepted),
        unreadable=tuple(state.unreadable),
        known=seen.known,
        diverged=bool(state.accepted) and ground.newest(repo, seen.target)[1],
        damaged=tuple(state.damaged),
    )

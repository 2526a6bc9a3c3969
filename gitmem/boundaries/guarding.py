"""Before a tool call: say the lesson of every guard that fits it (hot lane)."""

from __future__ import annotations

from gitmem.boundaries import guards as kept
from gitmem.memory import guard
from gitmem.session.boundary import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from gitmem.git.repository import Repository
    from gitmem.memory.guard import Guard
    from gitmem.session.boundary import Event

_MOST = 3  # lessons said at one call
_SNAG = "'what snagged' --better 'the better path'"
FIRED = "guarded "  # what the ledger says of a fire, before the flags the guards came from


def before(repo: Repository, event: Event) -> Words:
    """What to say before the call that an event announces; silence when no guard fits."""
    rows = kept.ready(repo)
    if rows is None:
        rows = kept.refresh(repo)
    if not rows or not event.calls:
        return Words()
    tool, text = event.calls[0]
    about = guard.subject(text.removeprefix(repo.top.rstrip("/") + "/"))
    fits = kept.fitting(rows, tool, about)
    if not fits:
        return Words()
    ids = [flag for one in fits[:_MOST] for flag in one.flags] or ["-"]
    asked = [one for one in fits if one.ask]
    return Words(
        FIRED + " ".join(ids),
        model=_told(tool, fits[:_MOST]),
        ask="gitmem guard: " + asked[0].lesson if asked else "",
    )


def _told(tool: str, fits: list[Guard]) -> str:
    """Said as what it is: text that this repository keeps, about this kind of call.

    The first flag of a guard opened its loop: with it a snag that comes back all the same is told
    as that, and not as a new one.
    """
    said = "\n".join([f"- {one.lesson}" for one in fits])
    known = [one.flags[0] for one in fits if one.flags]
    again = f"\nIf it snags all the same: gitmem snag {_SNAG} --again {known[0]}" if known else ""
    return (
        f"gitmem, before {tool} ({fits[0].match}): this snagged here before. Learned then:\n{said}"
        + again
    )

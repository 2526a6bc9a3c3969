"""Before a tool call: say the lesson of every guard that fits it (hot lane).

The guards in force are kept ready in ``gitmem/guards`` beside what they depend on; while none of that has changed,
one small file is all that is read.
"""

from __future__ import annotations

from gitmem.git import local
from gitmem.memory.guard import ASK, ONCE, Guard, matches, subject
from gitmem.session.boundary import Words

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from gitmem.git.repository import Repository
    from gitmem.session.boundary import Event

_MOST = 3  # lessons said at one call
_SNAG = "'what snagged' --better 'the better path'"
# What the ledger says of a fire, and of one that held the call, before the flags the guards came from.
FIRED = "guarded "
HELD = "held "
_PASSES = (
    "This call was not made. gitmem holds a call only once: if it is right all the same, make it "
    "again, and it passes."
)
_VERSION = b"gitmem-guards 3"
_END = b"\n\n"


def before(repo: Repository, event: Event, *, made: bool = False) -> Words:
    """Return what to say before the call that an event announces; nothing when no guard fits.

    ``made``: the call was made, and the client takes no words earlier. Nothing is held or asked then.
    """
    rows = ready(repo)
    if rows is None:
        rows = refresh(repo)
    if not rows or not event.calls:
        return Words()
    tool, text = event.calls[0]
    about = subject(text.removeprefix(repo.top.rstrip("/") + "/"))
    fits = fitting(rows, tool, about)
    if not fits:
        return Words()
    once = [one for one in fits if one.mode == ONCE][:_MOST]
    if made or not once:
        return _said(tool, fits, made=made)
    fits.sort(key=lambda one: one.mode != ONCE)  # the reason of a hold is said first
    return _held(repo, event, f"{tool} {about}", once, _said(tool, fits))


def _said(tool: str, fits: list[Guard], *, made: bool = False) -> Words:
    """Return the lessons as words with the call, which is made."""
    ids = [flag for one in fits[:_MOST] for flag in one.flags] or ["-"]
    asked = [one for one in fits if one.mode == ASK]
    return Words(
        FIRED + " ".join(ids),
        model=_told(f"{'about' if made else 'before'} {tool}", fits[:_MOST]),
        ask="gitmem guard: " + asked[0].lesson if asked else "",
    )


def _held(repo: Repository, event: Event, call: str, once: list[Guard], said: Words) -> Words:
    """Return what is said with a call as the reason for which it is denied, or as it is when it passes."""
    from gitmem.boundaries import hold  # a silent hook does without

    try:
        said.decided = hold.mark(repo, event, call, once)
    except OSError as error:
        said.error = f"a call was not held: {type(error).__name__}: {error}"
        return said
    if said.decided:
        said.did = HELD + said.did.removeprefix(FIRED)
        said.hold = f"{said.model}\n{_PASSES}"
        said.model = said.ask = ""
    return said


def ready(repo: Repository) -> str | None:
    """Return the rows of the guards in force; None when they have to be read again (`refresh`)."""
    kept = local.read(_path(repo))
    head, end, rows = kept.partition(_END)
    version, _, rest = head.partition(b"\n")
    names = rest.partition(b"\n")[0].decode("utf-8", "surrogateescape").split(" ")
    if not end or version != _VERSION or head != _look(repo, names):
        return None
    return rows.decode("utf-8", "replace")


def refresh(repo: Repository) -> str:
    """Read the guards from the target's tree and keep them; return their rows."""
    from gitmem.boundaries import guard_tree  # reading a tree needs git

    names = guard_tree.refs(repo)
    seen = _look(repo, names)
    rows = guard_tree.rows(repo)
    local.make_folder(repo.folder)
    lock = local.Lock(_path(repo) + ".lock")
    if lock.attempt():
        local.write_whole(_path(repo), seen + _END + rows.encode("utf-8", "replace"))
        lock.release()
    return rows


def fitting(rows: str, tool: str, about: str) -> list[Guard]:
    """Return the guards that fit a call, from the rows that `ready` and `refresh` give.

    Nearly all rows fail at the first test, the longest piece of their pattern: a hook has no time
    for more.
    """
    found = []
    for row in rows.split("\n"):
        piece, _, rest = row.partition("\t")
        if piece in about and rest:
            tools, match, mode, flags, lesson = rest.split("\t")
            names = tools.split("|")
            if tool in names and matches(match, about):
                found.append(Guard(names, match, lesson, flags=flags.split(), mode=mode))
    return found


def _look(repo: Repository, names: Sequence[str]) -> bytes:
    """Return all that the guards depend on, as bytes to compare; the second line holds ``names``."""
    return b"\n".join([_VERSION, *local.target_state(repo.git_dir, repo.common, repo.top, names)])


def _told(call: str, fits: list[Guard]) -> str:
    """Return the lessons, introduced as what they are: text of this repository about this kind of call.

    The first flag of a guard opened its loop: with it a snag that comes back all the same is told
    as that, and not as a new one.
    """
    said = "\n".join([f"- {one.lesson}" for one in fits])
    known = [one.flags[0] for one in fits if one.flags]
    again = f"\nIf it snags all the same: gitmem snag {_SNAG} --again {known[0]}" if known else ""
    return (
        f"gitmem, {call} ({fits[0].match}): this snagged here before. Learned then:\n{said}" + again
    )


def _path(repo: Repository) -> str:
    return repo.folder + "/guards"
